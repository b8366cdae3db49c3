"""Remembers what happened and what we learn."""
