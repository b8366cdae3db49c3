"""Mutants: each product with one thing wrong turns the simulation red, and by what it should."""

import pytest

from tests.simulation.chance import plan_of
from tests.simulation.design import Design
from tests.simulation.finding import minimal
from tests.simulation.mutants import MUTANTS
from tests.simulation.plan import Alert, Delay, Order, Pass, Plan
from tests.simulation.running import Verdict, run

MOST = 150  # Seeds that a mutant may survive.
# A seed that showed it, which is tried first, and the invariants that it may break.
SHOWN: dict[str, tuple[int, set[str]]] = {
    "without the inbox": (249, {"no level is early", "what fires stays open"}),
    "without the outbox": (5, {"no accepted alert is lost", "versions have no gap"}),
    "published inside the transaction": (3, {"what is told is told once"}),
    "offsets before the transaction": (3, {"everything is heard"}),
    "timers deleted before the commit": (33, {"nothing stands still"}),
    "outbox deleted before it is sent": (1, {"versions have no gap", "no page without a request"}),
    "202 before it is durable": (5, {"no accepted alert is lost"}),
    "results of old claims are recorded": (
        34,
        {"nobody rings twice without need", "what is said of a page is true"},
    ),
    "claims are sent again at once": (1, {"no void claim is called"}),
    "claims are never sent again": (3, {"every page ends"}),
    "void claims are called": (680, {"no void claim is called"}),
    # Two topics have to be late, one later than the other: chance takes long to find it.
    "versions are ignored": (0, {"nobody is paged after the answer was heard"}),
    "marked before the call": (1, {"what is said of a page is true", "no void claim is called"}),
}


# The plan of seed 0, by hand: a page comes after the answer, and before its withdrawal.
LATE_PAGE = Plan(
    0,
    (
        Delay(1, consumer="notifier.pages", seconds=5.0),
        Alert(2),
        Delay(3, consumer="escalation.incidents", seconds=200.0),
        Order(4, verb="acknowledge"),
        Pass(5, seconds=15.0),
    ),
)


def first_red(design: Design, known: int) -> tuple[int, Verdict]:
    """Return the first seed, the known one before all others, that turns a mutant red."""
    for seed in (known, *range(1, MOST)):
        verdict = run(plan_of(seed) if seed else LATE_PAGE, design)
        if verdict.invariant:
            return seed, verdict
    raise AssertionError(f"{MOST} seeds saw nothing wrong with a product {design.name}")


@pytest.mark.parametrize("design", MUTANTS, ids=lambda design: design.name)
def test_a_mutant_turns_the_simulation_red(design: Design) -> None:
    known, expected = SHOWN[design.name]
    seed, verdict = first_red(design, known)
    assert verdict.invariant in expected, f"seed {seed}: {verdict.invariant}: {verdict.text}"


def test_the_plan_by_hand_is_green_in_the_product() -> None:
    assert run(LATE_PAGE).invariant == ""


def test_a_failing_plan_is_made_smaller_and_fails_as_before() -> None:
    design = next(one for one in MUTANTS if one.name == "202 before it is durable")
    plan = plan_of(SHOWN[design.name][0])
    invariant = run(plan, design).invariant
    small = minimal(plan, invariant, design, runs=25)
    assert len(small.steps) <= len(plan.steps) / 2
    assert run(Plan.of(small.text()), design).invariant == invariant
