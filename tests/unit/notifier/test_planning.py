"""From rules to notifications, and to the next one when one fails."""

from datetime import UTC, datetime, timedelta
from typing import Any

from notifier.domain.page import Page, fail_over
from notifier.domain.planning import plan, update_of
from notifier.domain.states import Delivered, Failed, Retrying, Sending, Waiting, Withdrawn
from tests.unit.notifier.making import MAIL, PHONE, ada, notification, page
from tocsin.catalog import User
from tocsin.events import ResponderUnreachable
from tocsin.testing import START

FIVE = timedelta(minutes=5)


def test_rules_of_the_urgency_say_when_and_how() -> None:
    found = plan(
        page(), ada(("high", "mail", "5m"), ("high", "phone", "0s"), ("low", "mail", "0s"))
    )

    assert [(one.contact.name, one.state, one.rule) for one in found.notifications] == [
        ("phone", Waiting(START), "high urgency: phone after 0s"),
        ("mail", Waiting(START + FIVE), "high urgency: mail after 5m"),
    ]
    assert [one.order for one in found.notifications] == [0, 1]
    assert found.unreachable is None


def test_a_method_may_be_used_twice_at_different_times() -> None:
    found = plan(page(), ada(("high", "phone", "0s"), ("high", "phone", "2m")))

    assert len({one.notification_id for one in found.notifications}) == 2


def test_delays_count_from_the_request_however_late_it_is_heard() -> None:
    found = plan(page(at=START - FIVE), ada(("high", "mail", "5m")))

    assert found.notifications[0].state == Waiting(START)


def test_without_a_rule_every_method_at_once_and_it_says_so() -> None:
    found = plan(page(), ada(("low", "mail", "0s")))

    assert [(one.contact, one.state) for one in found.notifications] == [
        (PHONE, Waiting(START)),
        (MAIL, Waiting(START)),
    ]
    assert {one.rule for one in found.notifications} == {
        "no rule for high urgency: every contact method at once"
    }


def test_a_rule_for_a_method_that_is_gone_is_no_rule() -> None:
    found = plan(page(), ada(("high", "pager", "0s")))

    assert [one.contact for one in found.notifications] == [PHONE, MAIL]


def test_planned_twice_it_is_the_same_plan() -> None:
    user = ada(("high", "phone", "0s"))

    assert plan(page(), user) == plan(page(), user)


def test_a_person_without_contact_method_is_unreachable_at_once() -> None:
    found = plan(page(), User())

    assert found.notifications == ()
    assert found.unreachable is not None
    assert found.unreachable.reason == "has no contact method"


def test_a_person_nobody_knows_is_unreachable() -> None:
    found = plan(page(), None)

    assert isinstance(found.unreachable, ResponderUnreachable)
    assert (found.unreachable.page_id, found.unreachable.responder) == ("page-1", "ada")


def test_a_failure_hastens_the_next_that_waits() -> None:
    gone = notification("n-1", state=Failed(START, "target-gone", "HTTP 410"))
    mail = notification("n-2", order=1, contact=MAIL, state=Waiting(START + FIVE))
    later = notification("n-3", order=2, state=Waiting(START + 2 * FIVE))

    after = fail_over(gone, [later, mail, gone], START)

    assert after.hastened is not None
    assert after.hastened.notification_id == "n-2"
    assert after.hastened.state == Waiting(START)
    assert after.unreachable is None


def test_a_failure_leaves_alone_what_goes_anyway() -> None:
    gone = notification("n-1", state=Failed(START, "config", "x"))
    now_due = notification("n-2", order=1, state=Waiting(START))
    later = notification("n-3", order=2, state=Waiting(START + FIVE))

    after = fail_over(gone, [gone, now_due, later], START)

    assert (after.hastened, after.unreachable) == (None, None)


def test_when_all_have_failed_the_person_is_unreachable() -> None:
    one = notification("n-1", state=Failed(START, "target-gone", "HTTP 410"))
    two = notification("n-2", order=1, contact=MAIL, state=Failed(START, "content", "SMTP 550"))

    after = fail_over(two, [one, two], START)

    assert after.unreachable is not None
    assert after.unreachable.reason == "phone: HTTP 410; mail: SMTP 550"


