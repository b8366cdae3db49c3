"""Wall-clock times of a zone as instants, through every change of the clocks.

A time that happens twice is its first instant when something starts and its last when something
ends: an overlap, never a gap. A time that is skipped is the first instant after the gap, so that
order is kept: two times inside one gap fall together, none crosses another.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SECOND = timedelta(seconds=1)


def start_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant at which something starts that starts at `wall` (naive)."""
    return _instant(wall, zone, fold=0)


def end_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant at which something ends that ends at `wall` (naive)."""
    return _instant(wall, zone, fold=1)


def wall_time(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return what the clock on the wall shows at `instant`, naive."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def _instant(wall: datetime, zone: ZoneInfo, fold: int) -> datetime:
    instant = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    if wall_time(instant, zone) == wall:
        return instant
    return _end_of_gap(wall, zone)


def _end_of_gap(wall: datetime, zone: ZoneInfo) -> datetime:
    # PEP 495: for a skipped time fold 1 reads before the change and fold 0 after it.
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    old = before.astimezone(zone).utcoffset()
    while after - before > SECOND:
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0) if middle.replace(microsecond=0) > before else middle
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)
