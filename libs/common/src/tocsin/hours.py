"""Hours on some days: whether they are on, when they begin, when they end. One answer for all.

Levels of a policy, the support hours of a service and the quiet hours of a person ask it.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tocsin import catalog
from tocsin.events import Urgency
from tocsin.restriction import WEEK, Restriction
from tocsin.spans import Span
from tocsin.wall_clock import moment, wall_time

DAY = timedelta(days=1)
AHEAD = (WEEK + 1, 32, 367)  # Most hours are of every week; some of a month, or of a year.
Windows = Sequence[catalog.Restriction]


def are_on(windows: Windows, zone: ZoneInfo, at: datetime) -> bool:
    """Return whether one of these windows is in progress."""
    here = moment(at, zone)
    return any(Restriction.of(one).open_since(here) is not None for one in windows)


def begin_after(windows: Windows, zone: ZoneInfo, at: datetime) -> datetime | None:
    """Return when the next window begins, within a year."""
    for days in AHEAD:
        spans = _spans(windows, zone, at, days)
        if found := [begins for begins, ends in spans if at < begins < ends]:
            return min(found)
    return None


def end_after(windows: Windows, zone: ZoneInfo, at: datetime) -> datetime:
    """Return the first instant from this one on at which no window is in progress.

    Windows without a break are followed for a week.
    """
    end = at
    spans = sorted(_spans(windows, zone, at, WEEK + 1))
    for begins, ends in spans:
        if begins <= end < ends:
            end = ends
    return end


def edges(windows: Windows, zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[datetime]:
    """Yield each instant in between at which a window begins or ends, in no order."""
    for span in _spans(windows, zone, since, (until - since).days + 2):
        yield from (edge for edge in span if since < edge < until)


def heard_from(user: catalog.User, urgency: Urgency, at: datetime) -> datetime:
    """Return from when a person may be told of what is due then: in quiet hours, after them.

    What is urgent never waits, and nothing waits for more than a day.
    """
    if urgency == "high" or not user.quiet_hours:
        return at
    return min(end_after(user.quiet_hours, ZoneInfo(user.time_zone), at), at + DAY)


def _spans(
    windows: Iterable[catalog.Restriction], zone: ZoneInfo, at: datetime, days: int
) -> Iterator[Span]:
    """Yield the windows that begin from a week before an instant until so many days after it."""
    today = wall_time(at, zone).date()
    for window in windows:
        yield from Restriction.of(window).windows(today - WEEK * DAY, today + days * DAY, zone)
