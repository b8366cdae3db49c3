"""Calendars of absences: which the catalog names, how reading them goes, what follows from them.

A calendar that cannot be read stays as it was read last: who is away is not on call because a
server is.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from tocsin import ids
from tocsin.catalog import Absence, Calendar, Catalog, Document, Team, User
from tocsin.catalog.absences import MOST_SPANS
from tocsin.catalog.mistakes import Mistake

KIND = "Absence"
MONTHS_BACK, MONTHS_AHEAD = 2, 14
MONTHS = 12
CLAIMED_FOR = timedelta(minutes=2)  # Whoever claimed it and stopped is not waited for longer.
FIRST_RETRY = timedelta(minutes=1)
MOST_DOUBLED = 10
TOLD_AFTER = timedelta(hours=1)  # A server may be away for a while before anybody is told.

Spans = tuple[tuple[str, str], ...]  # As documents write times: of a whole day without an offset.


@dataclass(frozen=True, slots=True)
class Watched:
    """A calendar, and how reading it goes. `key` says where it is: `url …` or `env …`.

    `digest` is of what was read last; None: it never was.
    """

    key: str
    next_at: datetime
    read_at: datetime | None = None
    failing_since: datetime | None = None
    failures: int = 0
    error: str = ""
    digest: str = ""

    def claimed(self, now: datetime) -> "Watched":
        """Return it while somebody reads it."""
        return replace(self, next_at=now + CLAIMED_FOR)

    def read(self, digest: str, now: datetime, every: timedelta) -> "Watched":
        """Return it after it was read."""
        return Watched(self.key, now + every, now, digest=digest)

    def failed(self, error: str, now: datetime, every: timedelta) -> "Watched":
        """Return it after it could not be read: it is tried again, each time later."""
        pause = min(FIRST_RETRY * 2 ** min(self.failures, MOST_DOUBLED), every)
        since = self.failing_since or now
        return replace(
            self,
            next_at=now + pause,
            failing_since=since,
            failures=self.failures + 1,
            error=error,
        )

    def is_broken(self, now: datetime) -> bool:
        """Return whether people are to be told that it cannot be read."""
        return self.failing_since is not None and now - self.failing_since >= TOLD_AFTER


def key_of(calendar: Calendar) -> str:
    """Return what a calendar is known by: never what stands in a variable."""
    return f"env {calendar.url_env}" if calendar.url_env else f"url {calendar.url}"


def shown(key: str) -> str:
    """Return what may be shown of where a calendar is: paths and queries are often secrets."""
    kind, _, place = key.partition(" ")
    if kind == "env":
        return place
    return f"{urlsplit(place).scheme}://{urlsplit(place).hostname}"


def named(held: Catalog) -> dict[str, list[tuple[str, str]]]:
    """Return each calendar that the catalog names, with the kinds and names of who name it."""
    found: dict[str, list[tuple[str, str]]] = {}
    for (kind, name), spec in sorted(held.specs.items(), key=lambda one: one[0]):
        if isinstance(spec, User | Team):
            for calendar in spec.calendars:
                owners = found.setdefault(key_of(calendar), [])
                owners += [(kind, name)] if (kind, name) not in owners else []
    return found


def window(now: datetime) -> tuple[date, date]:
    """Return the days of which events are read: whole months, so that it seldom moves."""
    return _first_of_month(now, -MONTHS_BACK), _first_of_month(now, MONTHS_AHEAD)


def documents(held: Catalog, read: Mapping[str, Spans]) -> list[Document]:
    """Return who is away when, by what was read: one document for each person."""
    found: dict[str, set[tuple[str, str]]] = {}
    for key, owners in named(held).items():
        for person in _people(held, owners) if read.get(key) else ():
            found.setdefault(person, set()).update(read[key])
    return [_document(person, sorted(spans)) for person, spans in sorted(found.items())]


def differs(held: Catalog, read: Mapping[str, Spans]) -> bool:
    """Return whether the catalog says something else than what was read."""
    wanted = {one.name: one.spec for one in documents(held, read)}
    there = {
        name: spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        for (_, name), spec in held.specs.items()
        if isinstance(spec, Absence) and name == _name(spec.user)
    }
    return wanted != there


def warnings(
    held: Catalog, keys: Collection[tuple[str, str]], states: Collection[Watched], now: datetime
) -> Iterator[Mistake]:
    """Yield a warning for each calendar of these documents that cannot be read."""
    failing = {one.key: one for one in states if one.failing_since}
    for position, (kind, name) in enumerate(keys):
        spec = held.specs.get((kind, name))
        for at, calendar in enumerate(spec.calendars if isinstance(spec, User | Team) else ()):
            if state := failing.get(key_of(calendar)):
                place, text = f"spec.calendars[{at}]", trouble(state, now)
                yield Mistake(kind, name, place, text, level="warning", position=position)


def trouble(state: Watched, now: datetime) -> str:
    """Return in words how reading a calendar fails, and what counts until it is read again."""
    assert state.failing_since is not None
    hours = int((now - state.failing_since).total_seconds() // 3600)
    since = f" for {hours} h" if hours else ""
    counts = "what was read before counts" if state.read_at else "it was never read"
    return f"the calendar {shown(state.key)} cannot be read{since}: {state.error}; {counts}"


def _people(held: Catalog, owners: Collection[tuple[str, str]]) -> Iterator[str]:
    for kind, name in owners:
        team = held.team(name) if kind == "Team" else None
        members = team.members if team else ()
        yield from (one for one in ((name,) if kind == "User" else members) if held.user(one))


def _name(person: str) -> str:
    return ids.prefixed("abs", ids.derived("absence", person))


def _document(person: str, spans: list[tuple[str, str]]) -> Document:
    written = [{"from": begins, "until": until} for begins, until in spans[:MOST_SPANS]]
    return Document(kind=KIND, name=_name(person), spec={"user": person, "spans": written})


def _first_of_month(now: datetime, months: int) -> date:
    years, month = divmod(now.month - 1 + months, MONTHS)
    return date(now.year + years, month + 1, 1)
