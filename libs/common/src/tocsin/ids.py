"""Identities: UUIDv7 for what is new, a derived UUID for what must come out the same twice."""

import hashlib

import uuid_utils


def new() -> str:
    """Return a UUIDv7: unique, and sorted by the time it was made."""
    return str(uuid_utils.uuid7())


def derived(*parts: str) -> str:
    """Return the UUIDv8 that these parts always give (SHA-256): a repeat collapses on it."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]  # RFC 9562: version 8, variant 10.
    return f"{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


def prefixed(kind: str, identity: str) -> str:
    """Return the form that people see: `inc_0192…`, the kind and the id without dashes."""
    return f"{kind}_{identity.replace('-', '')}"
