"""Identities: UUIDv7 for what is new, a derived UUID for what must come out the same twice."""

import hashlib
import uuid
from typing import NewType

import uuid_utils

EventId = NewType("EventId", str)
IncidentId = NewType("IncidentId", str)
AlertId = NewType("AlertId", str)
PageId = NewType("PageId", str)
NotificationId = NewType("NotificationId", str)
SilenceId = NewType("SilenceId", str)

VERSION_DERIVED = 8


def new() -> str:
    """Return a UUIDv7: unique, and sorted by the time it was made."""
    return str(uuid_utils.uuid7())


def derived(*parts: str) -> str:
    """Return the UUIDv8 that these parts always give (SHA-256): a repeat collapses on it."""
    digest = bytearray(hashlib.sha256("\x1f".join(parts).encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | VERSION_DERIVED << 4  # RFC 9562: version and variant bits.
    digest[8] = digest[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(digest)))


def prefixed(kind: str, identity: str) -> str:
    """Return the form that people see: `inc_0192…`, the kind and the id without dashes."""
    return f"{kind}_{identity.replace('-', '')}"
