"""The rules of escalation: frozen values, no I/O, `now` is an argument."""
