"""Plans that once failed: each is run again, for ever."""

from pathlib import Path

import pytest

from tests.simulation.finding import SAVED
from tests.simulation.plan import Plan
from tests.simulation.running import run


@pytest.mark.parametrize("path", sorted(SAVED.glob("*.json")), ids=lambda path: path.stem)
def test_a_plan_that_failed_once_holds(path: Path) -> None:
    plan = Plan.of(path.read_text(encoding="utf-8"))
    verdict = run(plan)
    assert (verdict.invariant, verdict.text) == ("", "")
    assert verdict.alerts > 0, "a plan in which nothing is accepted shows nothing"
