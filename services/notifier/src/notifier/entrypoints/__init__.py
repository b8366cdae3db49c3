"""What comes in: HTTP, topics, the clock."""
