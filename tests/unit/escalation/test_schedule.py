"""Who is on call: the one answer, and the shifts that are made of it."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.domain.absence import Absences
from escalation.domain.override import Override
from escalation.domain.schedule import Schedule
from tests.unit.escalation.test_wall_clock import ZONES, utc, wall
from tocsin import catalog
from tocsin.spans import merged

BASE: dict[str, Any] = {
    "name": "base",
    "rotation": {
        "type": "weekly",
        "start": "2026-01-05T09:00",
        "participants": ["ada", "bob"],
    },
}
OFFICE: dict[str, Any] = {
    "name": "office",
    "rotation": {"type": "daily", "start": "2026-01-05T00:00", "participants": ["eve"]},
    "restrictions": [{"weekdays": ["mon"], "from": "09:00", "until": "18:00"}],
}


def schedule(
    *layers: dict[str, Any], zone: str = "Europe/Paris", overrides: tuple[Override, ...] = ()
) -> Schedule:
    spec = catalog.Schedule.model_validate({"time_zone": zone, "layers": list(layers)})
    return Schedule.of("web", spec, overrides)


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


def test_a_layer_that_adds_is_on_call_beside_those_below() -> None:
    web = schedule(BASE, {**OFFICE, "mode": "add"})
    answer = web.on_call(utc("2026-01-12T10:00"))
    assert answer.responders == ("eve", "bob")
    assert answer.reason == ("schedule web", "layer office, turn 7", "layer base, turn 1")
    assert web.on_call(utc("2026-01-12T17:00")).responders == ("bob",)


def test_of_people_together_those_who_can_be_reached_answer() -> None:
    rotation = {**BASE["rotation"], "participants": [["ada", "bob"]]}
    web = schedule({"name": "base", "rotation": rotation})
    at = utc("2026-01-13T10:00")
    assert web.on_call(at).responders == ("ada", "bob")
    answer = web.on_call(at, lambda who: who != "ada")
    assert answer.responders == ("bob",)
    assert answer.reason[-1] == "layer base, turn 1: ada cannot be reached"


def test_a_turn_of_nobody_shows_the_layer_below() -> None:
    rotation = {"type": "weekly", "start": "2026-01-05T09:00", "participants": ["eve", []]}
    web = schedule(BASE, {"name": "top", "rotation": rotation})
    assert web.on_call(utc("2026-01-06T10:00")).responders == ("eve",)
    assert web.on_call(utc("2026-01-13T10:00")).responders == ("bob",)


SWAP = Override("swap", utc("2026-01-12T10:00"), utc("2026-01-12T12:00"), ("zoe",), ("eve",))


def test_an_override_changes_the_answer_and_the_shifts_around_it() -> None:
    web = schedule(BASE, OFFICE, overrides=(SWAP,))
    found = web.shifts(utc("2026-01-12T08:00"), utc("2026-01-12T18:00"))
    assert [(one.begins.hour, one.until.hour, *one.on_call.responders) for one in found] == [
        (8, 10, "eve"),
        (10, 12, "zoe"),
        (12, 17, "eve"),
        (17, 18, "bob"),
    ]
    assert found[1].on_call.reason == (
        "schedule web",
        "layer office, turn 7",
        "override swap: zoe instead of eve",
    )


def test_an_override_of_somebody_who_is_not_on_call_changes_nothing() -> None:
    web = schedule(BASE, overrides=(SWAP,))
    since, until = utc("2026-01-12T09:00"), utc("2026-01-12T18:00")
    assert web.spans(since, until) == schedule(BASE).spans(since, until)


def test_the_next_change_is_the_first_instant_with_other_people() -> None:
    web = schedule(BASE, OFFICE, overrides=(SWAP,))
    found = [web.next_change(utc(f"2026-01-12T{hour}:00")) for hour in ("09", "10", "17")]
    assert [(one.begins, one.on_call.responders) for one in found if one] == [
        (utc("2026-01-12T10:00"), ("zoe",)),
        (utc("2026-01-12T12:00"), ("eve",)),
        (utc("2026-01-19T08:00"), ("eve",)),
    ]
    alone = {**BASE, "rotation": {**BASE["rotation"], "participants": ["ada"]}}
    assert schedule(alone).next_change(utc("2026-01-12T09:00")) is None


def test_an_empty_span_has_no_shifts() -> None:
    at = utc("2026-01-12T00:00")
    assert schedule(BASE).spans(at, at) == []


clock_times = st.times().map(lambda time: f"{time:%H:%M}")
weekdays = st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])
names = st.sampled_from(["ada", "bob", "eve", "gone"])
local_times = st.datetimes(wall("2010-01-01"), wall("2012-01-01")).map(
    lambda start: f"{start:%Y-%m-%dT%H:%M}"
)
participants = st.lists(names | st.lists(names, max_size=2), min_size=1, max_size=4)
rotations = st.one_of(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["hourly", "daily", "weekly", "monthly"]),
            "length": st.integers(1, 30),
            "start": local_times,
            "participants": participants,
        },
        optional={"time_zone": st.sampled_from(ZONES)},
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("custom"),
            "lengths": st.lists(st.sampled_from(["7h", "2d", "30m", "1w"]), min_size=1),
            "start": local_times,
            "participants": participants,
        }
    ),
)
restrictions = st.lists(
    st.fixed_dictionaries(
        {
            "weekdays": st.lists(weekdays, min_size=1, unique=True),
            "from": clock_times,
            "until": clock_times,
        },
        optional={"until_weekday": weekdays, "days": st.just(["1:20", "-3:-1"])},
    ),
    max_size=2,
)
layers = st.fixed_dictionaries(
    {"name": st.just("layer"), "rotation": rotations, "restrictions": restrictions},
    optional={
        "mode": st.just("add"),
        "from": local_times,
        "until": st.just("2026-04-05T02:30"),
        "time_zone": st.sampled_from(ZONES),
        "changes": st.lists(
            st.fixed_dictionaries({"from": local_times, "participants": participants}), max_size=1
        ),
    },
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


hours = st.integers(1, 100)
overrides = st.builds(
    lambda begins, hours, added, removed, covers: Override(
        "override", begins, begins + timedelta(hours=hours), added, removed, covers
    ),
    starts,
    hours,
    st.lists(names, max_size=1).map(tuple),
    st.lists(names, max_size=1).map(tuple),
    st.booleans(),
)


away = st.lists(
    st.builds(lambda since, hours: (since, since + timedelta(hours=hours)), starts, hours),
    max_size=3,
).map(merged)
# Of some people, each their own; or of all of them at once, as on a public holiday.
absences = st.one_of(
    st.dictionaries(names, away, max_size=3),
    away.map(lambda spans: dict.fromkeys(("ada", "bob", "eve", "gone"), spans)),
).map(Absences)


@settings(max_examples=300, deadline=None)
@given(
    web=st.builds(
        lambda layers, zone, overrides, absences: replace(
            schedule(*layers, zone=zone, overrides=tuple(overrides)), absences=absences
        ),
        st.lists(layers, min_size=1, max_size=3),
        st.sampled_from(ZONES),
        st.lists(overrides, max_size=2),
        absences,
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
        answer = web.on_call(at, lambda who: who != "gone")
        assert answer == span.on_call
        by_turn = replace(web, absences=Absences()).on_call(at, lambda who: who != "gone")
        assert answer.responders or not by_turn.responders  # No absence makes a gap.


def test_instants_are_utc() -> None:
    found = schedule(BASE).shifts(utc("2026-03-01T00:00"), utc("2026-04-01T00:00"))
    assert all(one.begins.tzinfo is UTC for one in found)
