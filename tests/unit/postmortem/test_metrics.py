"""Durations by our clock; unknown stays unknown; each names its events."""

from datetime import timedelta

import pytest

from postmortem.domain.facts import facts
from postmortem.domain.metrics import Metric, metrics, spoken
from tests.unit.postmortem.stories import (
    BOB,
    INCIDENT,
    TOKEN,
    acknowledged,
    alert,
    at,
    envelope,
    night,
    reopened,
    resolved,
    triggered,
)
from tocsin.events import Envelope, Event


def named(events: list[Envelope[Event]], name: str) -> Metric:
    (found,) = [metric for metric in metrics(facts(INCIDENT, events).events) if metric.name == name]
    return found


def test_a_night_in_numbers() -> None:
    found = {metric.name: (metric.milliseconds, metric.rests_on) for metric in metrics(night())}
    assert found == {
        "time to first page": (2_000, ("e01", "e03")),
        "time to acknowledge": (321_000, ("e01", "e09")),
        "time to acknowledge by API token": (None, ()),
        "time to resolve": (1_500_000, ("e01", "e11")),
        "time open": (1_500_000, ("e01", "e11")),
    }


def test_nothing_known_is_none_and_never_zero() -> None:
    assert {metric.value for metric in metrics(())} == {None}


def test_a_script_that_acknowledges_is_no_person() -> None:
    events = [
        envelope("a", 0, triggered()),
        envelope("b", 5, acknowledged(2, TOKEN)),
        envelope("c", 60, acknowledged(3, BOB)),
    ]
    assert named(events, "time to acknowledge").value == timedelta(seconds=60)
    assert named(events, "time to acknowledge by API token").value == timedelta(seconds=5)


def test_the_time_between_resolve_and_reopen_is_not_open_time() -> None:
    events = [
        envelope("a", 0, triggered()),
        envelope("b", 100, resolved(2)),
        envelope("c", 400, reopened(3)),
        envelope("d", 450, resolved(4)),
    ]
    assert named(events, "time to resolve") == Metric(
        "time to resolve", timedelta(seconds=450), ("a", "d")
    )
    assert named(events, "time open") == Metric(
        "time open", timedelta(seconds=150), ("a", "b", "c", "d")
    )


def test_a_reopened_incident_is_not_resolved() -> None:
    events = [
        envelope("a", 0, triggered()),
        envelope("b", 100, resolved(2)),
        envelope("c", 400, reopened(3)),
    ]
    assert named(events, "time to resolve").value is None
    assert named(events, "time open").value is None


def test_a_skewed_source_does_not_lengthen_our_times() -> None:
    early = alert(started_at=at(-600), received_at=at(0))
    events = [envelope("a", 0, triggered(alert=early)), envelope("b", 30, acknowledged(2))]
    assert named(events, "time to acknowledge").value == timedelta(seconds=30)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.34, "340 ms"),
        (59, "59 s"),
        (125, "2 min 5 s"),
        (3840, "1 h 4 min"),
        (90_061, "1 d 1 h"),
    ],
)
def test_durations_are_said_as_people_say_them(seconds: float, text: str) -> None:
    assert spoken(timedelta(seconds=seconds)) == text
