"""Slack's signature, on the bytes as they came, within five minutes of its time."""

import hmac
from collections.abc import Sequence
from datetime import datetime

from tocsin.channels import RawRequest, Rejected, Verified

WINDOW = 300
VERSION = "v0"
_DIGITS = 12


def verified(request: RawRequest, secrets: Sequence[str], now: datetime) -> Verified | Rejected:
    """Check a request; with two secrets either fits, while one is being replaced."""
    stamp = request.headers.get("x-slack-request-timestamp", "")
    given = request.headers.get("x-slack-signature", "")
    if request.method != "POST" or not secrets:
        return Rejected("is not what Slack sends")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= _DIGITS):
        return Rejected("has no time")
    if not given.isascii() or not _fits(given, stamp, request.body, secrets):
        return Rejected("the signature does not fit")
    if abs(now.timestamp() - int(stamp)) > WINDOW:
        return Rejected("is too old, or a clock is wrong")
    return Verified(request)


def signature(secret: str, stamp: str, body: bytes) -> str:
    """Return the signature of a body at a time."""
    signed = f"{VERSION}:{stamp}:".encode() + body
    return f"{VERSION}={hmac.digest(secret.encode(), signed, 'sha256').hex()}"


def _fits(given: str, stamp: str, body: bytes, secrets: Sequence[str]) -> bool:
    # Each is compared, so that time does not tell which.
    found = [hmac.compare_digest(signature(one, stamp, body), given) for one in secrets]
    return any(found)
