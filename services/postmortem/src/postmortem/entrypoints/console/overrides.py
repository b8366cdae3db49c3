"""Overrides by a form: a posted form to a command, decided by escalation."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from postmortem.entrypoints.console.commands import VIA, Given, command_id
from postmortem.entrypoints.console.door import Visitor
from postmortem.entrypoints.console.schedules import Wall
from postmortem.entrypoints.console.zones import zone_named
from postmortem.handlers import ordering
from tocsin import ids
from tocsin.catalog import Catalog, Override
from tocsin.catalog.suggestions import no_such
from tocsin.events import EndOverride, OverrideCommand, OverrideSchedule
from tocsin.events.commands import of_schedule
from tocsin.web import Problem

LONGEST_REASON = 500


def router(routes: APIRouter, wall: Wall) -> None:
    """Add the routes."""
    door = wall.door

    @routes.post("/schedules/{name}/overrides")
    async def override(request: Request, name: str) -> Response:
        """Put somebody on call for a while, by a command; or only tell what that would move."""
        visitor, given = await door.writer(request)
        wall.spec(name)
        identity = command_id("override", of_schedule(name), visitor.actor, given)
        try:
            asked = _wanted(wall.catalog, name, visitor, given, identity, door.clock.now())
        except ValueError as error:
            return await wall.page(request, visitor, name, wrong=str(error), kept=given)
        if given.get("check"):
            return await wall.page(request, visitor, name, kept=given, wish=asked)
        return await _give(wall, asked, identity)

    @routes.post("/schedules/{name}/overrides/{override_id}/end")
    async def end(request: Request, name: str, override_id: str) -> Response:
        """End an override: a command, decided elsewhere."""
        visitor, given = await door.writer(request)
        wall.spec(name)
        if override_id not in dict(wall.catalog.overrides(name)):
            detail = f"The schedule {name!r} has no override {override_id[:100]!r}."
            raise Problem(404, "unknown-override", detail)
        identity = command_id("end", override_id, visitor.actor, given)
        asked = EndOverride(override_id=override_id, schedule=name, **_from(visitor))
        return await _give(wall, asked, identity)


async def _give(wall: Wall, command: OverrideCommand, identity: str) -> Response:
    async with wall.store.begin() as uow:
        await ordering.give_again(uow, command, identity, wall.door.clock.now())
    return RedirectResponse(f"/schedules/{command.schedule}", status_code=303)


def _wanted(
    catalog: Catalog, name: str, visitor: Visitor, given: Given, identity: str, now: datetime
) -> OverrideSchedule:
    """Return the command that a form asks for; ValueError names the field that is wrong."""
    replaces, reason = given.get("replaces", ""), given.get("reason", "").strip()
    was = dict(catalog.overrides(name)).get(replaces)
    if replaces and was is None:
        raise ValueError(f"replaces: there is no override {replaces[:100]!r} here any more")
    people = _people(catalog, given, was)
    zone = zone_named(given.get("zone", ""))
    if zone is None:
        raise ValueError("zone: is missing; load the page again")
    begins = _instant("from", given, zone)
    ends = _instant("until", given, zone, ends=True)
    if ends is None:
        raise ValueError("until: write a day and a time")
    if ends <= max(begins or now, now):
        raise ValueError("until: must be after `from`, and to come")
    if len(reason) > LONGEST_REASON:
        raise ValueError(f"reason: write at most {LONGEST_REASON} characters")
    return OverrideSchedule(
        override_id=ids.prefixed("ovr", identity),
        schedule=name,
        starts_at=begins,
        ends_at=ends,
        reason=reason,
        replaces=replaces,
        **people,
        **_from(visitor),
    )


def _from(visitor: Visitor) -> dict[str, Any]:
    """Return who asks, and whose schedules they may change: decided where the catalog is."""
    return {"by": visitor.actor, "via": VIA, "token": visitor.token, "sets": visitor.sets}


def _people(catalog: Catalog, given: Given, was: Override | None) -> dict[str, Any]:
    """Return who is put on call how; where an override is changed, as it `was` unless it says."""
    person, how = given.get("person", "").strip(), given.get("how", "")
    stays = was is not None and how == "same"
    if was is not None and stays and not person:
        return {"add": was.add, "remove": was.remove, "cover": was.cover}
    if catalog.user(person) is None:
        raise ValueError(f"person: {no_such('User', person, catalog.specs)}")
    if was is not None and stays and was.cover is None:
        return {"add": (person,), "remove": was.remove}
    if how == "add":
        return {"add": (person,)}
    if how != "cover" and not stays:
        raise ValueError("how: must be one of cover, add")
    return {"cover": (person,)}


def _instant(field: str, given: Given, zone: ZoneInfo, *, ends: bool = False) -> datetime | None:
    """Return when the clock of the zone shows this; of two such instants, an end is the later."""
    text = given.get(field, "").strip()
    if not text:
        return None
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        wall = None
    if wall is None or wall.tzinfo is not None or not 1970 < wall.year < 2300:  # noqa: PLR2004
        raise ValueError(f"{field}: write a day and a time, as 2026-03-29T09:00")
    found = wall.replace(tzinfo=zone, fold=int(ends)).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None, fold=0) != wall:
        raise ValueError(f"{field}: the clocks leave out {wall:%H:%M} on that day; write another")
    return found
