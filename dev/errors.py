"""What can stop the dev system, each said in one sentence."""


class DevError(Exception):
    """Something the person at the terminal has to change; its text says what."""
