"""Deduplication: what a message means for its alert, in tables and in any order."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_intake.domain.alert import Alert
from incident_intake.domain.deduplication import (
    CLOCKS_DIFFER,
    LATE_DELIVERY,
    Acknowledged,
    Opened,
    Reopened,
    Repeated,
    Resolved,
    Stale,
    verdict,
)
from tests.unit.incident_intake.world import message, seconds
from tocsin.testing import START

LATER = START + timedelta(minutes=10)
FIRING = Alert.opened(message(started_at=START)).joined("inc_1")
BY_TOOL = FIRING.ended(message(action="resolve", at=LATER, started_at=START, ended_at=LATER))
BY_PERSON = FIRING.dismissed(LATER)
EXPIRING = Alert.opened(message(expires_at=LATER)).joined("inc_1")
EXPIRED = EXPIRING.expired()


@pytest.mark.parametrize(
    ("alert", "is_open", "expected"),
    [
        (None, False, Opened),
        (FIRING, True, Repeated),
        (FIRING, False, Opened),  # Its incident was resolved without it: somebody must hear.
        (FIRING.suppressed("sil_1"), False, Opened),
        (BY_TOOL, True, Reopened),
        (BY_TOOL, False, Opened),
        (BY_PERSON, False, Opened),
        (EXPIRED, False, Opened),
        (EXPIRED, True, Reopened),
    ],
)
def test_a_trigger(alert: Alert | None, is_open: bool, expected: type) -> None:
    event = message(at=LATER + seconds(1), started_at=LATER + seconds(1))
    assert isinstance(verdict(alert, event, incident_is_open=is_open), expected)


@pytest.mark.parametrize(
    ("alert", "is_open", "expected"),
    [
        (None, False, Stale),
        (FIRING, True, Acknowledged),
        (FIRING, False, Stale),
        (FIRING.suppressed("sil_1"), False, Stale),
        (BY_TOOL, True, Stale),
    ],
)
def test_an_acknowledgement(alert: Alert | None, is_open: bool, expected: type) -> None:
    event = message(action="acknowledge", at=LATER)
    assert isinstance(verdict(alert, event, incident_is_open=is_open), expected)


@pytest.mark.parametrize(
    ("alert", "expected"),
    [
        (None, Stale),
        (FIRING, Resolved),
        (FIRING.suppressed("sil_1"), Resolved),
        (BY_TOOL, Stale),
        (BY_PERSON, Stale),
        (EXPIRED, Stale),
    ],
)
def test_a_resolve(alert: Alert | None, expected: type) -> None:
    event = message(action="resolve", at=LATER, ended_at=LATER)
    assert isinstance(verdict(alert, event, incident_is_open=True), expected)


def test_a_late_resolve_of_an_earlier_episode_ends_nothing() -> None:
    firing = Alert.opened(message(started_at=LATER)).joined("inc_2")
    late = message(action="resolve", at=LATER, started_at=START, ended_at=LATER - seconds(1))
    assert isinstance(verdict(firing, late, incident_is_open=True), Stale)


def test_a_resolve_that_a_later_trigger_has_overtaken_ends_nothing() -> None:
    firing = Alert.opened(message(at=LATER)).joined("inc_1")
    overtaken = message(action="resolve", at=LATER - seconds(1))
    assert isinstance(verdict(firing, overtaken, incident_is_open=True), Stale)
    in_turn = message(action="resolve", at=LATER)
    assert isinstance(verdict(firing, in_turn, incident_is_open=True), Resolved)


def test_a_late_firing_of_the_resolved_episode_opens_nothing() -> None:
    at = LATER + LATE_DELIVERY - seconds(1)
    late = message(at=at, started_at=START, source="alertmanager")
    assert isinstance(verdict(BY_TOOL, late, incident_is_open=False), Stale)


def test_the_same_episode_reported_long_after_its_resolve_is_true() -> None:
    """The tool was cut off, its alert timed out at the Alertmanager, and it never had ended."""
    again = message(at=LATER + LATE_DELIVERY, started_at=START)
    assert isinstance(verdict(BY_TOOL, again, incident_is_open=False), Opened)


@pytest.mark.parametrize("source", ["generic", "pagerduty"])
def test_who_says_things_once_fires_again_at_once(source: str) -> None:
    """A script that keeps the start of its check: trigger, resolve, trigger, all in a minute."""
    again = message(at=LATER, started_at=START, source=source)
    assert isinstance(verdict(BY_TOOL, again, incident_is_open=False), Opened)
    before = message(at=LATER - seconds(1), started_at=START, source=source)
    assert isinstance(verdict(BY_TOOL, before, incident_is_open=False), Stale)


def test_a_resolve_that_arrives_before_its_firing_is_remembered() -> None:
    resolve = message(action="resolve", at=START, started_at=START, ended_at=START)
    first = verdict(None, resolve, incident_is_open=False)
    assert isinstance(first, Stale)
    assert first.alert is not None
    late = message(at=START + seconds(1), started_at=START, source="prometheus")
    assert isinstance(verdict(first.alert, late, incident_is_open=False), Stale)
    anew = message(at=START + seconds(1), started_at=START + seconds(1))
    assert isinstance(verdict(first.alert, anew, incident_is_open=False), Opened)


def test_a_resolve_without_an_episode_does_not_resolve_in_advance() -> None:
    resolve = message(action="resolve", at=START)
    assert verdict(None, resolve, incident_is_open=False) == Stale("no alert has this key", None)


def test_a_script_may_name_the_same_start_for_ever() -> None:
    """Only a resolve that names its episode makes a later firing of that episode late."""
    ended = FIRING.ended(message(action="resolve", at=LATER))
    again = message(at=LATER + seconds(1), started_at=START)
    assert isinstance(verdict(ended, again, incident_is_open=False), Opened)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (seconds(18), Stale),
        (CLOCKS_DIFFER, Opened),  # Of two replicas, nobody can say: somebody is woken.
        (LATE_DELIVERY, Opened),  # No append takes so long: a clock was put back.
        (seconds(-1), Opened),
    ],
)
def test_a_firing_that_nobody_was_answered_for_does_not_undo_the_end_said_since(
    before: timedelta, expected: type
) -> None:
    """It lay between Kafka and the outbox while its sender said it again, and that it is over."""
    ended = FIRING.ended(message(action="resolve", at=LATER))
    overtaken = message(at=LATER - before)
    assert isinstance(verdict(ended, overtaken, incident_is_open=False), expected)


def test_what_was_in_the_backlog_when_a_person_resolved_does_not_page_again() -> None:
    backlog = message(at=LATER - seconds(1))
    assert isinstance(verdict(BY_PERSON, backlog, incident_is_open=False), Stale)


def test_a_resend_that_was_read_late_shows_that_the_alert_had_not_expired() -> None:
    resend = message(at=LATER - seconds(5), expires_at=LATER + seconds(60))
    assert isinstance(verdict(EXPIRED, resend, incident_is_open=True), Reopened)
    old = message(at=LATER - seconds(90), expires_at=LATER - seconds(1))
    assert isinstance(verdict(EXPIRED, old, incident_is_open=True), Stale)


def test_a_repeat_keeps_the_earliest_start_and_the_latest_end() -> None:
    first = Alert.opened(message(started_at=LATER, expires_at=LATER + seconds(9)))
    repeated = first.repeated(
        message(at=LATER, started_at=START, expires_at=LATER + seconds(5), severity="info")
    )
    assert repeated.started_at == START
    assert repeated.latest_start == LATER
    assert repeated.expires_at == LATER + seconds(9)
    assert (repeated.severity, repeated.times_received) == ("info", 2)


def test_a_repeat_without_an_end_does_not_expire() -> None:
    first = Alert.opened(message(expires_at=LATER))
    assert first.repeated(message()).expires_at is None


actions = st.lists(st.sampled_from(["trigger", "acknowledge", "resolve"]), max_size=30)


@given(actions)
def test_an_incident_is_open_exactly_from_a_trigger_to_a_resolve(sequence: list[str]) -> None:
    """PagerDuty's semantics, whatever the order: the model is one boolean."""
    alert: Alert | None = None
    is_open = False
    for count, action in enumerate(sequence):
        event = message(action=action, at=START + seconds(count))
        match verdict(alert, event, incident_is_open=is_open):
            case Opened(found):
                assert (action, is_open) == ("trigger", False)
                alert, is_open = found.joined(f"inc_{count}"), True
            case Repeated(found):
                assert (action, is_open) == ("trigger", True)
                alert = found
            case Acknowledged():
                assert (action, is_open) == ("acknowledge", True)
            case Resolved(found):
                assert (action, is_open) == ("resolve", True)
                alert, is_open = found, False
            case Stale(alert=remembered):
                assert action != "trigger"
                assert not is_open
                alert = remembered or alert
            case Reopened():
                raise AssertionError("the incident was over with its only alert")


@given(st.permutations(range(6)))
def test_repeats_in_any_order_are_one_episode(order: list[int]) -> None:
    alert: Alert | None = None
    opened = 0
    for place in order:
        event = message(at=START + seconds(place), started_at=START, expires_at=LATER)
        found = verdict(alert, event, incident_is_open=alert is not None)
        opened += isinstance(found, Opened)
        assert isinstance(found, Opened | Repeated)
        alert = found.alert.joined("inc_1")
    assert opened == 1
    assert alert is not None
    assert alert.times_received == 6
    assert alert.received_at == START + seconds(5)
