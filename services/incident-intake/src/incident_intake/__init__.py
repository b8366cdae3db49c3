"""Turns the noise of monitoring into incidents."""
