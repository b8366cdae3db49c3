"""Round robin: fair, the same again at the same place, and nobody loses a turn to a flat battery."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.domain.escalation import Decision, Escalation
from escalation.domain.hearing import hear
from escalation.domain.turns import Ring
from tests.unit.escalation.examples import (
    ADA,
    NOW,
    catalog,
    level,
    minutes,
    people,
    policy,
    triggered,
)
from tests.unit.escalation.test_climb_handlers import World, said
from tocsin.catalog import Catalog
from tocsin.events import (
    IncidentAcknowledged,
    IncidentUnacknowledged,
    LevelSkipped,
    PageRequested,
    SeverityChanged,
)

NAMES = ["a", "b", "c", "d"]


def deal(ring: Ring, names: list[str], able: set[str]) -> tuple[str, Ring]:
    """Take a turn as the climb does; nobody, where nobody is able."""
    unable: list[str] = []
    for name in ring.order(names):
        if name in able:
            return name, ring.after(name, names, unable)
        unable.append(name)
    return "", ring


def dealt(able: str, count: int, ring: Ring | None = None) -> str:
    found, ring = "", ring or Ring()
    for _ in range(count):
        name, ring = deal(ring, NAMES, set(able))
        found += name
    return found


def test_everybody_in_order() -> None:
    assert dealt("abcd", 6) == "abcdab"


def test_who_cannot_be_paged_is_passed_and_goes_first_once_they_can() -> None:
    first, ring = deal(Ring(), NAMES, {"b", "c", "d"})
    assert first == "b"
    assert dealt("abcd", 6, ring) == "acdabc"


def test_one_turn_is_owed_however_long_somebody_was_away() -> None:
    ring = Ring()
    for _ in range(7):
        _, ring = deal(ring, NAMES, {"b", "c", "d"})
    assert ring.owed == ("a",)
    assert dealt("abcd", 3, ring)[0] == "a"
    assert dealt("abcd", 5, ring).count("a") == 2


def test_of_the_last_who_is_gone_the_next_is_who_stood_behind() -> None:
    ring = Ring()
    for _ in range(2):
        _, ring = deal(ring, NAMES, set(NAMES))
    assert ring.last == "b"
    assert ring.order(["a", "c", "d"]) == ("c", "d", "a")
    assert ring.order([]) == ()


rounds = st.lists(st.sets(st.sampled_from(NAMES)), max_size=40)


@settings(deadline=None)
@given(rounds)
def test_nobody_is_passed_over_twice_and_nobody_loses_a_turn(rounds: list[set[str]]) -> None:
    ring, had = Ring(), Counter[str]()
    for able in rounds:
        before = ring
        name, ring = deal(ring, NAMES, able)
        assert (name == "") == (not able)
        assert set(ring.owed) <= set(NAMES)
        assert len(set(ring.owed)) == len(ring.owed)
        assert name not in ring.owed
        waiting = [one for one in before.owed if one in able]
        assert not waiting or name == waiting[0]
        had[name] += 1
    for _ in range(len(NAMES) + len(ring.owed)):  # Once all are able, all are asked in turn.
        name, ring = deal(ring, NAMES, set(NAMES))
        had[name] += 1
    assert all(had[name] for name in NAMES)
    assert ring.owed == ()


@settings(deadline=None)
@given(st.integers(1, 60))
def test_while_all_can_be_paged_all_are_paged_alike(count: int) -> None:
    shares = Counter(dealt("abcd", count))
    assert max(shares.values()) - min(shares.get(name, 0) for name in NAMES) <= 1


# ------------------------------------------------------------------ in a climb
def in_force(
    *targets: str, version: int = 7, users: str = "ada bob eve carol", **more: Any
) -> Catalog:
    first = {**level(*targets), "round_robin": True}
    return catalog(
        version,
        User=people(*users.split()),
        Team={"web": {"members": ["ada", "bob", "eve"]}},
        Service={"checkout": {"escalation_policy": "payments"}},
        EscalationPolicy={"payments": policy(first, level("carol"), **more)},
        Settings={"installation": {"last_resort": {"user": "carol"}}},
    )


def paged(decision: Decision) -> list[str]:
    return [one.responder for one in decision.facts if isinstance(one, PageRequested)]


def rings(incident: str, known: Catalog, held: dict[str, Ring]) -> Decision:
    """Let an incident be triggered while the rings stand so; they move on."""
    climb = Escalation.unknown(incident)
    climb = Escalation(
        climb.incident, climb.policy, climb.status, turns=climb.turns.knowing(dict(held))
    )
    decision = hear(climb, triggered(incident), NOW, known)
    held.update(decision.escalation.turns.rings)
    return decision


@pytest.mark.parametrize("targets", [("ada", "bob", "eve"), ("team:web",)])
def test_each_incident_goes_to_the_next(targets: tuple[str, ...]) -> None:
    known, held = in_force(*targets), dict[str, Ring]()
    found = [paged(rings(f"i{number}", known, held)) for number in range(4)]
    assert found == [["ada"], ["bob"], ["eve"], ["ada"]]


def test_a_page_says_whose_turn_it_was_and_who_could_not_be_paged() -> None:
    decision = rings("i1", in_force("ada", "bob", users="bob carol"), {})
    (page,) = (one for one in decision.facts if isinstance(one, PageRequested))
    assert page.reason == (
        "level 1 of policy payments, loop 1",
        "round robin: the turn of user bob",
        "user bob",
        "not paged: user ada is not in the catalog",
    )


def test_the_next_loop_goes_to_the_next_person() -> None:
    known = in_force("ada", "bob", repeat=1)
    climb = rings("i1", known, {}).escalation
    second = climb.advance(NOW + minutes(5), known).escalation
    assert paged(second.advance(NOW + minutes(10), known)) == ["bob"]


def test_paged_again_at_the_same_place_it_is_the_same_person() -> None:
    known, held = in_force("ada", "bob", "eve"), dict[str, Ring]()
    climb = rings("i1", known, held).escalation
    taken = IncidentAcknowledged(incident_id="i1", version=2, by=ADA)
    lost = IncidentUnacknowledged(incident_id="i1", version=3, reason="acknowledgement-timeout")
    halted = hear(climb, taken, NOW, known).escalation
    again = hear(halted, lost, NOW + minutes(30), known)
    assert paged(again) == ["ada"]
    assert again.escalation.turns.rings == held


def test_what_becomes_urgent_stays_with_whoever_had_the_turn() -> None:
    known = in_force("ada", "bob")
    low = Escalation.unknown("i1")
    climb = hear(low, triggered(severity="warning", urgency="low"), NOW, known).escalation
    worse = SeverityChanged(
        incident_id="i1", version=2, severity="critical", urgency="high", previous="warning"
    )
    assert paged(hear(climb, worse, NOW, known)) == ["ada"]


def test_where_nobody_can_be_paged_the_level_is_skipped_and_no_turn_is_taken() -> None:
    held: dict[str, Ring] = {}
    decision = rings("i1", in_force("ada", "bob", users="carol"), held)
    (skipped,) = (one for one in decision.facts if isinstance(one, LevelSkipped))
    assert skipped.reason == "user ada is not in the catalog; user bob is not in the catalog"
    assert paged(decision) == ["carol"]
    assert held == {}


# ------------------------------------------------------------------ in the transaction
async def responders(world: World, *incidents: str) -> list[str]:
    told = await world.hears(*(triggered(one) for one in incidents))
    return [one.data.responder for one in told if isinstance(one.data, PageRequested)]


@pytest.fixture
def world() -> World:
    world = World()
    world.holder.replace(in_force("ada", "bob", "eve"))
    return world


async def test_a_batch_and_the_next_go_on_where_the_last_one_was(world: World) -> None:
    assert await responders(world, "i1", "i2") == ["ada", "bob"]
    assert await responders(world, "i3", "i4") == ["eve", "ada"]
    assert (await world.climb("i1")).turns.rings == {}  # They are not the climb's own.


async def test_a_transaction_that_ends_in_a_kill_takes_no_turn(world: World) -> None:
    assert await responders(world, "i1") == ["ada"]

    async def killed() -> None:
        async with world.store.begin() as uow:
            envelopes = [said(triggered(one), NOW) for one in ("i2", "i3")]
            await world.handlers.on_incidents(uow, envelopes, NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await killed()
    assert await responders(world, "i2", "i3") == ["bob", "eve"]


async def test_what_comes_again_after_the_commit_takes_no_turn(world: World) -> None:
    assert await responders(world, "i1") == ["ada"]
    assert await responders(world, "i1") == []
    assert await responders(world, "i2") == ["bob"]


async def test_two_incidents_climb_on_with_one_ring(world: World) -> None:
    world.holder.replace(in_force("ada", "bob", "eve", repeat=1))
    assert await responders(world, "i1", "i2") == ["ada", "bob"]
    await world.reaches(NOW + minutes(5))
    told = await world.reaches(NOW + minutes(10))
    assert sorted(one.data.responder for one in told) == ["ada", "eve"]
