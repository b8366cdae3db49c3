"""Somebody asks for the next level, perhaps a moment after they said that they have it.

The two come by different topics, so either may be heard first. Whoever asked after the answer gets
help whichever it was.
"""

from dataclasses import replace
from datetime import datetime

from escalation.domain.escalation import Decision, Escalation
from escalation.domain.status import Answer, Exhausted, Halted
from tocsin.catalog import Catalog
from tocsin.events import IncidentAcknowledged, IncidentEvent


def wished(climb: Escalation, at: datetime, now: datetime, catalog: Catalog) -> Decision:
    """Page the next level at once; while nobody has it, keep when somebody asked for it."""
    decision = climb.escalate_now(now, catalog)
    if isinstance(decision.escalation.status, Halted):
        return decision
    return replace(decision, escalation=replace(decision.escalation, wished_at=at))


def answered(
    climb: Escalation, fact: IncidentEvent, answer: Answer, now: datetime, catalog: Catalog
) -> Decision:
    """Stop; page anew, as help, the level that somebody asked for after this answer."""
    halted = climb.halt(answer)
    if not _is_older_than_the_wish(climb, fact):
        return halted
    loop, level = climb.place
    if not isinstance(climb.status, Exhausted):
        level -= 1  # It is the next one that helps.
    asked = replace(halted.escalation, status=Halted(answer, level, loop), cycle=climb.version)
    return asked.escalate_now(now, catalog).after(*halted.facts)


def _is_older_than_the_wish(climb: Escalation, fact: IncidentEvent) -> bool:
    if not climb.is_climbing or not isinstance(fact, IncidentAcknowledged):
        return False
    said, wished_at = fact.accepted_at, climb.wished_at
    return said is not None and wished_at is not None and said < wished_at
