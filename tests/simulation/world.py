"""The world: four services, their databases, a broker and telephones, in one thread.

What happens next is chosen by chance, by the plan's seed and the salt of the step that is being
done: so a plan does the same each time, and a step does much the same when others are taken away.
"""

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable
from datetime import datetime
from random import Random
from typing import Any

from tests.acceptance.dsl.drivers import Answer
from tests.simulation import catalog
from tests.simulation.broker import GroupBroker
from tests.simulation.design import SERVICES, Design
from tests.simulation.loop import VirtualClock
from tests.simulation.phones import Phones
from tests.simulation.plan import SETTLE, Halt, Plan
from tests.simulation.process import BEAT, Database, Process
from tocsin.failures import is_infrastructure

MOMENT = 0.001  # Nothing is done in no time.
TOO_MANY = 4000  # Things that follow from one: something sets itself going without end.
PAUSE = 0.5  # How long a loop rests that met an outage.
GLANCE = 0.25  # While calls are under way, somebody looks whether they are over.
PATIENCE = 5.0  # How long somebody waits for an answer.
Deed = tuple[Process, str, Callable[[], Awaitable[Any]]]
Later = Callable[[], Awaitable[None]]


class ViolationError(Exception):
    """An invariant does not hold."""

    def __init__(self, invariant: str, text: str) -> None:
        super().__init__(f"{invariant}: {text}")
        self.invariant = invariant
        self.text = text


