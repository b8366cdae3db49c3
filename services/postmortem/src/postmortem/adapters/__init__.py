"""What goes out: the ports, in SQL and in memory."""
