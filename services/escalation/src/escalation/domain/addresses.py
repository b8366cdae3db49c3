"""The address of somebody's calendar: whoever has it may read it, so only we can make it."""

import base64
import hmac

TOKEN_BYTES = 16


def calendar_token(secret: str, name: str, calendar_key: str) -> str:
    """Return what opens a person's calendar: 128 bits; another `calendar_key`, another token."""
    signed = f"calendar\x1f{name}\x1f{calendar_key}".encode()
    digest = hmac.digest(secret.encode(), signed, "sha256")
    return base64.urlsafe_b64encode(digest[:TOKEN_BYTES]).rstrip(b"=").decode()


def is_right(given: str, token: str | None) -> bool:
    """Return whether this is the token; there is none for somebody we do not know."""
    return token is not None and hmac.compare_digest(given.encode(), token.encode())
