"""Each safeguard taken out of the real services makes the harness red: it would catch its loss.

MUTANTS=all runs every one; a usual test run takes those that need one process of each service. The
simulation has its own mutants, all of which run every time.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from dev.chaos import mutants
from dev.chaos.plan import Fault
from dev.chaos.run import Order, run
from dev.layout import ROOT

pytestmark = [pytest.mark.system, pytest.mark.kafka]


def dies(point: str) -> tuple[Fault, ...]:
    """Return deaths of intake at a point: twice one, and another as soon as it is back.

    The second of each pair meets the batch of all that was accepted meanwhile: what it loses or
    repeats is seen, and not by luck.
    """
    return tuple(
        Fault(number, at, "point", "incident-intake", f"{point} 1")
        for number, at in enumerate([3.0, 4.5, 12.0, 13.5])
    )


@dataclass(frozen=True)
class Trial:
    """What shows that a safeguard is missing, and as what."""

    faults: tuple[Fault, ...]
    verdict: str
    replicas: int = 1


TRIALS = {
    "without-inbox": Trial(dies("batch.after-commit"), "duplicated"),
    "without-outbox": Trial(dies("batch.after-commit"), "lost"),
    "offsets-first": Trial(dies("batch.before-commit"), "lost"),
    "without-lease": Trial((Fault(0, 12.0, "poison", "pages"),), "duplicated", replicas=2),
    "without-fencing": Trial(
        (Fault(0, 3.0, "freeze", "notifier", "notifier.before-look 2", 45.0),),
        "repeated unexplained",
        replicas=2,
    ),
}
ALL = os.environ.get("MUTANTS") == "all"
CHOSEN = [name for name, trial in TRIALS.items() if ALL or trial.replicas == 1]


def test_every_mutant_has_a_trial() -> None:
    assert set(TRIALS) == set(mutants.MUTANTS)


@pytest.mark.parametrize("name", CHOSEN)
async def test_the_harness_goes_red(name: str, tmp_path: Path) -> None:
    trial = TRIALS[name]
    order = Order(
        seed=1,
        database="sqlite" if trial.replicas == 1 else "postgres",
        replicas=trial.replicas,
        rate=25.0,
        faults=trial.faults,
        peace_within=15.0,  # Not to wait long for what will never come.
        environment={
            mutants.VARIABLE: name,
            "PYTHONPATH": f"{ROOT / 'dev' / 'chaos' / 'mutated'}{os.pathsep}{ROOT}",
        },
    )

    outcome = await run(order, tmp_path, print)

    print(outcome.report.findings)
    assert trial.verdict in outcome.report.findings
