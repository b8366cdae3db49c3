"""A clock that stands still until it is moved."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)  # A Monday morning.


class ManualClock:
    """Time as the test says it is."""

    def __init__(self, start: datetime = START) -> None:
        """Stand at `start`."""
        self._now = start

    def now(self) -> datetime:
        """Return the instant it stands at."""
        return self._now

    def move_to(self, instant: datetime) -> None:
        """Go to `instant`; never back."""
        self._now = max(self._now, instant)

    def advance(self, duration: timedelta) -> None:
        """Go on by `duration`."""
        self._now += duration
