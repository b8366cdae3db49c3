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
from tocsin.spans import Span

KIND = "Absence"
MONTHS_BACK, MONTHS_AHEAD = 2, 14
MONTHS = 12
CLAIMED_FOR = timedelta(minutes=2)  # Whoever claimed it and stopped is not waited for longer.
MOST_CLAIMS_DOUBLED = 3
UNFINISHED = "whoever read it stopped before the end"
FIRST_RETRY = timedelta(minutes=1)
MOST_DOUBLED = 10
SOON = timedelta(days=1)
APART = timedelta(minutes=5)  # Versions by calendars, of what is not soon.
TOLD_AFTER = timedelta(hours=1)  # A server may be away for a while before anybody is told.

Spans = tuple[tuple[str, str], ...]  # As documents write times: of a whole day without an offset.


@dataclass(frozen=True, slots=True)
class Watched:
    """A calendar, and how reading it goes. `key` says where it is: `url …` or `env …`.

    `failures` are the attempts since it was read, `digest` is of what was read then.
    """

    key: str
    next_at: datetime
    read_at: datetime | None = None
    failing_since: datetime | None = None
    failures: int = 0
    error: str = ""
    digest: str = ""

    def claimed(self, now: datetime) -> "Watched":
        """Return it while somebody reads it: an attempt, that may be the end of whoever makes it.

        One attempt without an outcome is somebody who was stopped. After the next it is failing.
        """
        pause = CLAIMED_FOR * 2 ** min(self.failures, MOST_CLAIMS_DOUBLED)
        begun = replace(self, next_at=now + pause, failures=self.failures + 1)
        if self.failures and not self.failing_since:
            return replace(begun, failing_since=now, error=UNFINISHED)
        return begun

    def read(self, digest: str, now: datetime, every: timedelta) -> "Watched":
        """Return it after it was read."""
        return Watched(self.key, now + every, now, digest=digest)

    def failed(self, error: str, now: datetime, every: timedelta) -> "Watched":
        """Return it after a claim, when it could not be read: tried again, each time later."""
        pause = min(FIRST_RETRY * 2 ** min(self.failures - 1, MOST_DOUBLED), every)
        since = self.failing_since or now
        return replace(self, next_at=now + pause, failing_since=since, error=error)

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
    try:
        return f"{urlsplit(place).scheme}://{urlsplit(place).hostname}"
    except ValueError:
        return "an address that cannot be read"


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
    """Return who is away when, by what was read: one document for each person.

    While one of somebody's calendars was never read, what the catalog says of them stays: it may
    be the same calendar at another address.
    """
    found: dict[str, set[tuple[str, str]]] = {}
    for key, owners in named(held).items():
        for person in _people(held, owners):
            spans = read[key] if key in read else _in_force(held, person)
            found.setdefault(person, set()).update(spans)
    return [_document(person, sorted(spans)) for person, spans in sorted(found.items()) if spans]


def differs(held: Catalog, read: Mapping[str, Spans]) -> bool:
    """Return whether the catalog says something else than what was read."""
    wanted = {one.name: one.spec for one in documents(held, read)}
    there = {
        name: spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        for (_, name), spec in held.specs.items()
        if isinstance(spec, Absence) and name == _name(spec.user)
    }
    return wanted != there


def is_soon(before: Catalog, after: Catalog, now: datetime) -> bool:
    """Return whether two catalogs say something else of who is away in the next day."""
    people = {*before.absences, *after.absences}
    return any(_soon(before, one, now) != _soon(after, one, now) for one in people)


def _soon(held: Catalog, person: str, now: datetime) -> list[Span]:
    until = now + SOON
    spans = held.absences.get(person, ())
    return [(max(one, now), min(end, until)) for one, end in spans if one < until and end > now]


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


def _in_force(held: Catalog, person: str) -> Iterator[tuple[str, str]]:
    spec = held.specs.get((KIND, _name(person)))
    for span in spec.spans if isinstance(spec, Absence) else ():
        written = span.model_dump(mode="json", by_alias=True)
        yield written["from"], written["until"]


def _name(person: str) -> str:
    return ids.prefixed("abs", ids.derived("absence", person))


def _document(person: str, spans: list[tuple[str, str]]) -> Document:
    written = [{"from": begins, "until": until} for begins, until in spans[:MOST_SPANS]]
    return Document(kind=KIND, name=_name(person), spec={"user": person, "spans": written})


def _first_of_month(now: datetime, months: int) -> date:
    years, month = divmod(now.month - 1 + months, MONTHS)
    return date(now.year + years, month + 1, 1)
