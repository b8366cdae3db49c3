"""Times as a scenario says them."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def seconds(count: float) -> timedelta:
    """Return a duration."""
    return timedelta(seconds=count)


def minutes(count: float) -> timedelta:
    """Return a duration."""
    return timedelta(minutes=count)


def hours(count: float) -> timedelta:
    """Return a duration."""
    return timedelta(hours=count)


def days(count: float) -> timedelta:
    """Return a duration."""
    return timedelta(days=count)


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """What the clock on a wall shows."""

    wall: time
    zone: ZoneInfo

    def next_after(self, now: datetime) -> datetime:
        """Return the next instant at which that clock shows this."""
        today = datetime.combine(now.astimezone(self.zone).date(), self.wall, self.zone)
        found = today if today > now else today + timedelta(days=1)
        return found.astimezone(UTC)


def at(wall: str, zone: str = "UTC") -> TimeOfDay:
    """Return a time of day: `at("09:00", "Europe/Paris")`."""
    return TimeOfDay(time.fromisoformat(wall), ZoneInfo(zone))
