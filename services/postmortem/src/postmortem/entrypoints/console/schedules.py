"""Schedules: who is on call now, and the weeks of one, in the time zone of whoever looks."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.responses import Response

from postmortem.domain.days import Day, days, rows, week_of
from postmortem.domain.order import SHOWN_FOR
from postmortem.domain.outlook import Outlook
from postmortem.domain.strip import GRIP, LANE, LEFT, PLOT, Hand, strips
from postmortem.domain.watch import Watch
from postmortem.entrypoints.console.by_hand import ByHand, on_the_wall
from postmortem.entrypoints.console.commands import Given
from postmortem.entrypoints.console.door import Door, Visitor
from postmortem.entrypoints.console.live import mark
from postmortem.entrypoints.console.rendering import Pages
from postmortem.entrypoints.console.zones import Chosen, chosen, offered, zone_named
from postmortem.ports import PostmortemUnitOfWork
from tocsin import ids
from tocsin.catalog import Catalog, EscalationPolicy, Schedule
from tocsin.events import HandoffNoteLeft, OverrideSchedule
from tocsin.events.commands import of_schedule
from tocsin.holder import CatalogHolder
from tocsin.unit_of_work import Store
from tocsin.web import Problem

VIEWS: Mapping[str, tuple[str, int]] = {"week": ("Week", 7), "month": ("Five weeks", 35)}
YEARS = (1971, 2299)  # So that no week of them leaves the calendar.
MOST_GAPS, MOST_NOTES = 20, 10


@dataclass(frozen=True)
class Wall:
    """Where the schedules hang."""

    store: Store[PostmortemUnitOfWork]
    door: Door
    pages: Pages
    holder: CatalogHolder

    @property
    def catalog(self) -> Catalog:
        """The catalog in force; a problem while it is not there yet."""
        if not self.holder.loaded:
            raise Problem(503, "not-ready", "The catalog is not here yet: try again in a moment.")
        return self.holder.current

    def spec(self, name: str) -> Schedule:
        """Return a schedule as it is written; a problem where there is none."""
        found = self.catalog.schedule(name)
        if found is None:
            raise Problem(404, "unknown-schedule", f"The catalog has no schedule {name[:100]!r}.")
        return found

    async def page(
        self,
        request: Request,
        visitor: Visitor,
        name: str,
        *,
        wrong: str = "",
        kept: Given | None = None,
        wish: OverrideSchedule | None = None,
    ) -> Response:
        """Return the page of a schedule.

        Of a form that was sent: what it held, what was `wrong` in it, or what it wishes for, which
        the page tells before it is done.
        """
        spec, now = self.spec(name), self.door.clock.now()
        asked = _asked(request, kept or {}, spec, now)
        by_hand = ByHand(name, spec, self.catalog, now)
        form = kept or by_hand.form(request.query_params.get("change", ""), asked.zone)
        async with self.store.read() as uow:
            outlook = await uow.outlooks.get(name)
            watches = await uow.watches.all()
            notes = await uow.handoff_notes.latest(name, MOST_NOTES)
            orders = await uow.orders.latest(of_schedule(name), now - SHOWN_FOR)
        answer = self.pages.show(
            "schedule.html",
            422 if asked.chosen.wrong or wrong else 200,
            visitor=visitor,
            name=name,
            spec=spec,
            watch=next((one for one in watches if one.schedule == name), None),
            notes=notes,
            longest_note=HandoffNoteLeft.LONGEST,
            since=mark(now),
            key=ids.new(),
            wrong=wrong,
            kept=form,
            is_answer=kept is not None,
            was=by_hand.specs.get(form.get("replaces", "")),
            wish=wish,
            lines=by_hand.lines(outlook, wish) if wish else (),
            **_drawn(outlook, asked, now, by_hand.hands),
            **_around(by_hand, visitor),
            **by_hand.answered(orders, outlook),
        )
        asked.chosen.keep(answer)
        return answer


@dataclass(frozen=True, slots=True)
class Asked:
    """Which days of a schedule are wanted, and in which zone."""

    view: str
    days: tuple[Day, ...]
    chosen: Chosen

    @property
    def zone(self) -> ZoneInfo:
        """Whose days they are."""
        return self.chosen.zone

    @property
    def first(self) -> date:
        """The first of the days."""
        return self.days[0].date

    def by(self, weeks: int) -> date:
        """Return the day so many views away."""
        return self.first + timedelta(days=weeks * len(self.days))


def router(routes: APIRouter, wall: Wall) -> None:
    """Add the routes."""
    door, store = wall.door, wall.store

    @routes.get("/on-call")
    @routes.get("/schedules")
    async def on_call(request: Request) -> Response:
        """Who is on call now, of all schedules or of a team's."""
        visitor, now = await door.reader(request), door.clock.now()
        async with store.read() as uow:
            watches = await uow.watches.all()
        return wall.pages.show(
            "on_call.html",
            visitor=visitor,
            since=mark(now),
            **_listed(wall.holder.current, watches, request.query_params.get("team", "")),
        )

    @routes.get("/schedules/{name}")
    async def schedule(request: Request, name: str) -> Response:
        """One schedule: its weeks, by layer and after all of them."""
        return await wall.page(request, await door.reader(request), name)


