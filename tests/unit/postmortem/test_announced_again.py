"""An incident that is announced again is a line of its story, and changes nothing in it."""

from postmortem.domain.facts import alerts, facts
from postmortem.domain.metrics import metrics
from postmortem.domain.timeline import timeline
from tests.unit.postmortem.stories import INCIDENT, acknowledged, alert, envelope, triggered

STORY = [
    envelope("e1", 0, triggered(alert=alert())),
    envelope("e2", 61, triggered(again=True, rule="announced again: nothing was heard of a page")),
    envelope("e3", 90, acknowledged(2)),
]


def test_it_is_told_as_what_it_is() -> None:
    first, again, _ = timeline(STORY)
    assert first.text == "HighErrorRate triggered (checkout, critical)"
    assert again.text == "HighErrorRate announced again (checkout, critical)"
    assert "nothing was heard of a page" in again.detail


def test_it_is_not_a_second_trigger() -> None:
    found = facts(INCIDENT, STORY)
    assert found.triggered is not None
    assert found.triggered.event_id == "e1"
    assert found.severities == ("critical",)
    assert [one.alert_id for one in alerts(found.events)] == ["al-1"]
    times = {one.name: one.rests_on for one in metrics(found.events)}
    assert times["time to acknowledge"] == ("e1", "e3")
