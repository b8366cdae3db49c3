"""The core: frozen values that decide; `now` is an argument and nothing here does I/O."""
