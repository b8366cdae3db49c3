"""What goes out: databases, channels, and the sender between them."""
