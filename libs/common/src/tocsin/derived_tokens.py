"""Tokens that only this installation can work out again: no table holds them."""

import base64
import hmac

TOKEN_BYTES = 16


def derived_token(secret: str, *parts: str) -> str:
    """Return 128 bits for what `parts` name, the first of them its purpose; URL-safe text."""
    digest = hmac.digest(secret.encode(), "\x1f".join(parts).encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:TOKEN_BYTES]).rstrip(b"=").decode()
