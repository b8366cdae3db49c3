"""The address of somebody's calendar: whoever has it may read it, so only we can make it."""

import hmac

from tocsin.derived_tokens import derived_token


def calendar_token(secret: str, name: str, calendar_key: str) -> str:
    """Return what opens a person's calendar: 128 bits; another `calendar_key`, another token."""
    return derived_token(secret, "calendar", name, calendar_key)


def is_right(given: str, token: str | None) -> bool:
    """Return whether this is the token; there is none for somebody we do not know."""
    return token is not None and hmac.compare_digest(given.encode(), token.encode())
