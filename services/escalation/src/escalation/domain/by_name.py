"""People and teams who are asked for by name: instead of the levels, or in addition to them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from escalation.domain import open_pages
from escalation.domain.escalation import Decision, Escalation
from escalation.domain.policy import frozen
from escalation.domain.resolution import resolve
from tocsin.catalog import Catalog, Target
from tocsin.catalog.naming import told
from tocsin.events import (
    Actor,
    IncidentEscalated,
    IncidentReassigned,
    NoteAdded,
    PageEvent,
    PageRequested,
)


def reassigned(
    climb: Escalation, fact: IncidentReassigned, now: datetime, catalog: Catalog
) -> Decision:
    """End the climb and page those named now, like a level of their own; the last resort stays."""
    policy = climb.policy
    if climb.cycle == 0 or policy.missing:
        policy = frozen(catalog, climb.incident.service, climb.incident.wanted_policy)
    given = _because("reassigned", fact.by, fact.reason)
    mine = policy.for_targets([told(one, catalog) for one in fact.to], given)
    fresh = replace(climb, policy=mine, cycle=climb.version, rounds=0, pages=())
    withdrawn = open_pages.withdrawn(climb.incident, climb.pages, "reassigned")
    return fresh.climb_from(1, 1, now, catalog).after(*withdrawn)


def escalated(
    climb: Escalation, fact: IncidentEscalated, now: datetime, catalog: Catalog
) -> Decision:
    """Page those named at once; the climb, or whoever has the incident, goes on.

    Where none of them can be paged, the next level is: whoever asks for help gets somebody.
    """
    targets = [told(one, catalog) for one in fact.to]
    asked = ask(climb, targets, now, catalog, _because("asked for", fact.by, fact.reason))
    if asked.facts:
        return asked
    missed = tuple(f"not paged: {one}" for one in resolve(targets, catalog, now).missed)
    instead = climb.escalate_now(now, catalog)
    return replace(instead, facts=tuple(_explained(one, missed) for one in instead.facts))


def answered(climb: Escalation, fact: NoteAdded) -> Decision:
    """Withdraw the pages of somebody who answers what another person has; the climb stays."""
    if not fact.acknowledged or fact.by.kind != "user":
        return Decision(climb)
    theirs = tuple(page for page in climb.pages if page.responder == fact.by.name)
    left = open_pages.without(climb.pages, theirs)
    gone = open_pages.withdrawn(climb.incident, theirs, "acknowledged as well")
    return Decision(replace(climb, pages=left), gone)


def in_addition(
    first: Decision, fact: IncidentEscalated, now: datetime, catalog: Catalog
) -> Decision:
    """Return a decision, and then that those named are paged as well."""
    return escalated(first.escalation, fact, now, catalog).after(*first.facts)


def ask(
    climb: Escalation, targets: Iterable[Target], now: datetime, catalog: Catalog, because: str
) -> Decision:
    """Page these people and teams at once, beside whoever else is paged."""
    people = resolve(targets, catalog, now)
    loop, level = climb.place
    request = replace(climb.request(level, loop, catalog), asked=climb.version)
    return climb.paging(request, people, now, because)


def _because(what: str, by: Actor, reason: str) -> str:
    return f"{what} by {by}: {reason}" if reason else f"{what} by {by}"


def _explained(fact: PageEvent, missed: tuple[str, ...]) -> PageEvent:
    if not isinstance(fact, PageRequested):
        return fact
    return fact.model_copy(update={"reason": (*fact.reason, *missed)})
