"""How often, how long and how patiently a message is tried."""

import hashlib
from datetime import timedelta

from tocsin.backoff import Backoff

LEASE = timedelta(seconds=30)  # More than twice the longest time that a channel may take.
MAX_ATTEMPTS = 10
MAX_RETRY_AFTER = timedelta(minutes=5)
PATIENCE = timedelta(seconds=30)  # After this the next contact method does not wait any longer.
LATE = timedelta(minutes=2)  # A page that goes later than this after its time says so.
HOPE = timedelta(hours=24)  # As long as a link works: so long is tried what alone is left.
BACKOFF = Backoff(first=timedelta(seconds=1), ceiling=timedelta(minutes=1))


def delay(notification_id: str, attempt: int, retry_after: timedelta | None = None) -> timedelta:
    """Return the wait after an attempt: growing, jittered, and as long as the provider asks."""
    # From the identity, not from a dice: the delay can be worked out again from the record.
    seed = hashlib.sha256(f"{notification_id}:{attempt}".encode()).digest()
    own = BACKOFF.delay(attempt, seed[0] / 255)
    return max(own, min(retry_after or timedelta(0), MAX_RETRY_AFTER))
