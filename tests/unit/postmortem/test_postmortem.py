"""When a draft is made, and when a new text of it is told."""

from postmortem.domain.postmortem import compiled, draft, postmortem_id
from tests.unit.postmortem.stories import (
    INCIDENT,
    envelope,
    night,
    notification,
    reopened,
    triggered,
)
from tocsin import events as e


def test_an_open_incident_has_no_draft_but_can_be_read() -> None:
    events = [envelope("a", 0, triggered())]
    assert draft(INCIDENT, events, None) is None
    found = compiled(INCIDENT, events)
    assert found
    assert (found.title, found.resolved_at) == ("HighErrorRate", None)


def test_a_resolved_incident_is_drafted_once() -> None:
    first = draft(INCIDENT, night(), None)
    assert first
    (fact,) = first.facts
    assert (fact.postmortem_id, fact.digest, fact.events) == (
        postmortem_id(INCIDENT),
        first.postmortem.digest,
        11,
    )
    assert first.cause
    assert first.cause.event_id == "e11"
    again = draft(INCIDENT, night(), fact.digest)
    assert again
    assert again.facts == ()


def test_a_late_event_makes_a_new_text_under_the_same_id() -> None:
    first = draft(INCIDENT, night(), None)
    assert first
    late = envelope("e12", 330, notification(e.NotificationDelivered, "bob"), cause="e07")
    second = draft(INCIDENT, [*night(), late], first.postmortem.digest)
    assert second
    (fact,) = second.facts
    assert fact.postmortem_id == first.postmortem.postmortem_id
    assert fact.digest != first.postmortem.digest


def test_a_draft_does_not_outdate_itself() -> None:
    first = draft(INCIDENT, night(), None)
    assert first
    own = envelope("own", 1501, first.facts[0], cause="e11")
    second = draft(INCIDENT, [*night(), own], first.postmortem.digest)
    assert second
    assert second.facts == ()


def test_a_reopened_incident_waits_for_its_next_resolve() -> None:
    assert draft(INCIDENT, [*night(), envelope("e12", 1600, reopened(6))], None) is None


def test_nothing_known_makes_no_postmortem() -> None:
    assert compiled(INCIDENT, []) is None
