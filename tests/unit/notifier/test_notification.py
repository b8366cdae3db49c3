"""A notification keeps its promises, whatever happens to it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.notification import Decision, Notification
from notifier.domain.retrying import LEASE, MAX_ATTEMPTS
from notifier.domain.states import (
    Delivered,
    Failed,
    Retrying,
    Sending,
    Sent,
    Waiting,
    Withdrawn,
)
from tests.unit.notifier.making import notification
from tocsin.channels import (
    Accepted,
    Config,
    Content,
    ExternalRef,
    RateLimited,
    SendResult,
    TargetGone,
    Transient,
    Unknown,
)
from tocsin.channels import Delivered as ArrivedAtOnce
from tocsin.events import (
    NotificationDelivered,
    NotificationFailed,
    NotificationSent,
    NotificationUncertain,
    NotificationWithdrawn,
)
from tocsin.testing import START

SECOND = timedelta(seconds=1)


def sending(**more: object) -> Notification:
    return replace(notification().claim(START).notification, **more)  # type: ignore[arg-type]


def test_a_claim_counts_the_attempt_and_holds_a_lease() -> None:
    claimed = notification().claim(START).notification

    assert claimed.state == Sending(START + timedelta(seconds=30))
    assert (claimed.attempt, claimed.fence) == (1, 1)


@pytest.mark.parametrize(
    ("result", "state", "fact"),
    [
        (Accepted(ExternalRef("m1")), Sent(START, "m1"), NotificationSent),
        (ArrivedAtOnce(ExternalRef("m1", "c1")), Delivered(START, "c1 m1"), NotificationDelivered),
        (TargetGone("HTTP 410"), Failed(START, "target-gone", "HTTP 410"), NotificationFailed),
        (Content("HTTP 400"), Failed(START, "content", "HTTP 400"), NotificationFailed),
        (Config("HTTP 401"), Failed(START, "config", "HTTP 401"), NotificationFailed),
    ],
)
def test_an_answer_that_settles_it(
    result: SendResult, state: object, fact: type[NotificationFailed]
) -> None:
    decision = sending().record(result, 1, START)

    assert decision.notification.state == state
    assert [type(one) for one in decision.facts] == [fact]
    assert decision.facts[0].attempt == 1
    assert decision.fail_over == isinstance(state, Failed)


@pytest.mark.parametrize(
    ("retry_after", "wait_at_least", "wait_at_most"),
    [
        (None, 0.5, 1.0),
        (timedelta(seconds=7), 7, 7),
        (timedelta(minutes=5), 300, 300),
        (timedelta(days=365), 300, 300),
        (timedelta(0), 0.5, 1.0),
    ],
)
def test_retry_after_is_honoured_up_to_five_minutes(
    retry_after: timedelta | None, wait_at_least: float, wait_at_most: float
) -> None:
    decision = sending().record(RateLimited("HTTP 429", retry_after), 1, START)

    state = decision.notification.state
    assert isinstance(state, Retrying)
    assert wait_at_least <= (state.due_at - START).total_seconds() <= wait_at_most
    (fact,) = decision.facts
    assert isinstance(fact, NotificationFailed)
    assert fact.retry_at == state.due_at


def test_delays_grow_and_are_bounded() -> None:
    waits = []
    for attempt in range(1, MAX_ATTEMPTS):
        state = sending(attempt=attempt).record(Transient("HTTP 503"), 1, START).notification.state
        assert isinstance(state, Retrying)
        waits.append((state.due_at - START).total_seconds())

    ceilings = [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert all(top / 2 <= wait <= top for wait, top in zip(waits, ceilings, strict=True))


def test_the_jitter_can_be_worked_out_again() -> None:
    once = sending().record(Transient("HTTP 500"), 1, START)
    again = sending().record(Transient("HTTP 500"), 1, START)

    assert once == again


def test_the_last_attempt_gives_way_to_the_next_method() -> None:
    decision = sending(attempt=MAX_ATTEMPTS).record(Transient("HTTP 503"), 1, START)

    assert decision.notification.state == Failed(START, "transient", "HTTP 503")
    assert decision.fail_over


def test_no_answer_is_said_to_be_uncertain_and_is_sent_again() -> None:
    decision = sending().record(Unknown("no answer within 10 s"), 1, START)

    assert isinstance(decision.notification.state, Retrying)
    assert decision.notification.repeat_possible
    (fact,) = decision.facts
    assert isinstance(fact, NotificationUncertain)
    assert fact.retry_at is not None


def test_a_lapsed_lease_is_uncertain_and_due_at_once() -> None:
    later = START + LEASE
    decision = sending().lapse(later)

    assert isinstance(decision.notification.state, Retrying)
    assert decision.notification.state.due_at == later
    assert decision.notification.repeat_possible
    assert isinstance(decision.facts[0], NotificationUncertain)


def test_a_lease_that_holds_does_not_lapse() -> None:
    assert sending().lapse(START + LEASE - SECOND) == Decision(sending())


def test_a_result_of_an_older_claim_writes_nothing() -> None:
    lapsed = sending().lapse(START + LEASE).notification
    again = lapsed.claim(START + LEASE).notification

    assert again.record(ArrivedAtOnce(), 1, START + LEASE) == Decision(again)
    assert again.release(1, START + LEASE) == Decision(again)


def test_a_released_claim_is_no_attempt() -> None:
    decision = sending().release(1, START)

    assert decision.notification.state == Waiting(START)
    assert decision.notification.attempt == 0
    assert decision.notification.fence == 1
    assert decision.facts == ()


def test_what_waits_is_withdrawn_by_an_answer() -> None:
    decision = notification().withdraw("acknowledged by bob", START)

    assert decision.notification.state == Withdrawn(START, "acknowledged by bob")
    assert isinstance(decision.facts[0], NotificationWithdrawn)


def test_what_is_under_way_is_stopped_but_not_called_unsent() -> None:
    decision = sending().withdraw("acknowledged by bob", START)

    assert decision.notification.state == Sending(START + LEASE, "acknowledged by bob")
    assert decision.facts == ()


@pytest.mark.parametrize(
    ("result", "state", "fact"),
    [
        (ArrivedAtOnce(), Delivered(START, ""), NotificationDelivered),
        (Transient("HTTP 500"), Withdrawn(START, "answered"), NotificationWithdrawn),
        (RateLimited("HTTP 429"), Withdrawn(START, "answered"), NotificationWithdrawn),
        (Unknown("no answer"), Withdrawn(START, "answered"), NotificationUncertain),
        (TargetGone("HTTP 410"), Failed(START, "target-gone", "HTTP 410"), NotificationFailed),
    ],
)
def test_what_was_stopped_is_never_sent_again(
    result: SendResult, state: object, fact: type[NotificationFailed]
) -> None:
    stopped = sending().withdraw("answered", START).notification
    decision = stopped.record(result, 1, START)

    assert decision.notification.state == state
    assert [type(one) for one in decision.facts] == [fact]
    assert not decision.fail_over


def test_a_stopped_claim_that_was_not_begun_is_withdrawn() -> None:
    stopped = sending().withdraw("answered", START).notification
    decision = stopped.release(1, START)

    assert decision.notification.state == Withdrawn(START, "answered")
    assert isinstance(decision.facts[0], NotificationWithdrawn)


def test_a_stopped_claim_whose_sender_died_is_uncertain_and_over() -> None:
    stopped = sending().withdraw("answered", START).notification
    decision = stopped.lapse(START + LEASE)

    assert isinstance(decision.notification.state, Withdrawn)
    (fact,) = decision.facts
    assert isinstance(fact, NotificationUncertain)
    assert fact.retry_at is None


def test_a_long_wait_lets_the_next_method_go_as_well_but_once() -> None:
    decision = sending().record(RateLimited("HTTP 429", timedelta(minutes=2)), 1, START)
    assert decision.fail_over
    assert isinstance(decision.notification.state, Retrying)

    later = START + timedelta(minutes=2)
    again = decision.notification.claim(later).notification.record(
        RateLimited("HTTP 429", timedelta(minutes=2)), 2, later
    )
    assert not again.fail_over


def test_short_waits_do_not_disturb_the_next_method() -> None:
    assert not sending().record(Transient("HTTP 503"), 1, START).fail_over


def test_waiting_for_a_free_sender_has_its_bound_too() -> None:
    soon, late = START + SECOND, START + timedelta(seconds=31)

    assert not notification().postpone(soon, START).fail_over
    assert notification().postpone(late + SECOND, late).fail_over


@pytest.mark.parametrize(
    "result", [ArrivedAtOnce(), TargetGone("x"), Unknown("x"), Transient("x"), Config("x")]
)
def test_an_update_tells_no_timeline_and_pages_nobody(result: SendResult) -> None:
    decision = sending(purpose="update").record(result, 1, START)

    assert decision.facts == ()
    assert not decision.fail_over


def test_a_receipt_turns_sent_into_delivered_or_failed() -> None:
    sent = sending().record(Accepted(ExternalRef("m")), 1, START).notification

    assert isinstance(sent.receive(ArrivedAtOnce(), START).notification.state, Delivered)
    bounced = sent.receive(TargetGone("bounced"), START)
    assert isinstance(bounced.notification.state, Failed)
    assert bounced.fail_over
    assert sent.receive(Transient("later"), START) == Decision(sent)


def test_a_receipt_that_overtakes_the_answer_counts() -> None:
    arrived = sending().receive(ArrivedAtOnce(), START).notification

    assert isinstance(arrived.state, Delivered)
    assert arrived.record(Accepted(), 1, START) == Decision(arrived)


RESULTS: st.SearchStrategy[SendResult] = st.one_of(
    st.just(Accepted()),
    st.just(ArrivedAtOnce()),
    st.builds(
        RateLimited,
        st.just("429"),
        st.none() | st.timedeltas(timedelta(0), timedelta(days=400)),
    ),
    st.builds(Transient, st.just("503")),
    st.just(Unknown("no answer")),
    st.just(TargetGone("410")),
    st.just(Content("400")),
    st.just(Config("401")),
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["claim", "record", "stale", "release", "lapse", "withdraw", "postpone"]),
        RESULTS,
        st.integers(0, 400),
    ),
    max_size=60,
)


def _step(one: Notification, verb: str, result: SendResult, now: datetime) -> Decision:
    match verb:
        case "claim" if isinstance(one.state, Waiting | Retrying) and one.state.due_at <= now:
            return one.claim(now)
        case "record":
            return one.record(result, one.fence, now)
        case "stale":
            return one.record(result, one.fence - 1, now)
        case "release":
            return one.release(one.fence, now)
        case "lapse":
            return one.lapse(now)
        case "withdraw":
            return one.withdraw("answered", now)
        case "postpone" if isinstance(one.state, Waiting | Retrying):
            return one.postpone(now + SECOND, now)
        case _:
            return Decision(one)


@given(STEPS)
def test_whatever_happens_a_notification_keeps_its_promises(
    steps: list[tuple[str, SendResult, int]],
) -> None:
    one, now = notification(), START
    stopped = False
    for verb, result, seconds in steps:
        now += timedelta(seconds=seconds)
        before = one
        decision = _step(one, verb, result, now)
        one = decision.notification

        assert one.notification_id == before.notification_id
        assert one.fence >= before.fence
        assert one.attempt <= MAX_ATTEMPTS
        assert len(one.attempts) <= MAX_ATTEMPTS
        if before.wakes_at is None:  # What is over stays over.
            assert one == before
            assert not decision.facts
        if one.wakes_at is None and before.wakes_at is not None:  # Nothing ends silently.
            assert decision.facts
        if verb == "stale":
            assert one == before
        if isinstance(one.state, Failed):
            assert decision.fail_over or before == one or stopped
        stopped = stopped or verb == "withdraw"
        if stopped:  # Nothing is begun after the answer.
            assert not isinstance(one.state, Waiting | Retrying)
