"""The core: events in, a story out; no I/O."""
