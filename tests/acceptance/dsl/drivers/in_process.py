"""The four real services over memory and a clock that is moved: eight hours in milliseconds."""

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from structlog.testing import capture_logs

import escalation.bootstrap
import incident_intake.bootstrap
import notifier.bootstrap
import postmortem.bootstrap
from escalation.adapters.memory import MemoryEscalationUnitOfWork
from incident_intake.adapters.memory import MemoryIntakeUnitOfWork
from notifier.adapters.memory import MemoryNotifierUnitOfWork
from postmortem.adapters.memory import MemoryPostmortemUnitOfWork
from tests.acceptance.dsl.devices import Device
from tests.acceptance.dsl.drivers import (
    OPERATOR,
    TOKEN,
    Address,
    Answer,
    CrashMoment,
    Faults,
    Json,
    Service,
)
from tests.acceptance.dsl.drivers.device_channel import NAME, DeviceChannel, Switchboard
from tests.acceptance.dsl.drivers.node import Doom, MortalStore, Node
from tocsin.application import Application
from tocsin.events import CatalogDocumentChanged
from tocsin.holder import CatalogHolder
from tocsin.lifecycle import Definition, Parts
from tocsin.testing import ManualClock, MemoryBroker, MemoryUnitOfWork, followed
from tocsin.vitals import OUTBOX_KEY

T = TypeVar("T")
Unit = Callable[[Any], MemoryUnitOfWork]
# More deadlines than this in one span of time: something sets itself again without end.
TOO_OFTEN = 20_000
# Nothing is done in no time: what follows from something comes after it.
MOMENT = timedelta(milliseconds=1)
SERVICES: tuple[tuple[Definition[Any], Unit], ...] = (
    (incident_intake.bootstrap.SERVICE, MemoryIntakeUnitOfWork),
    (escalation.bootstrap.SERVICE, MemoryEscalationUnitOfWork),
    (notifier.bootstrap.SERVICE, MemoryNotifierUnitOfWork),
    (postmortem.bootstrap.SERVICE, MemoryPostmortemUnitOfWork),
)


