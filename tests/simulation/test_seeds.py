"""Hundreds of worlds by chance: whatever is killed, and when, every invariant holds.

`SEEDS=10000 FIRST=1` runs as many as it says, in two processes; `python -m tests.simulation` does
the same without pytest.
"""

import os

import pytest

from tests.simulation.chance import plan_of
from tests.simulation.finding import failures, written
from tests.simulation.plan import Plan
from tests.simulation.running import run

FIRST = int(os.environ.get("FIRST", "1"))
SEEDS = int(os.environ.get("SEEDS", "200"))


def test_every_seed_keeps_every_invariant() -> None:
    found = failures(range(FIRST, FIRST + SEEDS))
    told = [f"seed {one.seed}: {one.invariant}: {one.text}\n{written(one)}" for one in found[:3]]
    assert not told, f"{len(found)} of {SEEDS} seeds\n" + "\n".join(told)


@pytest.mark.parametrize("seed", [2, 3, 7])
def test_the_same_seed_is_the_same_run(seed: int) -> None:
    once, again = run(plan_of(seed)), run(plan_of(seed))
    assert once.trace == again.trace
    assert len(once.trace) > 30


def test_a_plan_survives_being_written_down() -> None:
    for seed in range(1, 60):
        plan = plan_of(seed)
        assert Plan.of(plan.text()) == plan
