"""What must not be sent is dropped, with a reason."""

from datetime import timedelta

from notifier.domain.incident import Incident
from notifier.domain.pipeline import PIPELINE, run
from notifier.domain.stages.acknowledged import acknowledged
from notifier.domain.stages.duplicate import duplicate
from notifier.domain.stages.verdict import Drop, Pass, Situation
from notifier.domain.states import Waiting
from tests.unit.notifier.making import MAIL, notification
from tocsin.testing import START

ANSWERED = Incident(
    "inc-1", version=4, status="acknowledged", answered_at_version=3, answered_by="bob"
)


def test_the_order_of_the_stages() -> None:
    assert (acknowledged, duplicate) == PIPELINE


def test_a_page_decided_before_the_answer_is_dropped() -> None:
    verdict = acknowledged(notification(incident_version=2), Situation(ANSWERED))

    assert verdict == Drop("acknowledged by bob")


def test_a_page_decided_on_the_answered_incident_is_sent() -> None:
    """Somebody escalated what was acknowledged already: that page is wanted."""
    assert acknowledged(notification(incident_version=3), Situation(ANSWERED)) == Pass()


def test_a_note_after_the_page_does_not_drop_it() -> None:
    noted = Incident("inc-1", version=9, status="triggered")

    assert acknowledged(notification(incident_version=2), Situation(noted)) == Pass()


def test_an_unknown_incident_drops_nothing() -> None:
    assert acknowledged(notification(), Situation(None)) == Pass()


def test_two_methods_with_one_address_at_one_moment_are_one() -> None:
    first, second = notification("n-1"), notification("n-2", order=1)

    passed, dropped = run([first, second], None)

    assert passed == [first]
    assert [one.notification for one in dropped] == [second]
    assert dropped[0].reason == "phone tells the same address at the same moment"


def test_the_same_address_later_is_a_reminder() -> None:
    first = notification("n-1")
    later = notification("n-2", state=Waiting(START + timedelta(minutes=2)))
    elsewhere = notification("n-3", contact=MAIL)

    passed, dropped = run([first, later, elsewhere], None)

    assert passed == [first, later, elsewhere]
    assert dropped == []
