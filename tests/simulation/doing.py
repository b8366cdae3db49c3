"""Doing the steps of a plan: what tools, people, clocks and brokers do to the world."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from tests.simulation import catalog
from tests.simulation.plan import (
    Alert,
    Away,
    Delay,
    Double,
    Halt,
    Jump,
    Order,
    Pass,
    Press,
    Provider,
    Rebalance,
    Step,
)
from tests.simulation.world import World

RETRY = 10.0  # Who was not answered asks again after this.


@dataclass
class Ledger:
    """What was promised to whom."""

    accepted: dict[str, Alert] = field(default_factory=dict)  # By the id of the alert event.
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)  # Incident and who.
    told: list[tuple[str, str, str]] = field(default_factory=list)  # Incident, verb, who.
    pressed: list[str] = field(default_factory=list)  # Incidents whose link said "heard".
    unanswered: int = 0  # What nobody has had an answer to yet.


class Doer:
    """Does steps, and keeps the ledger."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ledger = Ledger()

    async def do(self, step: Step) -> None:
        """Do a step; what follows from it is not awaited."""
        world = self.world
        world.chance = Random(f"{world.plan.seed}/{step.salt}")
        world.note(f"-- {step}")
        match step:
            case Alert():
                await self._alert(step, 0)
            case Order():
                await self._order(step)
            case Press():
                await self._press(step)
            case Pass(seconds=seconds):
                await world.passes(seconds)
            case Provider(address=address, mood=mood, times=times):
                world.phones.moods.setdefault(address, []).extend([mood] * times)
            case Jump(seconds=seconds):
                world.clock.ahead += timedelta(seconds=seconds)
                world.jumps.append(world.loop.time())
            case _:
                self._fault(step)

    def _fault(self, step: Step) -> None:
        world = self.world
        match step:
            case Halt(service=service, replica=replica):
                world.armed.setdefault((service, replica), []).append(step)
            case Away(seconds=seconds):
                world.broker.away = True
                world.later(seconds, self._broker_returns)
            case Delay(consumer=consumer, seconds=seconds):
                group = world.broker.groups[consumer]
                group.silent_until = max(group.silent_until, world.loop.time() + seconds)
            case Rebalance(service=service, back=back):
                for name in [one for one in world.broker.groups if one.startswith(service)]:
                    world.broker.rebalance(name, back)
            case Double(topic=topic, count=count):
                world.broker.double(topic, count)

    async def _broker_returns(self) -> None:
        self.world.broker.away = False

    async def _alert(self, step: Alert, attempt: int) -> None:
        key = f"m{step.salt}" + (f".{attempt}" if step.forgetful else "")
        body = {
            "title": f"{step.key} is broken",
            "dedup_key": step.key,
            "status": "resolved" if step.is_over else "firing",
            "severity": step.severity,
            "labels": {"host": step.key[:1]},
        }
        path = f"/k/{catalog.key_of(step.service)}/v1/alerts/generic"
        self.ledger.unanswered += attempt == 0
        answer = await self.world.ask("incident-intake", "POST", path, body, key)
        if answer is None or answer.status == 503:
            self.world.later(RETRY, lambda: self._alert(step, attempt + 1))
            return
        self.ledger.unanswered -= 1
        for event_id in answer.expect(202)["event_ids"]:
            self.ledger.accepted[event_id] = step

    async def _order(self, step: Order) -> None:
        found = self.world.databases["incident-intake"].tables.get("incidents", {}).values()
        still = sorted((one for one in found if one.is_open), key=lambda one: one.number)
        if still:
            await self.order(still[step.which % len(still)].incident_id, step)

    async def order(self, incident_id: str, step: Order) -> None:
        """Ask for something until there is an answer."""
        self.ledger.asked[incident_id, step.who] += 1
        body: dict[str, Any] = {"by": step.who}
        if step.verb == "snooze":
            body["duration"] = "3m"
        if step.verb == "note":
            body["text"] = "looking into it"
        path = f"/v1/incidents/{incident_id}/{step.verb}"
        answer = await self.world.ask("incident-intake", "POST", path, body, f"o{step.salt}")
        if answer is None or answer.status == 503:
            self.world.later(RETRY, lambda: self.order(incident_id, step))
        elif answer.status != 409:
            answer.expect(202)
            self.ledger.told.append((incident_id, step.verb, step.who))

    async def _press(self, step: Press) -> None:
        messages = self.world.phones.of(step.who)
        if not messages:
            return
        ring = messages[step.which % len(messages)]
        self.ledger.asked[ring.incident_id, step.who] += 1
        path = ring.link.removeprefix("http://notifier")
        answer = await self.world.ask("notifier", "POST", path)
        if answer is not None and answer.status == 200 and "heard" in str(answer.body).lower():
            self.ledger.pressed.append(ring.incident_id)
