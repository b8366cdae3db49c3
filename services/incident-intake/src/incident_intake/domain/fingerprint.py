"""The fingerprint: a hash of the labels, as Alertmanager computes it. Same labels, same alert."""

import hashlib
from collections.abc import Mapping

OFFSET = 14695981039346656037
PRIME = 1099511628211
MASK = (1 << 64) - 1
LONGEST_KEY = 255


def fingerprint(labels: Mapping[str, str]) -> str:
    """Return the FNV-1a hash over the sorted labels, 16 hex digits."""
    state = OFFSET
    for name in sorted(labels):
        pair = name.encode(errors="surrogatepass"), labels[name].encode(errors="surrogatepass")
        for byte in b"%b\xff%b\xff" % pair:
            state = ((state ^ byte) * PRIME) & MASK
    return f"{state:016x}"


def dedup_key(given: str, labels: Mapping[str, str]) -> str:
    """Return the identity of an alert: the sender's own when there is one, else the fingerprint.

    A key that is too long to keep is hashed: cutting it would make two alerts one.
    """
    if not given:
        return fingerprint(labels)
    if len(given) <= LONGEST_KEY:
        return given
    return "sha256:" + hashlib.sha256(given.encode()).hexdigest()
