"""Making a plan that fails smaller: fewer steps first, then simpler ones."""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

from tests.simulation.plan import SETTLE, Plan, Step

Fails = Callable[[Plan], bool]
MOST_RUNS = 400


class _Budget:
    """Counts runs, so that shrinking ends."""

    def __init__(self, fails: Fails, runs: int) -> None:
        self._fails = fails
        self.left = runs

    def fails(self, plan: Plan) -> bool:
        """Run it, while there is something left."""
        if self.left <= 0:
            return False
        self.left -= 1
        return self._fails(plan)


def shrunk(plan: Plan, fails: Fails, runs: int = MOST_RUNS) -> Plan:
    """Return a smaller plan that fails as well; `plan` itself if there is none."""
    budget = _Budget(fails, runs)
    before = None
    while before != plan:
        before = plan
        plan = _fewer(plan, budget)
        plan = _alone(plan, budget)
        plan = _simpler(plan, budget)
    return plan


def _fewer(plan: Plan, budget: _Budget) -> Plan:
    """Take chunks of steps away: halves first, single steps in the end."""
    size = max(len(plan.steps) // 2, 1)
    while size:
        start = 0
        while start < len(plan.steps):
            steps = plan.steps[:start] + plan.steps[start + size :]
            smaller = replace(plan, steps=steps)
            if budget.fails(smaller):
                plan = smaller
            else:
                start += size
        size //= 2
    return plan


def _alone(plan: Plan, budget: _Budget) -> Plan:
    for service in plan.doubled:
        smaller = replace(plan, doubled=tuple(one for one in plan.doubled if one != service))
        if budget.fails(smaller):
            plan = smaller
    return plan


def _simpler(plan: Plan, budget: _Budget) -> Plan:
    for place in range(len(plan.steps)):
        for step in _simpler_steps(plan.steps[place]):
            steps = (*plan.steps[:place], step, *plan.steps[place + 1 :])
            smaller = replace(plan, steps=steps)
            if budget.fails(smaller):
                plan = smaller
                break
    return plan


def _simpler_steps(step: Step) -> Iterator[Step]:
    """Yield this step nearer to its defaults, one field at a time."""
    if step.then != SETTLE:
        yield replace(step, then=SETTLE)
    for field in fields(step):
        if field.name in {"salt", "then"} or getattr(step, field.name) == field.default:
            continue
        plain: dict[str, Any] = {field.name: field.default}
        yield replace(step, **plain)