def test_while_one_may_still_arrive_nobody_is_called_unreachable() -> None:
    gone = notification("n-1", state=Failed(START, "target-gone", "HTTP 410"))
    for state in (
        Sending(START),
        Retrying(START, "HTTP 503"),
        Delivered(START, ""),
        Withdrawn(START, "acknowledged"),
    ):
        after = fail_over(gone, [gone, notification("n-2", order=1, state=state)], START)
        assert (after.hastened, after.unreachable) == (None, None)


def test_an_update_keeps_the_reference_and_its_own_identity() -> None:
    paged = notification(state=Delivered(START, "C1 42"))

    once, again = (update_of(paged, "update", 3, START) for _ in range(2))

    assert once == again
    assert once.notification_id != paged.notification_id
    assert (once.about, once.purpose, once.incident_version) == ("C1 42", "update", 3)


NIGHT = {"from": "22:00", "until": "07:00"}


def sleeper(*rules: tuple[str, str, str], **more: Any) -> User:
    known = ada(*rules).model_dump(mode="json")
    return User.model_validate({**known, "quiet_hours": [NIGHT], **more})


def low(at: datetime) -> Page:
    return page(at=at, urgency="low")


def test_what_is_not_urgent_waits_for_the_end_of_quiet_hours_on_the_persons_clock() -> None:
    user = sleeper(("low", "mail", "0s"), time_zone="Europe/Paris")
    (held,) = plan(low(datetime(2026, 1, 5, 22, 30, tzinfo=UTC)), user).notifications
    assert held.state == Waiting(datetime(2026, 1, 6, 6, 0, tzinfo=UTC))
    assert held.due_since == datetime(2026, 1, 6, 6, 0, tzinfo=UTC)  # So it is not late then.
    assert held.rule == "low urgency: mail after 0s, held by quiet hours"


def test_quiet_hours_never_hold_what_is_urgent() -> None:
    night = datetime(2026, 1, 5, 23, 30, tzinfo=UTC)
    found = plan(page(at=night), sleeper(("high", "phone", "0s"), ("high", "mail", "5m")))
    assert [one.state for one in found.notifications] == [Waiting(night), Waiting(night + FIVE)]


def test_outside_quiet_hours_nothing_is_held_and_a_delay_may_run_into_them() -> None:
    evening = datetime(2026, 1, 5, 21, 58, tzinfo=UTC)
    user = sleeper(("low", "mail", "0s"), ("low", "phone", "5m"))
    now, later = plan(low(evening), user).notifications
    assert now.state == Waiting(evening)
    assert later.state == Waiting(datetime(2026, 1, 6, 7, 0, tzinfo=UTC))


def test_what_an_outage_held_up_into_quiet_hours_waits_for_their_end() -> None:
    evening, night = (datetime(2026, 1, 5, hour, 30, tzinfo=UTC) for hour in (20, 23))
    user = sleeper(("low", "mail", "0s"), ("low", "phone", "2h"))
    for one in plan(page(at=night, urgency="low", due_at=evening), user).notifications:
        assert one.state == Waiting(datetime(2026, 1, 6, 7, 0, tzinfo=UTC))
    found = plan(page(at=night, due_at=evening), sleeper(("high", "phone", "0s")))
    assert [one.state for one in found.notifications] == [Waiting(evening)]  # Urgent, and late.
    morning = datetime(2026, 1, 6, 7, 1, tzinfo=UTC)
    (late,) = plan(
        page(at=morning, urgency="low", due_at=evening), sleeper(("low", "mail", "0s"))
    ).notifications
    assert (late.state, late.rule) == (Waiting(evening), "low urgency: mail after 0s")


def test_without_a_rule_quiet_hours_hold_as_well() -> None:
    found = plan(low(datetime(2026, 1, 5, 23, 0, tzinfo=UTC)), sleeper())
    assert {one.state for one in found.notifications} == {
        Waiting(datetime(2026, 1, 6, 7, 0, tzinfo=UTC))
    }


def test_quiet_hours_that_never_end_hold_for_a_day() -> None:
    always = [{"from": "00:00", "until": "00:00"}]
    noon = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
    (held,) = plan(low(noon), sleeper(("low", "mail", "0s"), quiet_hours=always)).notifications
    assert held.state == Waiting(noon + timedelta(days=1))
