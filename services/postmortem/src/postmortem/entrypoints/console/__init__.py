"""The web console: what comes in from browsers."""
