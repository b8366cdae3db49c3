"""Does the faults of a plan to a running system, and measures how soon it serves again."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from dev.chaos.disk import SmallDisk
from dev.chaos.facts import brokers
from dev.chaos.ledger import Broken, Ledger
from dev.chaos.orders import Orders, serves
from dev.chaos.plan import Fault
from dev.running import Running

BACK_WITHIN = 60.0
POISON = (
    b"\x00\xff\xfe not json",
    b"{}",
    b'{"specversion": "1.0", "type": "tocsin.incident-triggered.v1", "data": {}}',
    b'{"specversion": "1.0", "type": "tocsin.of-tomorrow.v9", "id": "x", "data": {"a": 1}}',
    b"[" * 2000,
    None,
)


@dataclass
class Breaker:
    """Breaks what the plan says."""

    system: Running
    ledger: Ledger
    points: Path
    disk: SmallDisk | None

    def __post_init__(self) -> None:
        """Start with nothing under way."""
        self._orders = Orders(self.system, self.points)
        self._stopped: set[str] = set()
        self._latest: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._does: dict[str, Callable[[Fault], Awaitable[bool]]] = {
            "kill": self._kill,
            "broker-kill": self._kill,
            "point": self._orders.die,
            "term": self._term,
            "freeze": self._orders.freeze,
            "zombie": self._stop_for_a_while,
            "broker-away": self._stop_for_a_while,
            "database-restart": self._restart_database,
            "database-locked": self._lock_database,
            "disk-full": self._fill_disk,
            "rebalance": self._join_and_leave,
            "poison": self._poison,
        }

    async def run(self, faults: list[Fault], tell: Callable[[Fault], None]) -> None:
        """Do each at its time; what lasts goes on beside the others."""
        began = time.monotonic()
        for fault in faults:
            await asyncio.sleep(max(0.0, began + fault.at - time.monotonic()))
            tell(fault)
            task = asyncio.create_task(self._do(fault))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _do(self, fault: Fault) -> None:
        at, began = self.ledger.now(), time.monotonic()
        self._latest[fault.target] = fault.number
        try:
            hit = await self._does[fault.kind](fault)
        except (OSError, KeyError, KafkaError, TimeoutError, sqlite3.Error) as error:
            # It was just being brought back; or the fault met another one.
            self.ledger.write(
                Broken(at, fault.number, fault.kind, fault.target, repr(error)[:200], hit=False)
            )
            return
        until = self.ledger.now()
        back = None
        if hit and fault.kind in {"kill", "point", "term", "broker-kill", "database-restart"}:
            back = await self._back(fault, began)
        self.ledger.write(
            Broken(at, fault.number, fault.kind, fault.target, fault.detail, until, back, hit)
        )

    async def _back(self, fault: Fault, began: float) -> float | None:
        """Return the seconds until the target served again; None when it was hit again first."""
        name = fault.target if fault.target not in {"kafka", "postgres"} else "incident-intake"
        probe = "healthz" if name == fault.target else "readyz"
        back = await serves(self.system, name, probe, began, BACK_WITHIN)
        if self._latest.get(fault.target) != fault.number:
            return None
        return BACK_WITHIN if back is None else back

    async def _kill(self, fault: Fault) -> bool:
        os.kill(self.system.pid(fault.target), signal.SIGKILL)
        return True

    async def _term(self, fault: Fault) -> bool:
        os.kill(self.system.pid(fault.target), signal.SIGTERM)
        return True

    async def _stop_for_a_while(self, fault: Fault) -> bool:
        if fault.target in self._stopped:
            return False
        pid = self.system.pid(fault.target)
        self._stopped.add(fault.target)
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(fault.lasts)
        finally:
            self._stopped.discard(fault.target)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        return True

    async def _restart_database(self, fault: Fault) -> bool:
        # SIGINT ends every session at once; SIGQUIT leaves recovery to the next start.
        how = signal.SIGINT if fault.detail == "fast" else signal.SIGQUIT
        os.kill(self.system.pid("postgres"), how)
        return True

    async def _lock_database(self, fault: Fault) -> bool:
        path = self._sqlite(fault.target)
        connection = sqlite3.connect(path, timeout=2, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(fault.lasts)
            connection.execute("ROLLBACK")
        finally:
            connection.close()
        return True

    def _sqlite(self, name: str) -> Path:
        folder = self.disk.folder if self.disk else self.system.layout.var
        return folder / f"{name}.db"

    async def _fill_disk(self, fault: Fault) -> bool:
        if self.disk is None:
            return False
        try:
            await asyncio.to_thread(self.disk.fill)
            await asyncio.sleep(fault.lasts)
        finally:
            self.disk.empty()
        return True

    async def _join_and_leave(self, fault: Fault) -> bool:
        """Be a guest in a consumer group: everybody's partitions move twice."""
        topic = f"tocsin.{fault.detail}"
        consumer = AIOKafkaConsumer(
            topic,
            bootstrap_servers=brokers(self.system),
            group_id=f"tocsin.{fault.target}.{fault.detail}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=6000,
            heartbeat_interval_ms=500,
        )
        try:
            async with asyncio.timeout(20):
                await consumer.start()
                await consumer.getmany(timeout_ms=int(fault.lasts * 1000))
        finally:
            async with asyncio.timeout(10):
                await consumer.stop()
        return True

    async def _poison(self, fault: Fault) -> bool:
        """Put records on a topic that nobody can understand."""
        producer = AIOKafkaProducer(bootstrap_servers=brokers(self.system))
        async with asyncio.timeout(20):
            await producer.start()
            try:
                for value in POISON:
                    await producer.send_and_wait(f"tocsin.{fault.target}", value, key=b"poison")
            finally:
                await producer.stop()
        return True