class World:
    """Runs in the loop that makes it."""

    def __init__(self, plan: Plan, design: Design) -> None:
        self.plan = plan
        self.design = design
        self.loop = asyncio.get_running_loop()
        self.clock = VirtualClock(self.loop)
        self.broker = GroupBroker(self.clock.now)
        self.phones = Phones()
        self.phones.on_receipt = self._receipt
        self.chance = Random(plan.seed)
        self.trace: list[str] = []
        self.logs: list[Any] = []
        self.jumps: list[float] = []
        self.troubles: list[tuple[str, BaseException]] = []
        self.armed: dict[tuple[str, int], list[Halt]] = {}
        self.databases = {name: Database(design.unit(name)) for name in SERVICES}
        self.processes: dict[tuple[str, int], Process] = {}
        self._agenda: list[tuple[float, int, Later]] = []
        self._numbers = itertools.count()
        self._receipts = itertools.count()

    async def begin(self, beginning: "Beginning | None" = None) -> None:
        """Start everything, from where another world began or with nothing at all."""
        if beginning is not None:
            beginning.take_over(self)
        for name in SERVICES:
            for replica in range(2 if name in self.plan.doubled else 1):
                self.start(name, replica)
        if beginning is None:
            await self._put_catalog_in_force()

    async def _put_catalog_in_force(self) -> None:
        body = {"set": "world", "documents": catalog.documents()}
        answer = await self.ask("escalation", "PUT", "/v1/catalog", body, "catalog")
        assert answer is not None, "nobody takes the catalog"
        answer.expect(200)
        await self.settle()

    async def end(self) -> None:
        """Leave nothing behind."""
        for process in self.processes.values():
            process.die()
        await asyncio.sleep(0)

    # Processes.

    def start(self, name: str, replica: int) -> None:
        """Start a process; an earlier one of its place is gone."""
        before = self.processes.get((name, replica))
        if before is not None and not before.is_dead:
            return
        process = Process(self, name, replica, next(self._numbers))
        process.halts = self.armed.setdefault((name, replica), [])
        self.processes[name, replica] = process
        self._join(process)

    def halt(self, process: Process, halt: Halt) -> None:
        """Let a process die, or stand still, now."""
        verb = "freezes" if halt.freezes else "dies"
        self.note(f"{process} {verb} {halt.point}")
        for consumer in process.consumers:
            self.broker.leave(consumer.name, process)
        if halt.freezes:
            process.freeze()
            self.later(halt.seconds, lambda: self._thaw(process))
        else:
            process.die()
            place = (process.name, process.replica)
            self.later(halt.seconds, lambda: self._restart(*place))

    async def _thaw(self, process: Process) -> None:
        if not process.is_dead and not process.awake.is_set():
            self.note(f"{process} goes on")
            process.thaw()
            self._join(process)

    async def _restart(self, name: str, replica: int) -> None:
        self.start(name, replica)

    def _join(self, process: Process) -> None:
        for consumer in process.consumers:
            self.broker.join(consumer.name, process)

    def came_late(self, task: "asyncio.Task[Any]") -> None:
        """Hear of work that ended after nobody waited for it any more."""
        if not task.cancelled() and (error := task.exception()) and not is_infrastructure(error):
            self.troubles.append(("a process that had been stopped", error))

    # Asking.

    async def ask(
        self, service: str, method: str, path: str, body: Any = None, key: str = ""
    ) -> Answer | None:
        """Send a request to one of a service's processes; None: there was no answer."""
        places = [one for (name, _), one in self.processes.items() if name == service]
        up = [one for one in places if one.is_running]
        if not up:
            return None
        process = self.chance.choice(up)
        if process.heartbeat is not None:
            await self.signs_of_life()
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await process.ask(method, path, body, key)
        except TimeoutError:
            answer = None
        said = answer.status if answer else "no answer"
        self.note(f"{process} {method} {path.partition('?')[0][:60]} {key} -> {said}")
        await asyncio.sleep(MOMENT)
        return answer

    def _receipt(self, delivery_id: str, what: str, after: float) -> None:
        body = {"id": f"r{next(self._receipts)}", "delivery": delivery_id, "what": what}

        async def tell() -> None:
            answer = await self.ask("notifier", "POST", "/i/device/receipts", body)
            if answer is None or answer.status >= 500:
                self.later(PATIENCE, tell)

        self.later(after, tell)

    # Time.

    def note(self, text: str) -> None:
        """Write down what happened."""
        self.trace.append(f"{self.loop.time():.3f} {text}")

    def later(self, seconds: float, deed: Later) -> None:
        """Put something on the agenda."""
        heapq.heappush(self._agenda, (self.loop.time() + seconds, next(self._numbers), deed))

    async def turn(self) -> bool:
        """Do what is due on the agenda; return whether there was any."""
        did = False
        while self._agenda and self._agenda[0][0] <= self.loop.time():
            _, _, deed = heapq.heappop(self._agenda)
            await deed()
            did = True
        return did

    async def passes(self, seconds: float) -> None:
        """Let time pass, from deadline to deadline."""
        end = self.loop.time() + seconds
        for _ in range(TOO_MANY):
            await self.settle()
            moment = min(filter(None, [self._next(), end]))
            if moment >= end:
                break
            await self.sleep_until(moment)
        else:
            raise ViolationError("time goes on", f"it does not get past {self.clock.now()}")
        await self.sleep_until(end)
        await self.settle()

    async def sleep_until(self, moment: float) -> None:
        """Do nothing until then."""
        await asyncio.sleep(max(moment - self.loop.time(), MOMENT / 10))

    def _next(self) -> float | None:
        now, moment = self.clock.now(), self.loop.time()
        found = [one[0] for one in self._agenda[:1]]
        for process in self.processes.values():
            if not process.is_running:
                continue
            found += [rest for rest in process.rests.values() if rest > moment]
            if process.last_beat is not None and self._is_anybody_missing():
                found.append(max(process.last_beat + BEAT, moment + MOMENT))
            if process.recorder is not None and process.sender.is_busy:
                found.append(moment + GLANCE)
            due = min((one.due_at for one in self._timers(process)), default=None)
            if due is not None and due > now:
                found.append(moment + (due - now).total_seconds())
            if process.database.tables.get("outbox") and not self.broker.away:
                found.append(max(process.database.relay_until, moment + MOMENT))
        found += [
            group.silent_until
            for group in self.broker.groups.values()
            if group.silent_until > moment
        ]
        return min(found, default=None)

    def _timers(self, process: Process) -> list[Any]:
        return list(process.database.tables.get("timers", {}).values())

    def _is_any_due(self, process: Process, now: datetime) -> bool:
        return any(timer.due_at <= now for timer in self._timers(process))

    # What happens by itself.

    def possible(self) -> list[Deed]:
        """Return everything that could happen now."""
        found: list[Deed] = []
        moment = self.loop.time()
        now = self.clock.now()
        is_missing = self._is_anybody_missing()
        for process in self.processes.values():
            if not process.is_running:
                continue
            mine: list[tuple[str, Callable[[], Awaitable[Any]]]] = [
                (one.name, _delivering(process, one))
                for one in process.consumers
                if self.broker.has_some(process, one.name, one.subscription.topic.name, moment)
            ]
            own = (
                (process.may_relay(), "relay", process.relay),
                (process.may_follow(), "catalog", process.follow),
                (self._is_any_due(process, now), "timers", process.fire),
                (process.has_to_record(), "recorder", process.record),
                (is_missing and process.must_beat(), "heartbeat", _nothing),
            )
            mine += [(label, deed) for may, label, deed in own if may]
            found += [
                (process, label, deed)
                for label, deed in mine
                if process.rests.get(label, 0.0) <= moment
            ]
        return found

    async def step(self) -> bool:
        """Let one thing happen; return whether anything could."""
        did = await self.turn()
        possible = self.possible()
        if not possible:
            return did
        process, label, deed = self.chance.choice(possible)
        if process.heartbeat is not None:
            await self.signs_of_life()
        if process.is_running:
            await self._do(process, label, deed)
        await asyncio.sleep(MOMENT)
        return True

    async def _do(self, process: Process, label: str, deed: Callable[[], Awaitable[Any]]) -> None:
        self.note(f"{process} {label}")
        try:
            await process.run(_coroutine(deed))
        except Exception as error:
            if not is_infrastructure(error):
                raise ViolationError("no process fails", f"{process} {label}: {error!r}") from error
            process.rests[label] = self.loop.time() + PAUSE

    async def signs_of_life(self) -> None:
        """Let all who send give their sign, then look after the others.

        In truth they do so each second. Here they do it before anything else that they do, and
        each second only while somebody is missing: the signs between could be seen by nobody.
        """
        beating = [one for one in self.processes.values() if one.is_running and one.must_beat()]
        for process in beating:
            await process.run(process.beat())
        for process in beating:
            if process.is_running:
                await process.run(process.look_after_others())

    def _is_anybody_missing(self) -> bool:
        alive = {one.holder_name for one in self.processes.values() if one.is_running}
        return bool(self.databases["notifier"].tables.get("senders", {}).keys() - alive)

    async def follow(self, count: int) -> None:
        """Let so many things happen, or all that follow."""
        if count == SETTLE:
            await self.settle()
            return
        for _ in range(count):
            await self.step()

    async def settle(self) -> None:
        """Let everything happen that can happen now."""
        for _ in range(TOO_MANY):
            if not await self.step():
                await asyncio.sleep(0)
                if not self.possible():
                    return
        raise ViolationError("the world comes to rest", f"it goes on: {self.trace[-6:]}")

    def now(self) -> datetime:
        """Return what every process reads."""
        return self.clock.now()


class Beginning:
    """What every world begins with: the catalog in force. Made once, by the real services."""

    def __init__(self, world: World) -> None:
        self._tables = {name: one.tables for name, one in world.databases.items()}
        self._catalogs = {name: one.followed.current for name, one in world.databases.items()}
        self._log = {place: list(held) for place, held in world.broker.log.items()}
        self._offsets = dict(world.broker.offsets)

    def take_over(self, world: World) -> None:
        """Begin a world with this."""
        for name, database in world.databases.items():
            tables = self._tables[name]
            database.tables = {one: dict(rows) for one, rows in tables.items()}
            database.followed.replace(self._catalogs[name])
        world.broker.log.update({place: list(held) for place, held in self._log.items()})
        world.broker.offsets.update(self._offsets)


def _delivering(process: Process, consumer: Any) -> Callable[[], Awaitable[Any]]:
    return lambda: process.deliver(consumer)


async def _nothing() -> bool:
    return True  # The signs were given before.


async def _coroutine(deed: Callable[[], Awaitable[Any]]) -> Any:
    return await deed()
