"""Running a plan to its verdict."""

import asyncio
import gc
import hashlib
import traceback
from dataclasses import dataclass
from functools import cache

from structlog.testing import capture_logs

from tests.simulation.design import Design
from tests.simulation.doing import Doer
from tests.simulation.endings import Ending
from tests.simulation.invariants import Watcher
from tests.simulation.loop import DeadlockError, VirtualLoop
from tests.simulation.plan import Plan
from tests.simulation.world import Beginning, ViolationError, World

AS_IT_IS = Design()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a run; `invariant` is empty when everything held."""

    invariant: str
    text: str
    trace: tuple[str, ...]
    alerts: int
    rings: int

    @property
    def digest(self) -> str:
        """What two runs of one plan have in common."""
        return hashlib.sha256("\n".join((*self.trace, self.invariant)).encode()).hexdigest()


def run(plan: Plan, design: Design = AS_IT_IS) -> Verdict:
    """Run a plan."""
    beginning = _beginning()
    with _quiet_collector(), asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(_run(plan, design, beginning))


async def _run(plan: Plan, design: Design, beginning: Beginning) -> Verdict:
    with capture_logs() as logs:
        world = World(plan, design)
        world.logs = logs
        watcher = Watcher(world)
        doer = Doer(world)
        found = ("", "")
        try:
            await world.begin(beginning)
            for step in plan.steps:
                await doer.do(step)
                await world.follow(step.then)
                watcher.look()
            await Ending(world, doer, watcher).come()
        except ViolationError as error:
            found = (error.invariant, error.text)
        except DeadlockError as error:
            found = ("the world comes to rest", str(error))
        except Exception as error:  # noqa: BLE001 - with its seed, it can be looked at.
            found = ("the simulation itself works", "".join(traceback.format_exception(error)))
        await world.end()
    alerts = len(doer.ledger.accepted)
    return Verdict(*found, tuple(world.trace), alerts, len(world.phones.pages()))


@cache
def _beginning() -> Beginning:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(_begin())


async def _begin() -> Beginning:
    world = World(Plan(0), AS_IT_IS)
    await world.begin()
    beginning = Beginning(world)
    await world.end()
    return beginning


class _quiet_collector:  # noqa: N801 - used like a function.
    """Building services makes objects by the thousand; cycles among them can wait."""

    def __enter__(self) -> None:
        self._before = gc.get_threshold()
        gc.set_threshold(50_000, 50, 50)

    def __exit__(self, *_: object) -> None:
        gc.set_threshold(*self._before)
