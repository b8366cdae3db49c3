"""Decides who is paged next, and when to stop."""
