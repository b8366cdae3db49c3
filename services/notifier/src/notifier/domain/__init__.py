"""The core: frozen values that decide, given `now`. No I/O."""
