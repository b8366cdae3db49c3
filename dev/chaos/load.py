"""The load: conditions that fire, repeat, resolve and fire again, and people who answer."""

import asyncio
import itertools
import random
from collections import deque
from dataclasses import dataclass
from typing import Any

import aiohttp

from dev.chaos.ledger import Acknowledgement, Action, Answer, Intent, Ledger, Outcome, Ring
from dev.chaos.town import OF_SERVICE, STREETS

ACCEPTED, OWN_FAULT, UNAVAILABLE = 202, 500, 503
RETRY_EVERY = 0.4
RETRY_FOR = 180.0
ANSWER_WITHIN = aiohttp.ClientTimeout(total=12)
NEW_SHARE = 0.35
RESOLVE_SHARE = 0.45
PERSISTENT_SHARE = 0.85
IDEMPOTENT_SHARE = 0.5
ACKNOWLEDGE_SHARE = 0.2
REMEMBERED = 400


@dataclass
class Condition:
    """Something in the monitored world that is wrong, or was."""

    key: str
    service: str
    fires: bool = False


class Load:
    """Sends alert events at a steady rate, each condition's in order, as monitoring tools do."""

    def __init__(self, ledger: Ledger, intakes: list[str], seed: int) -> None:
        """Send to `intakes` in turn, by `seed`."""
        self._ledger = ledger
        self._intakes = itertools.cycle(intakes)
        self._chance = random.Random(seed)
        self._numbers = itertools.count()
        self._idle: deque[Condition] = deque(maxlen=REMEMBERED)
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    async def run(self, rate: float, stop: asyncio.Event) -> None:
        """Send until told to stop, and return when everything sent has its answer."""
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, timeout=ANSWER_WITHIN) as session:
            self._session = session
            clock = asyncio.get_running_loop()
            due = clock.time()
            while not stop.is_set():
                self._spawn()
                due += 1 / rate
                await asyncio.sleep(max(0.0, due - clock.time()))
            while self._tasks:
                await asyncio.wait(self._tasks)

    def _spawn(self) -> None:
        chance = self._chance
        if not self._idle or chance.random() < NEW_SHARE:
            service = chance.choice(STREETS).service
            condition = Condition(f"{service} {next(self._numbers)}", service)
        else:
            place = chance.randrange(len(self._idle))
            condition = self._idle[place]
            del self._idle[place]
        resolves = condition.fires and chance.random() < RESOLVE_SHARE
        task = asyncio.create_task(self._send(condition, "resolve" if resolves else "trigger"))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, condition: Condition, action: Action) -> None:
        persists = self._chance.random() < PERSISTENT_SHARE
        intent = Intent(
            self._ledger.now(),
            next(self._numbers),
            condition.key,
            condition.service,
            action,
            persists,
        )
        self._ledger.write(intent)
        answer = await self._answered(intent)
        self._ledger.write(answer)
        # Of a condition whose sender gave up nobody knows the state: it is left alone from then on.
        if answer.outcome == "accepted":
            condition.fires = action == "trigger"
            self._idle.append(condition)

    async def _answered(self, intent: Intent) -> Answer:
        deadline = asyncio.get_running_loop().time() + RETRY_FOR
        lost = tries = status = 0
        outcome: Outcome = "unknown"
        while True:
            tries += 1
            outcome, status = await self._post(intent)
            lost += outcome == "unknown"
            if outcome == "accepted" or not intent.persists or status not in {0, UNAVAILABLE}:
                break
            if asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(RETRY_EVERY)
        if outcome != "accepted" and lost:
            outcome = "unknown"
        return Answer(self._ledger.now(), intent.number, outcome, status, tries, lost)

    async def _post(self, intent: Intent) -> tuple[Outcome, int]:
        headers = {"X-Tocsin-Key": OF_SERVICE[intent.service].key}
        if intent.number % 100 < IDEMPOTENT_SHARE * 100:
            headers["Idempotency-Key"] = f"chaos {intent.number}"
        body = {
            "title": intent.key,
            "dedup_key": intent.key,
            "severity": "critical",
            "status": "firing" if intent.action == "trigger" else "resolved",
        }
        status = await self._status(f"{next(self._intakes)}/v1/alerts/generic", headers, body)
        if status == ACCEPTED:
            return "accepted", status
        return ("unknown" if status is None or status >= OWN_FAULT else "refused"), status or 0

    async def _status(self, url: str, headers: dict[str, str], body: Any) -> int | None:  # noqa: ANN401 - JSON.
        """Return the status; 0 when nobody can have heard, None when somebody may have."""
        assert self._session is not None
        try:
            async with self._session.post(url, headers=headers, json=body) as answer:
                await answer.read()
                return answer.status
        except aiohttp.ClientConnectorError:
            return 0
        except (aiohttp.ClientError, OSError, TimeoutError):
            return None


class People:
    """Those who are paged: some of them press the link, and go on pressing until it says done."""

    def __init__(self, ledger: Ledger, seed: int) -> None:
        """Answer by `seed`."""
        self._ledger = ledger
        self._chance = random.Random(seed)
        self._pressed: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def on_ring(self, ring: Ring, body: dict[str, Any]) -> None:
        """Answer a page, or not."""
        link = (body.get("actions") or {}).get("acknowledge")
        if ring.purpose != "page" or not link or ring.incident in self._pressed:
            return
        if self._chance.random() < ACKNOWLEDGE_SHARE:
            self._pressed.add(ring.incident)
            task = asyncio.create_task(self._press(ring, link))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Return when everybody is done pressing."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _press(self, ring: Ring, link: str) -> None:
        deadline = asyncio.get_running_loop().time() + RETRY_FOR
        status = 0
        async with aiohttp.ClientSession(timeout=ANSWER_WITHIN) as session:
            while asyncio.get_running_loop().time() < deadline:
                try:
                    async with session.post(link) as answer:
                        await answer.read()
                        status = answer.status
                except (aiohttp.ClientError, OSError, TimeoutError):
                    status = 0
                if status and status != UNAVAILABLE:
                    break
                await asyncio.sleep(RETRY_EVERY)
        outcome: Outcome = "accepted" if 0 < status < 300 else "refused" if status else "unknown"
        self._ledger.write(
            Acknowledgement(self._ledger.now(), ring.incident, ring.person, outcome, status)
        )
