"""Reaches a person, once, by a channel that works; hears the answer."""
