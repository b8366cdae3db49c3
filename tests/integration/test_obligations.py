"""Real processes: what one of them lost is missed by another, told by a second path, and healed."""

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.structs import TopicPartition

from dev.layout import SERVICES
from dev.running import Running, paged_by_webhook, running
from dev.wire import receive
from tocsin.testing import eventually
from tocsin.topics import INCIDENTS

KEY = "promise-key-0123456789abcdef0123"
TITLE = "nobody heard of this"
PAGED_WITHIN = 4

pytestmark = [pytest.mark.system, pytest.mark.kafka]


@dataclass
class Outside:
    """Everything that is told to somebody outside: pages, alarms, heartbeats."""

    pages: list[dict[str, Any]] = field(default_factory=list)
    alarms: list[dict[str, Any]] = field(default_factory=list)
    beats: Counter[str] = field(default_factory=Counter)

    def on_page(self, body: bytes) -> None:
        self.pages.append(json.loads(body))

    async def on_call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split(" ")[1]
        length = head.lower().partition("content-length: ")[2].partition("\r\n")[0]
        body = await reader.readexactly(int(length or 0))
        if path == "/alarm":
            self.alarms.append(json.loads(body))
        else:
            self.beats[path.removeprefix("/alive/")] += 1
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    def alarms_of(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self.alarms if one["type"] == kind]


@asynccontextmanager
async def outside() -> AsyncIterator[tuple[Outside, int, int]]:
    """Listen; yield what is heard, the port of pages, and that of alarms and heartbeats."""
    heard = Outside()
    pages, page_port = await receive(heard.on_page)
    calls = await asyncio.start_server(heard.on_call, "127.0.0.1", 0)
    yield heard, page_port, int(calls.sockets[0].getsockname()[1])
    pages.close()
    calls.close()


def environment(port: int) -> dict[str, str]:
    """Return short deadlines, and a second path beside the mails that a dev system sends."""
    alarms = f"mailto:operators@tocsin.localhost,http://127.0.0.1:{port}/alarm"
    every = {
        f"{service.prefix}_{name}": value
        for service in SERVICES
        for name, value in (
            ("HEARTBEAT", f"http://127.0.0.1:{port}/alive/{{service}}"),
            ("HEARTBEAT_EVERY", "1"),
        )
    }
    return {**every, "INTAKE_PAGED_WITHIN": str(PAGED_WITHIN), "INTAKE_ALARM": alarms}


@contextmanager
def standing_still(system: Running, *names: str) -> Iterator[None]:
    """Let these processes stand still: nobody restarts what has not ended."""
    pids = [system.pid(name) for name in names]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def holds(check: Callable[[], object]) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return bool(check())

    return look


async def lose(system: Running, topic: str) -> None:
    """Let everything that a topic holds be gone."""
    admin = AIOKafkaAdminClient(bootstrap_servers=f"127.0.0.1:{system.layout.kafka_port}")
    await admin.start()
    whole = RecordsToDelete(before_offset=-1)
    name = f"tocsin.{topic}"
    partitions = {TopicPartition(name, number): whole for number in range(INCIDENTS.partitions)}
    await admin.delete_records(partitions)
    await admin.close()


def mails(system: Running) -> str:
    """Return what the dev system's mail server has caught."""
    kept = system.layout.mails
    return kept.read_text() if kept.exists() else ""


async def owed(client: httpx.AsyncClient, system: Running) -> list[dict[str, Any]]:
    answer = await client.get(f"{system.intake}/v1/obligations/incident-intake")
    items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
    return [one for one in items if TITLE in one["text"]]


async def test_what_escalation_never_heard_of_is_told_outside_announced_again_and_paged() -> None:
    async with outside() as (heard, page_port, port):
        with running(environment=environment(port)) as system:
            await system.apply(paged_by_webhook("promises", "pia", page_port, KEY), "promises")
            async with system.client() as client:
                with standing_still(system, "escalation"):
                    answer = await client.post(
                        f"{system.intake}/v1/alerts/generic",
                        headers={"X-Tocsin-Key": KEY},
                        json={"title": TITLE, "severity": "critical"},
                    )
                    assert answer.status_code == 202
                    await eventually(lambda: owed(client, system), within=3, every=0.02)
                    await asyncio.sleep(0.5)  # The trigger is on Kafka, and nobody has read it.
                    await lose(system, "incidents")
                    await eventually(holds(lambda: heard.alarms_of("alarm")), within=30)
                (promise,) = heard.alarms[0]["obligations"]
                assert TITLE in promise["text"]
                subject = "[Tocsin] incident-intake: 1 overdue"
                await eventually(holds(lambda: subject in mails(system)), within=30)
                # Only the repeated announcement can have brought this.
                await eventually(holds(lambda: heard.pages), within=30)
                assert [one["title"] for one in heard.pages] == [TITLE]
                await eventually(holds(lambda: heard.alarms_of("all-clear")), within=30)
                assert await owed(client, system) == []
            await is_silent_when_all_are_gone(system, heard)


async def is_silent_when_all_are_gone(system: Running, heard: Outside) -> None:
    """Each service's heart beats; when none of them runs, nothing does."""
    names = {service.name for service in SERVICES}
    await eventually(holds(lambda: set(heard.beats) == names), within=30)
    with standing_still(system, *names):
        await asyncio.sleep(0.5)  # What was on its way.
        before = dict(heard.beats)
        await asyncio.sleep(3)
        assert dict(heard.beats) == before
    await eventually(holds(lambda: all(heard.beats[name] > before[name] for name in names)))
