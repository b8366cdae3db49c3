"""Wall-clock times of a zone as instants, through every change of the clocks.

A time that happens twice is its first instant when something starts and its last when something
ends: an overlap, never a gap. A time that is skipped is the first instant after the gap, so that
order is kept: two times inside one gap fall together, none crosses another.

A `Moment` is the way back: of an instant, which wall-clock times have come by then, and which will
not come again. So whether something is in progress needs only comparisons of wall-clock times.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

SECOND = timedelta(seconds=1)
TICK = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAIVE_EPOCH = EPOCH.replace(tzinfo=None)
LOOK, LOOKS = timedelta(hours=6), 12  # Three days, closely enough for any two changes.


class Moment(NamedTuple):
    """An instant, seen on the wall: naive times.

    `reached` is the latest time that the clock has shown: what starts by then has started.
    `passed` is the latest time that it will not show again: what ends by then has ended.
    They differ while the clock shows times that it shows twice.
    """

    reached: datetime
    passed: datetime


def moment(at: datetime, zone: ZoneInfo) -> Moment:
    """Return what an instant is on the wall of a zone."""
    since = at - EPOCH
    if (steady := _steady_offset(zone, since.days)) is not None:
        wall = NAIVE_EPOCH + since + steady
        return Moment(wall, wall)
    local = at.astimezone(zone)
    wall = local.replace(tzinfo=None, fold=0)
    other = local.replace(fold=1 - local.fold)
    if other.utcoffset() == local.utcoffset():
        return Moment(wall, wall)
    return _repeated(local, wall, zone)


def _repeated(local: datetime, wall: datetime, zone: ZoneInfo) -> Moment:
    other = local.replace(fold=1 - local.fold)
    earlier, later = sorted((local.astimezone(UTC), other.astimezone(UTC)))
    old, new = _offset(earlier, zone), _offset(later, zone)
    put_back = _change(earlier, later, zone).replace(tzinfo=None)
    if local.fold:
        return Moment(put_back + old - TICK, wall)
    return Moment(wall, put_back + new - TICK)


def start_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant at which something starts that starts at `wall` (naive)."""
    return _instant(wall, zone, fold=0)


def end_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant at which something ends that ends at `wall` (naive)."""
    return _instant(wall, zone, fold=1)


def wall_time(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return what the clock on the wall shows at `instant`, naive."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def on_wall(written: datetime, zone: ZoneInfo) -> datetime:
    """Return a written time, with an offset or without, as the time on the wall it means."""
    return wall_time(written, zone) if written.tzinfo else written


def instant_of(written: datetime, zone: ZoneInfo, *, ends: bool = False) -> datetime:
    """Return the instant that a written time, with an offset or without, means."""
    if written.tzinfo:
        return written.astimezone(UTC)
    return _instant(written, zone, fold=int(ends))


def _instant(wall: datetime, zone: ZoneInfo, fold: int) -> datetime:
    since = wall - NAIVE_EPOCH
    if (steady := _steady_offset(zone, since.days)) is not None:
        return EPOCH + since - steady
    # PEP 495: fold 0 reads with the offset before a change, fold 1 with the one after it.
    local = wall.replace(tzinfo=zone)
    before = local.utcoffset() or timedelta()
    after = local.replace(fold=1).utcoffset() or timedelta()
    if before >= after:  # Once, or twice.
        return (wall - (after if fold else before)).replace(tzinfo=UTC)
    return _change((wall - after).replace(tzinfo=UTC), (wall - before).replace(tzinfo=UTC), zone)


@lru_cache(maxsize=16_384)
def _steady_offset(zone: ZoneInfo, day: int) -> timedelta | None:
    """Return the offset of a day, on the wall or in UTC, around which no clock changes.

    No wall is more than a day from UTC, so a day before and after are looked at as well.
    """
    begin = EPOCH + timedelta(days=day - 1)
    found = {_offset(begin + number * LOOK, zone) for number in range(LOOKS + 1)}
    return found.pop() if len(found) == 1 else None


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant after `before` with the offset that holds at `after`."""
    old = _offset(before, zone)
    while after - before > SECOND:
        middle = before + timedelta(seconds=(after - before) // SECOND // 2)
        if _offset(middle, zone) == old:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)
