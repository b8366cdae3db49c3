"""Who is on call: the one answer, and the shifts that are made of it."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.domain.schedule import Schedule
from tests.unit.escalation.test_wall_clock import ZONES, utc, wall
from tocsin import catalog

BASE = {
    "name": "base",
    "rotation": {
        "type": "weekly",
        "start": "2026-01-05T09:00",
        "participants": ["ada", "bob"],
    },
}
OFFICE = {
    "name": "office",
    "rotation": {"type": "daily", "start": "2026-01-05T00:00", "participants": ["eve"]},
    "restrictions": [{"weekdays": ["mon"], "from": "09:00", "until": "18:00"}],
}


def schedule(*layers: dict[str, Any], zone: str = "Europe/Paris") -> Schedule:
    spec = catalog.Schedule.model_validate({"time_zone": zone, "layers": list(layers)})
    return Schedule.of("web", spec)


def test_the_last_layer_that_applies_wins_and_the_base_returns_after_it() -> None:
    web = schedule(BASE, OFFICE)
    assert web.on_call(utc("2026-01-12T10:00")).responders == ("eve",)
    assert web.on_call(utc("2026-01-12T17:00")).responders == ("bob",)


def test_the_reason_names_schedule_layer_and_turn() -> None:
    answer = schedule(BASE).on_call(utc("2026-01-13T10:00"))
    assert answer.reason == ("schedule web", "layer base, turn 1")


def test_somebody_who_cannot_be_reached_lets_the_layer_below_show_through() -> None:
    answer = schedule(BASE, OFFICE).on_call(utc("2026-01-12T10:00"), lambda who: who != "eve")
    assert answer.responders == ("bob",)
    assert answer.reason == (
        "schedule web",
        "layer base, turn 1",
        "layer office, turn 7: eve cannot be reached",
    )


def test_nobody_before_the_rotation_starts() -> None:
    answer = schedule(BASE).on_call(utc("2026-01-01T10:00"))
    assert answer.responders == ()
    assert answer.reason == ("schedule web: nobody is on call",)


def test_shifts_of_a_week_with_an_upper_layer() -> None:
    web = schedule(BASE, OFFICE)
    found = web.shifts(utc("2026-01-11T00:00"), utc("2026-01-20T00:00"))
    assert [(one.begins, one.until, *one.on_call.responders) for one in found] == [
        (utc("2026-01-11T00:00"), utc("2026-01-12T08:00"), "ada"),
        (utc("2026-01-12T08:00"), utc("2026-01-12T17:00"), "eve"),
        (utc("2026-01-12T17:00"), utc("2026-01-19T08:00"), "bob"),
        (utc("2026-01-19T08:00"), utc("2026-01-19T17:00"), "eve"),
        (utc("2026-01-19T17:00"), utc("2026-01-20T00:00"), "ada"),
    ]


def test_gaps_are_what_the_shifts_leave() -> None:
    found = schedule(OFFICE).gaps(utc("2026-01-12T00:00"), utc("2026-01-13T00:00"))
    assert [(one.begins, one.until) for one in found] == [
        (utc("2026-01-12T00:00"), utc("2026-01-12T08:00")),
        (utc("2026-01-12T17:00"), utc("2026-01-13T00:00")),
    ]


def test_an_empty_span_has_no_shifts() -> None:
    at = utc("2026-01-12T00:00")
    assert schedule(BASE).spans(at, at) == []


clock_times = st.times().map(lambda time: f"{time:%H:%M}")
layers = st.fixed_dictionaries(
    {
        "name": st.just("layer"),
        "rotation": st.fixed_dictionaries(
            {
                "type": st.sampled_from(["hourly", "daily", "weekly"]),
                "length": st.integers(1, 30),
                "start": st.datetimes(wall("2010-01-01"), wall("2012-01-01")).map(
                    lambda start: f"{start:%Y-%m-%dT%H:%M}"
                ),
                "participants": st.lists(
                    st.sampled_from(["ada", "bob", "eve", "gone"]), min_size=1, max_size=4
                ),
            }
        ),
        "restrictions": st.lists(
            st.fixed_dictionaries(
                {
                    "weekdays": st.lists(
                        st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]),
                        min_size=1,
                        unique=True,
                    ),
                    "from": clock_times,
                    "until": clock_times,
                }
            ),
            max_size=2,
        ),
    }
)
# Around changes of the clocks, Apia's skipped day among them, and anywhere.
CHANGES = [
    "2011-12-30T10:00",
    "2025-03-30T01:00",
    "2025-10-26T01:00",
    "2025-10-04T15:30",
    "2025-04-05T15:00",
    "2025-09-07T04:00",
    "2026-04-05T03:00",
    "2026-04-23T22:00",
    "2026-03-28T22:00",
    "2026-10-30T21:00",
]
starts = st.builds(
    lambda change, minutes: utc(change) + timedelta(minutes=minutes),
    st.sampled_from(CHANGES),
    st.integers(-3 * 1440, 1440),
)


@settings(max_examples=300, deadline=None)
@given(
    web=st.builds(
        lambda layers, zone: schedule(*layers, zone=zone),
        st.lists(layers, min_size=1, max_size=3),
        st.sampled_from(ZONES),
    ),
    since=starts,
    hours=st.integers(1, 96),
    probes=st.lists(st.floats(0, 0.999), min_size=1, max_size=20),
)
def test_on_call_and_shifts_agree_at_every_instant(
    web: Schedule, since: datetime, hours: int, probes: list[float]
) -> None:
    until = since + timedelta(hours=hours)
    spans = web.spans(since, until, lambda who: who != "gone")
    assert spans[0].begins == since
    assert spans[-1].until == until
    for earlier, later in itertools.pairwise(spans):
        assert earlier.until == later.begins
        assert earlier.on_call != later.on_call
    instants = [since + (until - since) * probe for probe in probes]
    instants += [span.begins for span in spans] + [
        span.until - timedelta(seconds=1) for span in spans
    ]
    for at in instants:
        (span,) = [span for span in spans if span.begins <= at < span.until]
        assert web.on_call(at, lambda who: who != "gone") == span.on_call


def test_instants_are_utc() -> None:
    found = schedule(BASE).shifts(utc("2026-03-01T00:00"), utc("2026-04-01T00:00"))
    assert all(one.begins.tzinfo is UTC for one in found)
