"""Which overdue pages go together: nobody is forgotten, nobody is told of a thing twice."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.notification import Notification
from notifier.domain.states import Delivered, Retrying, Sending, State, Waiting
from notifier.domain.summary import (
    GATHER,
    SUMMARY_FROM,
    gathered,
    gathers,
    is_stale,
    leader_of,
    summaries,
    summary_id,
)
from tests.unit.notifier.making import MAIL, PHONE, notification
from tocsin.testing import START

MINUTE = timedelta(minutes=1)
NOW = START + 60 * MINUTE


def overdue(identity: str, minutes: int = 30, **more: object) -> Notification:
    since = NOW - minutes * MINUTE
    given: dict[str, object] = {"due_since": since, "state": Waiting(since)}
    return notification(identity, **(given | more))


def many(count: int, **more: object) -> list[Notification]:
    return [overdue(f"n-{number:02}", **more) for number in range(count)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("minutes", "state", "stale"),
    [
        (4, Waiting(NOW), False),
        (5, Waiting(NOW), False),  # Five minutes are not more than five minutes.
        (6, Waiting(NOW), True),
        (1, Retrying(NOW, "HTTP 503"), False),
        (3, Retrying(NOW, "HTTP 503"), True),
        (60, Sending(NOW), False),
        (60, Delivered(NOW, ""), False),
    ],
)
def test_what_is_stale(minutes: int, state: State, stale: bool) -> None:
    assert is_stale(overdue("n-1", minutes, state=state), NOW) == stale


def test_an_update_is_never_stale() -> None:
    assert not is_stale(overdue("n-1", purpose="update"), NOW)
    assert not gathers(overdue("n-1", purpose="update"), NOW)


def test_what_was_in_a_summary_stays_with_the_others_however_young() -> None:
    assert is_stale(overdue("n-1", 0, state=Waiting(NOW), summary="n-0.abc"), NOW)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (Waiting(NOW - 6 * MINUTE), True),
        (Waiting(NOW - 4 * MINUTE), False),
        (Retrying(NOW - 6 * MINUTE, "x"), True),
        (Retrying(NOW, "x"), False),
        (Sending(NOW - 6 * MINUTE), False),
    ],
)
def test_what_nobody_looked_at_for_long_gathers_first(state: State, expected: bool) -> None:
    assert gathers(overdue("n-1", state=state), NOW) == expected


def test_who_has_gathered_goes() -> None:
    after = gathered(overdue("n-1"), NOW)

    assert after.state == Waiting(NOW + GATHER)
    assert after.due_since == NOW - 30 * MINUTE, "it stays as late as it is"
    assert not gathers(after, NOW + GATHER)


@pytest.mark.parametrize(("count", "groups"), [(0, 0), (1, 0), (3, 0), (4, 1), (500, 1)])
def test_more_than_three_go_together(count: int, groups: int) -> None:
    found = summaries(many(count), [], NOW)

    assert [len(group) for group in found] == [count] * groups


def test_each_person_and_each_contact_method_has_its_own() -> None:
    everybody = [
        *many(4),
        *(replace(one, notification_id=f"m{one.notification_id}", contact=MAIL) for one in many(4)),
        *(
            replace(one, notification_id=f"b{one.notification_id}", responder="bob")
            for one in many(5)
        ),
    ]

    found = summaries(everybody, [], NOW)
    assert [(group[0].responder, group[0].contact, len(group)) for group in found] == [
        ("ada", PHONE, 4),
        ("ada", MAIL, 4),
        ("bob", PHONE, 5),
    ]


def test_those_whose_time_has_not_come_join_and_start_nothing() -> None:
    due, waiting = many(1), [overdue(f"w-{n}", state=Retrying(NOW + MINUTE, "x")) for n in range(5)]

    assert [len(group) for group in summaries(due, waiting, NOW)] == [6]
    assert summaries([], waiting, NOW) == []
    assert summaries(due, waiting[:2], NOW) == []


def test_the_same_pages_are_the_same_message_and_others_are_another() -> None:
    four, five = many(4), many(5)

    assert summary_id(four) == summary_id(many(4))
    assert summary_id(four) != summary_id(five)
    assert summary_id(four) != four[0].notification_id
    assert leader_of(summary_id(four)) == leader_of("n-00") == "n-00"


STATES = st.sampled_from(["waiting", "retrying", "sending", "delivered"])


@st.composite
def notifications(draw: st.DrawFn, prefix: str) -> list[Notification]:
    found = []
    for number in range(draw(st.integers(0, 25))):
        due = NOW - draw(st.integers(0, 20)) * MINUTE
        state = {
            "waiting": Waiting(due),
            "retrying": Retrying(due, "x"),
            "sending": Sending(due),
            "delivered": Delivered(due, ""),
        }[draw(STATES)]
        found.append(
            notification(
                f"{prefix}-{number}",
                due_since=due,
                state=state,
                responder=draw(st.sampled_from(["ada", "bob"])),
                contact=draw(st.sampled_from([PHONE, MAIL])),
                summary=draw(st.sampled_from(["", "", "n.abc"])),
                purpose=draw(st.sampled_from(["page", "page", "page", "update"])),
            )
        )
    return found


@given(notifications("due"), notifications("waiting"))
def test_a_summary_holds_what_is_stale_of_one_place_once(
    due: list[Notification], waiting: list[Notification]
) -> None:
    found = summaries(due, waiting, NOW)

    together = [one.notification_id for group in found for one in group]
    assert len(together) == len(set(together)), "nobody is told twice"
    for group in found:
        assert len(group) > SUMMARY_FROM
        assert len({(one.responder, one.contact) for one in group}) == 1
        assert all(is_stale(one, NOW) for one in group), "what is fresh goes alone"
        assert any(one in due for one in group), "nobody is sent before its time for nothing"
    places = [(group[0].responder, group[0].contact) for group in found]
    assert len(places) == len(set(places)), "one message for each place"
    left = [one for one in due if one.notification_id not in together and is_stale(one, NOW)]
    for place in {(one.responder, one.contact) for one in left}:
        assert sum((one.responder, one.contact) == place for one in left) <= SUMMARY_FROM


@given(notifications("due"))
def test_the_order_of_arrival_changes_no_message(due: list[Notification]) -> None:
    once = {summary_id(group) for group in summaries(due, [], NOW)}
    again = {summary_id(group) for group in summaries(reversed(due), [], NOW)}

    assert once == again
