"""What goes out: the ports, filled."""
