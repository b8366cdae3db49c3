"""Looking for seeds that fail, and making of each a small plan to keep."""

import os
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

from tests.simulation.chance import plan_of
from tests.simulation.design import Design
from tests.simulation.plan import Plan
from tests.simulation.running import AS_IT_IS, run
from tests.simulation.shrinking import shrunk

SAVED = Path(__file__).parent / "saved"
WORKERS = 2
AT_ONCE = 20
FEW = 40  # So few are not worth a second process.


@dataclass(frozen=True, slots=True)
class Failure:
    """A seed whose run broke an invariant."""

    seed: int
    invariant: str
    text: str


def failures(seeds: Iterable[int]) -> list[Failure]:
    """Return the seeds that fail, in order."""
    wanted = list(seeds)
    chunks = [wanted[start : start + AT_ONCE] for start in range(0, len(wanted), AT_ONCE)]
    if len(wanted) <= FEW:
        return [one for chunk in chunks for one in failing(chunk)]
    # Spawned, not forked: the tests around us have threads.
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        return [one for found in pool.map(failing, chunks) for one in found]


def failing(seeds: list[int]) -> list[Failure]:
    """Return those of these seeds that fail."""
    found = []
    for seed in seeds:
        verdict = run(plan_of(seed))
        if verdict.invariant:
            found.append(Failure(seed, verdict.invariant, verdict.text[:2000]))
    return found


def written(failure: Failure) -> str:
    """Shrink a failure and write its plan down; return where it is."""
    plan = minimal(plan_of(failure.seed), failure.invariant)
    name = f"{failure.invariant.replace(' ', '_')}_{failure.seed}.json"
    path = SAVED / name
    path.write_text(replace(plan, about=failure.invariant).text(), encoding="utf-8")
    return f"{os.path.relpath(path)}: {plan.text()}"


def minimal(plan: Plan, invariant: str, design: Design = AS_IT_IS, runs: int = 300) -> Plan:
    """Return the smallest plan found that breaks the same invariant."""
    return shrunk(plan, lambda smaller: run(smaller, design).invariant == invariant, runs)
