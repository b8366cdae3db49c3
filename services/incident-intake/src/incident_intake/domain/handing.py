"""Handing an incident to people and teams by name: instead of whom it asks now, or as well."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from incident_intake.domain.asked import UNANSWERED
from incident_intake.domain.incident import Decision, Incident
from tocsin.catalog import Catalog
from tocsin.catalog.naming import named, spelt, unknown
from tocsin.catalog.policies import reaches_nobody
from tocsin.errors import Refused
from tocsin.events import EscalateIncident, IncidentEscalated, IncidentReassigned, ReassignIncident


class NobodyNamed(Refused):
    """What `to` names is wrong, or nobody who could be paged."""


def reassign(incident: Incident, command: ReassignIncident, catalog: Catalog) -> Decision:
    """Make it theirs: whoever had it has it no longer, and it is triggered again."""
    fact = IncidentReassigned(**_handed(incident, command, catalog))
    asked = {**UNANSWERED, "asked": incident.asked.then(fact)}
    return Decision(replace(incident, **asked, version=fact.version), (fact,))


def escalate(incident: Incident, command: EscalateIncident, catalog: Catalog) -> Decision:
    """Have them paged as well: whoever has it keeps it."""
    fact = IncidentEscalated(**_handed(incident, command, catalog))
    asked = incident.asked.then(fact)
    return Decision(replace(incident, asked=asked, version=fact.version), (fact,))


def _handed(
    incident: Incident, command: ReassignIncident | EscalateIncident, catalog: Catalog
) -> dict[str, Any]:
    if not incident.is_open:
        raise Refused(
            f"The incident is already resolved by {incident.resolved_by}:"
            " nobody is paged for it any more."
        )
    return {
        "incident_id": incident.incident_id,
        "version": incident.version + 1,
        "by": command.by,
        "to": _spelt(command.to, catalog),
        "via": command.via,
        "reason": command.reason,
    }


def _spelt(to: Sequence[str], catalog: Catalog) -> tuple[str, ...]:
    """Return these names as facts spell them, each once; refuse what nobody could follow."""
    found = {text: named(text, catalog) for text in to}
    if wrong := [unknown(text, catalog) for text, target in found.items() if target is None]:
        raise NobodyNamed(f"to: {'; '.join(wrong)}")
    targets = tuple(target for target in found.values() if target is not None)
    if not targets:
        raise NobodyNamed("to: nobody is named; name a person or a team")
    if reasons := reaches_nobody(targets, catalog.specs):
        raise NobodyNamed(f"to: nobody of these can be paged: {reasons}")
    return tuple(dict.fromkeys(map(spelt, targets)))
