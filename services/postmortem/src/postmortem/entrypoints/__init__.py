"""What comes in: HTTP, Kafka, timers."""