def using(catalog: Catalog, schedule: str) -> Sequence[str]:
    """Return the policies that page a schedule, by name."""
    return sorted(
        name
        for (_, name), spec in catalog.specs.items()
        if isinstance(spec, EscalationPolicy)
        if any(target.schedule == schedule for level in spec.levels for target in level.targets)
    )


def _listed(catalog: Catalog, watches: Sequence[Watch], team: str) -> dict[str, Any]:
    names = {name for kind, name in catalog.specs if kind == "Schedule"}
    told = {one.schedule: one for one in watches}
    found = {name: using(catalog, name) for name in sorted(names | set(told))}
    teams = {name: _teams(catalog, policies) for name, policies in found.items()}
    return {
        "team": team,
        "teams": sorted({one for known in teams.values() for one in known}),
        "schedules": [
            {"name": name, "is_known": name in names, "watch": told.get(name), "policies": policies}
            for name, policies in found.items()
            if not team or team in teams[name]
        ],
        "policies": sorted(name for kind, name in catalog.specs if kind == "EscalationPolicy"),
    }


def _teams(catalog: Catalog, policies: Sequence[str]) -> set[str]:
    return {spec.team for one in policies if (spec := catalog.policy(one)) and spec.team}


def _asked(request: Request, kept: Given, spec: Schedule, now: datetime) -> Asked:
    """Return what the address asks for, or what was looked at when a form was sent."""
    query = request.query_params
    view = kept.get("view") or query.get("view", "week")
    if view not in VIEWS:
        raise Problem(422, "invalid", f"view: must be one of {', '.join(VIEWS)}", field="view")
    looked_in = zone_named(kept.get("zone", ""))
    zone = Chosen(looked_in) if looked_in else chosen(request, spec.time_zone)
    day = _day(kept.get("week") or query.get("from", "")) or now.astimezone(zone.zone).date()
    return Asked(view, days(week_of(day), VIEWS[view][1], zone.zone), zone)


def _day(text: str) -> date | None:
    if not text:
        return None
    found = None
    with suppress(ValueError):
        found = date.fromisoformat(text)
    if found and YEARS[0] <= found.year <= YEARS[1]:
        return found
    detail = f"from: write a day of {YEARS[0]} to {YEARS[1]}, as 2026-03-29"
    raise Problem(422, "invalid", detail, field="from")


def _drawn(
    outlook: Outlook | None, asked: Asked, now: datetime, hands: Sequence[Hand]
) -> dict[str, Any]:
    gaps = outlook.gaps(max(asked.days[0].begins, now), asked.days[-1].ends) if outlook else ()
    return {
        "asked": asked,
        "views": {name: said for name, (said, _) in VIEWS.items()},
        "outlook": outlook,
        "rows": rows(outlook, asked.days) if outlook else (),
        "strips": strips(outlook, asked.days, now, hands) if outlook else (),
        "sizes": {"wide": LEFT + PLOT, "lane": LANE, "grip": GRIP},
        "gaps": gaps[:MOST_GAPS],
        "more_gaps": len(gaps[MOST_GAPS:]),
        "today": now.astimezone(asked.zone).date(),
        "wall": partial(_wall, asked.zone),
        "written": partial(on_the_wall, asked.zone),
        "stamp": lambda at: at.astimezone(asked.zone).strftime("%a %d %b %H:%M"),
    }


def _around(found: ByHand, visitor: Visitor) -> dict[str, Any]:
    catalog, zone = found.catalog, found.spec.time_zone
    person = catalog.user(visitor.person or "")
    return {
        "policies": using(catalog, found.name),
        "overrides": found.in_force,
        "users": sorted(one for kind, one in catalog.specs if kind == "User"),
        "zones": offered(catalog, zone, person.time_zone if person else ""),
    }


def _wall(zone: ZoneInfo, at: datetime, day: Day) -> str:
    """Return what the clock shows; with its offset from UTC on a day on which that changes."""
    if at == day.ends:
        return "24:00"
    here = at.astimezone(zone)
    return here.strftime("%H:%M") + (here.isoformat()[-6:] if day.change else "")
