"""What pages tell of an incident."""

from escalation.domain.incident import Incident
from tests.unit.escalation.examples import alert, triggered


def test_the_first_alert_comes_with_the_trigger() -> None:
    incident = Incident.unknown("i1").described_by(
        triggered(runbook="https://runbooks.example.org")
    )
    assert (incident.title, incident.number, incident.more) == ("Checkout is down", 42, 0)
    assert [one.alert_id for one in incident.alerts] == ["alert-1"]
    assert incident.runbook == "https://runbooks.example.org"


def test_twenty_alerts_are_told_and_the_others_counted() -> None:
    incident = Incident("i1")
    for number in range(25):
        incident = incident.with_alert(alert(number))
    assert len(incident.alerts) == 20
    assert incident.more == 5


def test_an_alert_that_fires_again_is_not_counted_twice() -> None:
    incident = Incident("i1").with_alert(alert(1)).with_alert(alert(1, "Worse"), reopened=True)
    assert [one.title for one in incident.alerts] == ["Worse"]
    assert incident.alert_count == 1


def test_a_counted_alert_that_fires_again_stays_counted_once() -> None:
    incident = Incident("i1")
    for number in range(21):
        incident = incident.with_alert(alert(number))
    assert incident.with_alert(alert(20), reopened=True).more == 1


def test_of_an_unknown_incident_the_worst_is_assumed() -> None:
    incident = Incident.unknown("i1")
    assert (incident.severity, incident.urgency) == ("critical", "high")
    assert not incident.is_described
