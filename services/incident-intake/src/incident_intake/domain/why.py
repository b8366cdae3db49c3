"""Why an alert opened an incident, joined one, or told nobody: from what is kept with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from incident_intake.domain.alert import Alert
from incident_intake.domain.incident import Incident
from incident_intake.domain.instead import (
    of_ending,
    of_opening,
    of_passing,
    of_placing,
    of_repeating,
    of_state,
    told,
)
from incident_intake.domain.suppression import Silence
from tocsin.why import NOBODY, Decision

BY = "incident-intake"
Answer = tuple[tuple[str, ...], tuple[Decision, ...]]  # In a few sentences, and what it rests on.


@dataclass(frozen=True, slots=True)
class Known:
    """What an alert is in, or behind, as far as intake remembers."""

    alert: Alert
    incident: Incident | None
    silence: Silence | None


def why_alert(known: Known) -> Answer:
    """Return what was decided about an alert, and what that means for who was paged."""
    decisions = (*_placed(known), *_repeats(known.alert), *_ends(known.alert))
    later = _states(known.incident) if known.incident else ()
    return (_answer(known),), (*decisions, *later)


def why_incident(incident: Incident) -> Answer:
    """Return what intake decided about an incident; whom that paged, others decided."""
    opened = Decision(
        at=incident.triggered_at,
        code="incident-opened",
        sentence=(
            f"Incident #{incident.number} was opened at {told(incident.triggered_at)} for service"
            f" {incident.service}: {incident.title} ({incident.severity},"
            f" urgency {incident.urgency}); {incident.rule or 'each alert is its own incident'}."
        ),
        by=BY,
        rule=incident.rule,
        catalog_version=incident.catalog_version,
        inputs={
            "service": incident.service,
            "severity": incident.severity,
            "urgency": incident.urgency,
            "group_key": incident.group_key,
            "source": incident.source,
        },
        instead=of_opening(incident.rule),
    )
    states = tuple(_states(incident))
    answer = tuple(one.sentence for one in states) or (_open(incident),)
    return answer, (opened, *states)


def _answer(known: Known) -> str:
    alert, incident, silence = known.alert, known.incident, known.silence
    if alert.status == "suppressed":
        until = f" until {told(silence.ends_at)}" if silence else ""
        return f"{NOBODY}: a silence holds the alert back{until}."
    if incident is None:
        return f"{NOBODY}: the alert is {alert.status} and in no incident."
    place = f"It is in incident #{incident.number}"
    if not incident.is_open:
        return f"{place}, which was resolved; `tocsin why {incident.number}` says who was paged."
    if incident.status == "acknowledged" and incident.acknowledged_by:
        return f"{place}, which {incident.acknowledged_by} has: nobody is paged for it now."
    return f"{place}, which pages; `tocsin why {incident.number}` says whom, and why."


def _placed(known: Known) -> Iterator[Decision]:
    alert, placed = known.alert, known.alert.placed
    if placed is None:  # Decided by a release that did not keep it.
        return
    number = f"#{known.incident.number}" if known.incident else "that is not known any more"
    sentences = {
        "opened": f"It opened incident {number} at {told(placed.at)}: {placed.rule}.",
        "grouped": (
            f"It joined incident {number} at {told(placed.at)}, which was open: {placed.rule}."
            " That alone pages nobody."
        ),
        "fired-again": (
            f"It fired again at {told(placed.at)}, and its incident {number} was still open."
        ),
        "silenced": f"It was held back at {told(placed.at)} by {placed.rule}{_of(known.silence)}.",
        "passed-over": f"It was passed over at {told(placed.at)}: {placed.rule}.",
    }
    yield Decision(
        at=placed.at,
        code=placed.code,
        sentence=sentences[placed.code],
        by=BY,
        rule=placed.rule,
        catalog_version=placed.catalog_version,
        inputs={
            "service": alert.service,
            "dedup_key": alert.dedup_key,
            "labels": dict(alert.labels),
            "incident": alert.incident_id,
            "silence": alert.silence_id,
        },
        instead=of_placing(alert, placed, known.silence),
    )


def _of(silence: Silence | None) -> str:
    if silence is None:
        return ""
    comment = f" ({silence.comment})" if silence.comment else ""
    return f", made by {silence.created_by}{comment}, until {told(silence.ends_at)}"


def _repeats(alert: Alert) -> Iterator[Decision]:
    if alert.times_received > 1:
        yield Decision(
            at=alert.received_at,
            code="deduplicated",
            sentence=(
                f"It was received {alert.times_received} times, the latest at"
                f" {told(alert.received_at)}: a repeat of what fires already tells nobody."
            ),
            by=BY,
            rule="the same service and dedup key are the same alert",
            inputs={"times_received": alert.times_received, "dedup_key": alert.dedup_key},
            instead=of_repeating(alert),
        )
    if (passed := alert.passed_over) is not None:
        yield Decision(
            at=passed.at,
            code="passed-over",
            sentence=f"A message of {told(passed.at)} changed nothing: {passed.rule}.",
            by=BY,
            rule=passed.rule,
            catalog_version=passed.catalog_version,
            instead=of_passing(passed),
        )


def _ends(alert: Alert) -> Iterator[Decision]:
    if alert.ended_at is None:
        return
    reasons = {
        "tool": "its tool said so",
        "expired": "it was not sent again in time",
        "person": "somebody resolved its incident",
    }
    reason = reasons[alert.ended_by] if alert.ended_by else "it is over"
    yield Decision(
        at=alert.ended_at,
        code="alert-ended",
        sentence=f"It ended at {told(alert.ended_at)}: {reason}.",
        by=BY,
        rule=alert.ended_by or "",
        instead=of_ending(alert),
    )


def _states(incident: Incident) -> Iterator[Decision]:
    """Yield why nobody is paged for an incident now, where somebody has it or it is over."""
    name = f"Incident #{incident.number}"
    if incident.snoozed_until and incident.acknowledged_by and incident.acknowledged_at:
        until = told(incident.snoozed_until)
        text = f"{name} is snoozed until {until} by {incident.acknowledged_by}: nobody is paged."
        yield _state(incident, incident.acknowledged_at, "snoozed", text)
    elif incident.status == "acknowledged" and incident.acknowledged_at:
        since = told(incident.acknowledged_at)
        text = f"{name} is {incident.acknowledged_by}'s since {since}: nobody is paged for it."
        yield _state(incident, incident.acknowledged_at, "acknowledged", text)
    elif incident.resolved_at is not None:
        text = f"{name} was resolved at {told(incident.resolved_at)} by {incident.resolved_by}."
        yield _state(incident, incident.resolved_at, "resolved", text)


def _state(incident: Incident, at: datetime, code: str, sentence: str) -> Decision:
    instead = of_state(incident, code)
    rule = "the incident's state"
    return Decision(at=at, code=code, sentence=sentence, by=BY, rule=rule, instead=instead)


def _open(incident: Incident) -> str:
    return f"Incident #{incident.number} is triggered: escalation pages for it, by its policy."
