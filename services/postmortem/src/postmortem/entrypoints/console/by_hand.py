"""Overrides as the page of a schedule shows them: as bars, in its form, and before one is sent."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from postmortem.domain.order import Order
from postmortem.domain.outlook import Outlook
from postmortem.domain.proposal import Moved, Wish, moved
from postmortem.domain.strip import Hand
from postmortem.entrypoints.console.commands import Given
from tocsin.catalog import Catalog, Override, Schedule
from tocsin.catalog.sets import BY_HAND, where_changed
from tocsin.events import OverrideSchedule
from tocsin.wall_clock import instant_of
from tocsin.web import Problem

ALMOST_A_MINUTE = timedelta(minutes=1) - timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Line:
    """Somebody comes on call, or goes, from `begins` until `ends` on their own clock."""

    moved: Moved
    begins: str
    ends: str
    zone: str


@dataclass(frozen=True)
class ByHand:
    """The overrides of a schedule, as the catalog has them now."""

    name: str
    spec: Schedule
    catalog: Catalog
    now: datetime

    @cached_property
    def specs(self) -> dict[str, Override]:
        """Every one as it is written."""
        return dict(self.catalog.overrides(self.name))

    @cached_property
    def hands(self) -> Sequence[Hand]:
        """Every one as it is drawn, with its times as instants."""
        zone = ZoneInfo(self.spec.time_zone)
        return [
            replace(_hand(name, one, zone), elsewhere=self._elsewhere(name))
            for name, one in self.specs.items()
        ]

    @property
    def in_force(self) -> Sequence[tuple[Hand, Override]]:
        """Those that are not over."""
        return [(one, self.specs[one.name]) for one in self.hands if one.ends > self.now]

    def form(self, name: str, zone: ZoneInfo) -> Given:
        """Return the fields of the form that changes one; none of them for no name."""
        if not name:
            return {}
        found = next((one for one in self.hands if one.name == name), None)
        if found is None or found.ends <= self.now:
            detail = f"The schedule {self.name!r} has no override {name[:100]!r} that is not over."
            raise Problem(404, "unknown-override", detail)
        if found.elsewhere:
            raise Problem(409, "other-set", f"{name}: {found.elsewhere}")
        return {
            "replaces": name,
            "how": "same",
            "from": on_the_wall(zone, found.begins),
            "until": on_the_wall(zone, found.ends, ends=True),
            "reason": found.reason,
        }

    def answered(self, orders: Sequence[Order], outlook: Outlook | None) -> dict[str, Any]:
        """Return what was asked for, of which of it the shifts are to follow, and what waits."""
        is_behind = outlook is None or outlook.catalog_version < self.catalog.version
        following = [one for one in orders if one.is_followed(self.now, is_behind=is_behind)]
        waits = bool(following) or any(one.is_waiting(self.now) for one in orders)
        return {"orders": orders, "following": following, "waits": waits}

    def lines(self, outlook: Outlook | None, asked: OverrideSchedule) -> Sequence[Line]:
        """Return whose shifts this would move, each on that person's own clock."""
        begins = max(asked.starts_at or self.now, self.now)
        wish = Wish(begins, asked.ends_at, asked.add, asked.remove, asked.cover)
        return [self._line(one) for one in moved(outlook, wish)]

    def _elsewhere(self, name: str) -> str:
        """Return where an override is changed; nothing for one that is made by hand."""
        of_set = self.catalog.sets.get(("Override", name), BY_HAND)
        return "" if of_set == BY_HAND else f"Of the set {of_set!r}: {where_changed(of_set)}."

    def _line(self, one: Moved) -> Line:
        person = self.catalog.user(one.person)
        zone = ZoneInfo(person.time_zone if person else self.spec.time_zone)
        begins, ends = one.begins.astimezone(zone), one.ends.astimezone(zone)
        # Where the clocks change in between, two times alone would not say how long it is.
        is_plain = begins.utcoffset() == ends.utcoffset()
        return Line(one, _time(begins, is_plain), _time(ends, is_plain), zone.key)


def on_the_wall(zone: ZoneInfo, at: datetime, *, ends: bool = False) -> str:
    """Return an instant as a form writes it: to the minute, an end rather later than earlier."""
    here = (at + ALMOST_A_MINUTE if ends else at).astimezone(zone)
    return here.replace(tzinfo=None).isoformat(timespec="minutes")


def _hand(name: str, one: Override, zone: ZoneInfo) -> Hand:
    begins, ends = instant_of(one.from_, zone), instant_of(one.until, zone, ends=True)
    people = one.add if one.cover is None else one.cover
    return Hand(name, begins, ends, people, _said(one), one.reason)


def _said(one: Override) -> str:
    if one.cover is not None:
        return f"{', '.join(one.cover) or 'nobody'} instead of everybody"
    if not one.remove:
        return f"{', '.join(one.add)} as well"
    if not one.add:
        return f"not {', '.join(one.remove)}"
    return f"{', '.join(one.add)} instead of {', '.join(one.remove)}"


def _time(at: datetime, is_plain: bool) -> str:
    return f"{at:%a %d %b %H:%M}" + ("" if is_plain else at.isoformat()[-6:])
