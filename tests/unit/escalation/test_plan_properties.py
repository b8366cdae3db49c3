"""What a plan says of an instant is what the climbs of that instant do, for any two catalogs.

Short here; many more with HYPOTHESIS_PROFILE=long.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escalation.domain.affected import affected
from escalation.domain.escalation import Escalation
from escalation.domain.hearing import hear
from escalation.domain.outlook import Outlook
from escalation.domain.rerouting import SEVERITIES, URGENCIES, Person, Rerouted, rerouted
from escalation.domain.turns import NO_TURNS, Ring, ring_of
from tests.unit.escalation.examples import NOW, catalog, people, target, triggered
from tocsin.catalog import Catalog

EXAMPLES = 2000 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 40
TICK, QUARTER, DAY = timedelta(microseconds=1), timedelta(minutes=15), timedelta(days=1)
LENGTH = 12 * DAY  # The clocks of New York go forward in it.
WITHIN = (NOW, NOW + LENGTH)
NAMES = ("ada", "bob", "eve", "mute", "gone")
Documents = dict[str, Any]

names = st.sampled_from(NAMES)
zones = st.sampled_from(["Europe/Paris", "America/New_York", "Asia/Kathmandu"])
clocks = st.sampled_from(["00:00", "02:30", "09:00", "18:00", "23:30"])
days = st.integers(-3, 60).map(lambda count: NOW + count * DAY + timedelta(hours=count % 5))
weekdays = st.lists(st.sampled_from(["mon", "wed", "sat", "sun"]), min_size=1, unique=True)


def maybe(strategy: st.SearchStrategy[Any], empty: Any = None) -> st.SearchStrategy[Any]:
    return st.just(empty) | strategy


def between(one: datetime, other: datetime) -> dict[str, str]:
    begins, ends = sorted((one, other))
    return {"from": begins.isoformat(), "until": (ends + DAY).isoformat()}


hours = st.fixed_dictionaries({"from": clocks, "until": clocks}, optional={"weekdays": weekdays})
rotations = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["hourly", "daily", "weekly"]),
        "length": st.sampled_from([1, 3, 7]),
        "start": st.sampled_from(["2026-01-05T09:00", "2026-03-04T02:30"]),
        "participants": st.lists(names | st.just([]), min_size=1, max_size=3),
    }
)
layers = st.fixed_dictionaries(
    {
        "rotation": rotations,
        "restrictions": st.lists(hours, max_size=2),
        "mode": st.sampled_from(["replace", "add"]),
        "shadow": st.sampled_from([False, False, True]),
    }
)
schedules = st.builds(
    lambda zone, layers: {
        "time_zone": zone,
        "layers": [{"name": f"l{place}", **one} for place, one in enumerate(layers)],
    },
    zones,
    st.lists(layers, min_size=1, max_size=3),
)
overrides = st.builds(
    lambda schedule, span, what, who: {"schedule": schedule, **span, what: who},
    st.sampled_from(["web", "db"]),
    st.builds(between, days, days),
    st.sampled_from(["add", "remove", "cover"]),
    st.lists(names, min_size=1, max_size=2, unique=True),
)
absences = st.builds(
    lambda who, span: {"user": who, "spans": [span]}, names, st.builds(between, days, days)
)
each_condition = {
    "urgency": st.sampled_from(URGENCIES),
    "severity": st.lists(st.sampled_from(SEVERITIES), min_size=1, unique=True),
    "hours": st.builds(lambda zone, one: {"time_zone": zone, "windows": [one]}, zones, hours),
    "labels": st.sampled_from([['tier="1"'], ['tier!="1"']]),
}
conditions = st.one_of(
    *(st.fixed_dictionaries({name: one}) for name, one in each_condition.items()),
    st.fixed_dictionaries({}, optional=each_condition),
)
targets = st.sampled_from(
    [
        *map(target, ("ada", "bob", "mute", "gone", "team:t", "schedule:web", "schedule:gone")),
        {"schedule": "web", "with_next": True},
        {"schedule": "db", "with_next": True},
        {"channel": "t"},
    ]
)
levels = st.fixed_dictionaries(
    {
        "when": maybe(conditions),
        "targets": st.lists(targets, max_size=3),
        "round_robin": st.sampled_from([False, False, True]),
    }
)
last_resorts = maybe(st.sampled_from([target("zoe"), target("schedule:db"), target("gone")]))


def numbered(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    some = st.lists(strategy, max_size=2)
    return some.map(lambda found: {f"n{place}": one for place, one in enumerate(found)})


kinds: dict[str, st.SearchStrategy[Any]] = {
    "User": st.sampled_from(
        [
            {**people("ada", "bob", "eve", "zoe"), "mute": {}},
            {**people("ada", "bob", "mute"), "eve": {}},
        ]
    ),
    "Team": st.lists(names, max_size=3).map(lambda members: {"t": {"members": members}}),
    "Schedule": st.fixed_dictionaries({"web": schedules, "db": schedules}),
    "Override": numbered(overrides),
    "Absence": numbered(absences),
    "EscalationPolicy": st.builds(
        lambda levels, last: {"p": {"levels": levels, "last_resort": last}},
        st.lists(levels, min_size=1, max_size=3),
        last_resorts,
    ),
    "Service": st.sampled_from(["1", "2"]).map(
        lambda tier: {"shop": {"escalation_policy": "p", "labels": {"tier": tier}}}
    ),
    "Settings": last_resorts.map(lambda last: {"installation": {"last_resort": last}}),
}


@st.composite
def changes(draw: st.DrawFn) -> tuple[Catalog, Catalog]:
    """Return a catalog before and after some of its kinds of documents change."""
    before: Documents = {kind: draw(strategy) for kind, strategy in kinds.items()}
    changed = draw(st.lists(st.sampled_from(sorted(kinds)), min_size=1, max_size=3, unique=True))
    after = {**before, **{kind: draw(kinds[kind]) for kind in changed}}
    return catalog(**before), catalog(8, **after)


Answer = frozenset[frozenset[Person]]


def climbed(in_force: Catalog, at: datetime, urgency: str, severity: str) -> Answer:
    """Return whom an incident that opens then pages, for each place where turns may stand."""
    event = triggered(service="shop", urgency=urgency, severity=severity)
    found = set()
    for rings in _rings(in_force):
        fresh = replace(Escalation.unknown("i1"), turns=NO_TURNS.knowing(rings))
        climb = hear(fresh, event, at, in_force).escalation
        found.add(frozenset(Person(one.responder, one.is_shadow) for one in climb.pages))
    return frozenset(found - {frozenset()})


def _rings(in_force: Catalog) -> Iterator[dict[str, Ring]]:
    spec = in_force.policy("p")
    assert spec is not None
    yield {}
    if any(level.round_robin for level in spec.levels):
        for last in (*(f"user {name}" for name in NAMES), "schedule web", "schedule db"):
            yield {ring_of("p", number): Ring(last) for number in range(1, len(spec.levels) + 1)}


def told(found: list[Rerouted], at: datetime, urgency: Any, severity: Any) -> list[Rerouted]:
    return [
        one
        for one in found
        if one.spans.begins <= at < one.spans.until
        and (not one.of.urgencies or urgency in one.of.urgencies)
        and (not one.of.severities or severity in one.of.severities)
    ]


def instants(found: list[Rerouted]) -> list[datetime]:
    """Return the instants around which it is said to change."""
    edges = sorted({edge for one in found for edge in (one.spans.begins, one.spans.until)})
    near = [at for edge in (*edges[:3], *edges[-2:]) for at in (edge - TICK, edge)]
    return [at for at in near if WITHIN[0] <= at < WITHIN[1]]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    pair=changes(),
    quarters=st.lists(st.integers(0, LENGTH // QUARTER - 1), min_size=10, max_size=10),
    urgency=st.sampled_from(URGENCIES),
    severity=st.sampled_from(SEVERITIES),
)
def test_who_is_paged_first_is_whom_a_climb_of_that_instant_pages(
    pair: tuple[Catalog, Catalog], quarters: list[int], urgency: Any, severity: Any
) -> None:
    before, after = pair
    found = rerouted("shop", Outlook(before, WITHIN), Outlook(after, WITHIN))
    for at in (*instants(found), *(NOW + number * QUARTER for number in quarters)):
        old, new = (climbed(one, at, urgency, severity) for one in pair)
        said = told(found, at, urgency, severity)
        assert len(said) == (old != new), (at, old, new, said)
        for one in said:
            answers = (one.spans.before, one.spans.after)
            assert [frozenset(map(frozenset, each.groups)) for each in answers] == [old, new]
        if old != new:
            assert "shop" in affected(before, after).services
