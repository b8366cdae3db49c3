"""A strict Slack of our own: it refuses what the real one refuses."""