class InProcess:
    """A driver, and the faults of its world.

    What happens at one instant happens in an order that `seed` chooses: events of different
    topics have none between them.
    """

    suffix = ""
    slack = timedelta(seconds=1)

    def __init__(self, seed: int) -> None:
        self.faults: Faults | None = self
        self._clock = ManualClock()
        self._broker = MemoryBroker()
        self._catalog = CatalogHolder()
        self._followed = 0
        self._random = random.Random(seed)
        self._switchboard = Switchboard()
        self._must_die: set[str] = set()
        self._capture = capture_logs()
        self._logs: list[MutableMapping[str, Any]] = self._capture.__enter__()
        self._nodes = {
            definition.name: Node(definition.name, self._building(definition), unit, self._broker)
            for definition, unit in SERVICES
        }

    def now(self) -> datetime:
        """Return what time it is in this world."""
        return self._clock.now()

    def connect(self, device: Device) -> Address:
        """Make a device reachable."""
        return Address(NAME, self._switchboard.connect(device))

    async def apply(self, documents: Sequence[Mapping[str, Json]]) -> None:
        """Put the documents in force."""
        bundle = {"set": "world", "documents": documents}
        (await self.ask("escalation", "PUT", "/v1/catalog", body=bundle)).expect(200)

    async def ask(self, service: Service, method: str, path: str, body: Json = None) -> Answer:
        """Send a service a request, and let everything follow from it."""
        answer = await self._nodes[service].ask(method, path, body)
        self._clock.advance(MOMENT)
        await self._settle()
        return answer

    async def passes(self, duration: timedelta) -> None:
        """Go from deadline to deadline."""
        await self._settle()
        end = self._clock.now() + duration
        for _ in range(TOO_OFTEN):
            deadline = await self._next_deadline()
            if deadline is None or deadline > end:
                self._clock.move_to(end)
                return
            self._clock.move_to(deadline)
            for node in self._shuffled(self._nodes.values()):
                if await node.fire() or await node.audit():
                    self._clock.advance(MOMENT)
            await self._settle()
        raise AssertionError(f"time does not get past {self._clock.now()}: {self._deadlines()}")

    def sees(self, look: Callable[[], T | None]) -> T | None:
        """Return what there is: everything has followed already."""
        return look()

    async def eventually(self, look: Callable[[], Awaitable[T | None]]) -> T | None:
        """Return what there is: everything has followed already."""
        return await look()

    async def close(self) -> list[str]:
        """End; return what was buried or went wrong inside."""
        self._capture.__exit__(None, None, None)
        found = [
            str(entry)
            for entry in self._logs
            if entry["log_level"] in {"error", "critical"} and entry["event"] != "alarm"
        ]
        for node in self._nodes.values():
            # While Kafka is away they are told that, in every scenario in which it is.
            told = [one for one in self.alarms(node.name) if OUTBOX_KEY not in one]
            found += [f"the operators were told: {one}" for one in told]
            await node.client.aclose()
            if node.store.doom and node.name in self._must_die:
                found.append(f"{node.name} was to die, and never came to it")
            # What nobody can read is buried on purpose; people are told by an incident.
            found += [
                f"{letter.consumer} buried a record: {letter.reason}"
                for letter in node.store.tables.get("dead_letters", {}).values()
                if letter.error != "UnreadableAlert"
            ]
        return found

    # Faults.

    async def redeliver(self) -> None:
        """Hand every topic to every consumer again."""
        for node in self._nodes.values():
            for consumer in node.consumers:
                self._broker.rewind(consumer.name)
        await self._settle()

    def crash(self, service: Service, moment: CrashMoment, nth: int | None) -> None:
        """Kill this service at the next such moment, or at the nth if there are so many."""
        self._nodes[service].store.doom = Doom(moment, nth or 1)
        self._must_die |= set() if nth else {service}

    def loses(self, topic: str) -> None:
        """Let what a topic holds be gone before anybody else reads it."""
        self._broker.lose(topic)

    def alarms(self, service: str) -> list[str]:
        """Return the subjects of what this service has told the operators, and forget them."""
        told, self._nodes[service].alarms = self._nodes[service].alarms, []
        return [alarm.subject for alarm in told]

    def stands_still(self, service: Service, *, still: bool) -> None:
        """Let a service do nothing at all, or go on."""
        self._nodes[service].is_still = still

    def kafka(self, *, away: bool) -> None:
        """Take the broker away, or bring it back."""
        self._broker.away = away

    # How the world goes round.

    def _building(self, definition: Definition[Any]) -> Callable[[MortalStore], Application[Any]]:
        digest = hashlib.sha256(TOKEN.encode()).hexdigest()
        settings = definition.settings(
            tokens=(f"{OPERATOR}={digest}:read+write+admin",),
            public_url=f"http://{definition.name}",
        )

        def build(store: MortalStore) -> Application[Any]:
            parts = Parts(store, self._clock, self._catalog, self._broker)
            if definition.name == "notifier":
                devices = dict.fromkeys((NAME, "webhook"), DeviceChannel(self._switchboard))
                return notifier.bootstrap.build(settings, parts, devices)
            return definition.build(settings, parts)

        return build

    async def _settle(self) -> None:
        """Let everything happen that can happen now."""
        moved = True
        while moved:
            steps = [step for node in self._nodes.values() for step in node.steps()]
            moved = self._follow()
            for step in self._shuffled(steps):
                await asyncio.sleep(0)  # What was begun may go on.
                if await step():
                    moved = True
                    self._clock.advance(MOMENT)

    def _follow(self) -> bool:
        """Put in force what the catalog topic holds: what the follower does of each process."""
        if self._broker.away:
            return False
        records = self._broker.records("catalog")
        fresh, self._followed = records[self._followed :], len(records)
        changes: list[CatalogDocumentChanged] = []
        if fresh:
            self._catalog.replace(followed(self._catalog.current, fresh, changes))
        assert not changes, "a version of the catalog was published in parts"
        return bool(fresh)

    async def _next_deadline(self) -> datetime | None:
        nodes = [node for node in self._nodes.values() if not node.is_still]
        due = [await node.store.next_due() for node in nodes]
        audits = [node.next_audit() for node in nodes]
        return min(filter(None, [*due, *audits]), default=None)

    def _deadlines(self) -> list[str]:
        return [
            f"{node.name}: {timer}"
            for node in self._nodes.values()
            for timer in node.store.tables.get("timers", {}).values()
            if timer.due_at <= self._clock.now()
        ]

    def _shuffled(self, things: Iterable[T]) -> list[T]:
        ordered = list(things)
        self._random.shuffle(ordered)
        return ordered
