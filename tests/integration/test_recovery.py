"""Recovery by hand, with the words of docs/operations.md, on a system that runs.

RECOVERY=all restores each of the four databases on SQLite and on PostgreSQL, not only the hardest.
"""

import asyncio
import json
import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaProducer

from dev.postgres import BIN
from dev.running import paged_by_webhook
from tests.integration.hook import Hook
from tests.integration.outage_load import KEY
from tests.integration.stand import NAMES, PREFIX, Stand, standing
from tocsin import rewinding as places
from tocsin.clock import SystemClock
from tocsin.testing import eventually

WITHIN = 120.0  # So as not to hang; a busy machine needs it.
QUIET = 3.0  # Seconds in which nobody is paged, once everything has come to rest.
ALL = os.environ.get("RECOVERY") == "all"
INTAKE, ESCALATION, NOTIFIER, POSTMORTEM = NAMES

pytestmark = [pytest.mark.system, pytest.mark.kafka]


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    hook = Hook()
    yield hook
    hook.close()


@pytest.fixture(scope="module")
def stand(hook: Hook) -> Iterator[Stand]:
    with standing() as up:
        asyncio.run(
            up.system.apply(paged_by_webhook("recovery", "rita", hook.port, KEY), "recovery")
        )
        yield up


@pytest.fixture(scope="module")
def stand_on_postgres(hook: Hook) -> Iterator[Stand]:
    with standing(postgres=True) as up:
        asyncio.run(
            up.system.apply(paged_by_webhook("recovery", "rita", hook.port, KEY), "recovery")
        )
        yield up


@pytest.fixture
async def client(stand: Stand) -> AsyncIterator[httpx.AsyncClient]:
    async with stand.system.client() as one:
        yield one


class Story:
    """What a test tells the system, and what the system then knows, service by service."""

    def __init__(self, stand: Stand, client: httpx.AsyncClient, hook: Hook) -> None:
        self.stand, self.client, self.hook = stand, client, hook
        self.ids: dict[str, str] = {}

    async def ring(self, *titles: str) -> None:
        """Ring, and return when each has an incident and its page arrived."""
        for title in titles:
            await self.say(title, "firing")

        async def paged() -> bool:
            return all(self.hook.pages[title] for title in titles)

        await eventually(paged, within=WITHIN, every=0.1)
        found = await self.incidents()
        self.ids.update({item["title"]: item["id"] for item in found if item["title"] in titles})

    async def goes_on(self, known: str, new: str) -> None:
        """Repeat a known alert, ring a new one, then end the known: each is what it was."""
        count = len(await self.incidents())
        await self.say(known, "firing")
        await self.ring(new)
        await self.say(known, "resolved")

        async def is_resolved() -> bool:
            found = {item["id"]: item["status"] for item in await self.incidents()}
            return bool(found[self.ids[known]] == "resolved")

        await eventually(is_resolved, within=WITHIN, every=0.1)
        assert len(await self.incidents()) == count + 1

    async def say(self, title: str, status: str) -> None:
        answer = await self.client.post(
            f"{self.stand.system.intake}/v1/alerts/generic",
            headers={"X-Tocsin-Key": KEY},
            json={"title": title, "dedup_key": title, "severity": "critical", "status": status},
        )
        assert answer.status_code == 202, answer.text

    async def order(self, title: str, verb: str) -> None:
        url = f"{self.stand.system.intake}/v1/incidents/{self.ids[title]}/{verb}"
        answer = await self.client.post(url, json={"by": "rita"})
        assert answer.status_code == 202, answer.text

    async def incidents(self) -> list[dict[str, Any]]:
        url = f"{self.stand.system.intake}/v1/incidents"
        answer = await self.client.get(url, params={"limit": "500"})
        answer.raise_for_status()
        return list(answer.json()["items"])

    async def known(self) -> dict[str, Any]:
        """Return what each service knows of each incident of this story."""
        wanted = set(self.ids.values())
        found: dict[str, Any] = {
            item["id"]: {
                "intake": [item[name] for name in ("title", "number", "status", "version")]
            }
            for item in await self.incidents()
        }
        for identity in wanted:
            climb = (await self._get(self.stand.system.escalation, "escalations", identity)) or {}
            story = (await self._get(self.stand.system.postmortem, "timelines", identity)) or {}
            found.setdefault(identity, {}).update(
                escalation=[climb.get("status"), climb.get("reason")],
                postmortem=[(item["at"], item["text"]) for item in story.get("items", [])],
            )
        return found

    async def _get(self, base: str, what: str, identity: str) -> dict[str, Any] | None:
        answer = await self.client.get(f"{base}/v1/{what}/{identity}")
        return dict(answer.json()) if answer.is_success else None

    async def settled(self) -> dict[str, Any]:
        """Return what is known once nothing changes any more."""
        before: dict[str, Any] = {}
        deadline = time.monotonic() + WITHIN
        while (now := await self.known()) != before:
            assert time.monotonic() < deadline, f"never came to rest: {now}"
            before = now
            await asyncio.sleep(1)
        return now

    async def is_known_again(self, wanted: dict[str, Any], *, told_more: bool) -> None:
        """Return when every service knows what it knew; timelines may have been `told_more`."""

        async def differences() -> list[str]:
            now = await self.known()
            return [
                f"{identity}: {what} is {now.get(identity, {}).get(what)}, was {value}"
                for identity, about in wanted.items()
                for what, value in about.items()
                if not _is_same(now.get(identity, {}).get(what), value, told_more)
            ] + [f"{identity} is new" for identity in now.keys() - wanted.keys()]

        async def same() -> bool:
            return not await differences()

        try:
            await eventually(same, within=WITHIN, every=0.5)
        except AssertionError:
            assert await differences() == []


def _is_same(now: Any, before: Any, told_more: bool) -> bool:
    if told_more and isinstance(before, list) and isinstance(now, list):
        return all(one in now for one in before)
    return bool(now == before)


@pytest.fixture
def story(stand: Stand, client: httpx.AsyncClient, hook: Hook) -> Story:
    return Story(stand, client, hook)


def rewind(stand: Stand, service: str, *words: str) -> dict[str, Any]:
    told = stand.cli("--json", "topics", "rewind", "all", "--service", service, "--yes", *words)
    return dict(json.loads(told))


async def test_a_record_nobody_understands_is_listed_shown_and_replayed(stand: Stand) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=stand.kafka.bootstrap)
    await producer.start()
    await producer.send_and_wait(f"{PREFIX}commands", b"not an event", key=b"inc_1")
    await producer.stop()

    def listed() -> list[dict[str, Any]]:
        answer = stand.cli("--json", "dead-letters", "list", "--service", INTAKE)
        return [one for one in json.loads(answer)["items"] if one["topic"] == "commands"]

    async def buried() -> list[dict[str, Any]]:
        return await asyncio.to_thread(listed)

    (letter,) = await eventually(buried, within=WITHIN, every=0.3)
    shown = json.loads(stand.cli("--json", "dead-letters", "show", letter["id"]))
    assert shown["payload"] == "not an event"
    assert shown["service"] == INTAKE
    again = json.loads(stand.cli("--json", "dead-letters", "replay", letter["id"]))
    assert again["topic"] == "commands"

    async def twice() -> bool:
        return len(await buried()) == 2

    await eventually(twice, within=WITHIN, every=0.3)  # Nobody understands it the second time.
    assert {one["replayed_at"] is None for one in listed()} == {True, False}


async def test_all_topics_replayed_to_every_service_change_nothing(
    stand: Stand, story: Story, hook: Hook
) -> None:
    await story.ring("replay open", "replay acknowledged", "replay resolved")
    await story.order("replay acknowledged", "acknowledge")
    await story.order("replay resolved", "resolve")
    before, pages = await story.settled(), dict(hook.pages)
    bootstrap = [stand.kafka.bootstrap]
    refusal = stand.cli(
        "topics", "rewind", "incidents", "--service", ESCALATION, "--yes", fails=True
    )
    assert "escalation is running" in refusal
    stand.stop(*NAMES)
    for service in NAMES:
        would = await places.rewind(bootstrap, PREFIX, service, None, None, dry_run=True)
        moved = [one for one in would if (one.was or 0) > one.now]
        assert moved, f"{service} has read nothing yet"
        if service == ESCALATION:
            told = rewind(stand, service)
            assert told["done"]
            assert [one["to"] for one in told["partitions"]] == [one.now for one in would]
        else:
            await places.rewind(bootstrap, PREFIX, service, None, None, dry_run=False)
    stand.start(*NAMES)
    await stand.until("readyz", *NAMES)
    await all_read_to_the_end(stand)
    await asyncio.sleep(QUIET)
    assert await story.known() == before
    assert dict(hook.pages) == pages
    assert json.loads(stand.cli("--json", "compare"))["differences"] == []


async def all_read_to_the_end(stand: Stand) -> None:
    """Return when every service has handled all that its topics hold."""

    async def done() -> bool:
        lags = [await places.lag([stand.kafka.bootstrap], PREFIX, service) for service in NAMES]
        return not any(count for one in lags for count in one.values())

    await eventually(done, within=WITHIN, every=0.5)


SEEDS = ("kept", "acknowledged later")
LATER = ("acknowledged", "resolved", "left open")


@pytest.mark.parametrize("service", NAMES if ALL else [INTAKE, NOTIFIER])
async def test_a_database_older_than_kafka_catches_up_and_nobody_is_paged_for_what_is_handled(
    stand: Stand, hook: Hook, tmp_path: Path, service: str
) -> None:
    await restored(stand, hook, service, tmp_path / "backup", "sqlite")


@pytest.mark.parametrize("service", NAMES if ALL else [INTAKE])
async def test_so_does_one_that_was_dumped_and_restored_by_the_tools_of_postgresql(
    stand_on_postgres: Stand, hook: Hook, tmp_path: Path, service: str
) -> None:
    await restored(stand_on_postgres, hook, service, tmp_path / "backup", "postgres")


async def restored(stand: Stand, hook: Hook, service: str, copy: Path, database: str) -> None:
    """Back a service's database up, let much happen, restore it, and see all known again."""
    seeds = [f"{database}, {service}: {word}" for word in SEEDS]
    acknowledged, resolved, left = (f"{database}, {service}: {word}" for word in LATER)
    async with stand.system.client() as client:
        story = Story(stand, client, hook)
        await story.ring(*seeds)
        await story.settled()
        backed_up_at = SystemClock().now()
        back_up(stand, service, copy)
        await story.ring(acknowledged, resolved, left)
        await story.order(seeds[1], "acknowledge")
        await story.order(acknowledged, "acknowledge")
        await story.order(resolved, "resolve")
        before, pages = await story.settled(), dict(hook.pages)
        stand.stop(service)
        restore(stand, service, copy)
        since = (backed_up_at - timedelta(minutes=5)).isoformat()
        if service == INTAKE:
            assert "facts" in stand.recall(INTAKE, since)
        else:
            rewind(stand, service, "--to", since)
        stand.start(service)
        await stand.until("readyz", service)
        await all_read_to_the_end(stand)
        await asyncio.sleep(QUIET)
        await story.is_known_again(before, told_more=service == NOTIFIER)
        again = {title for title, count in hook.pages.items() if count > pages.get(title, 0)}
        # Notifier has forgotten that it paged for what is still open: told twice is better than never.
        assert again <= ({left} if service == NOTIFIER else set())
        await story.goes_on(left, f"{database}, {service}: afterwards")
    assert json.loads(stand.cli("--json", "compare"))["differences"] == []


def back_up(stand: Stand, service: str, copy: Path) -> None:
    url = stand.databases[service]
    if url.startswith("sqlite"):
        told = json.loads(stand.cli("--json", "backup", url, str(copy)))
        assert told["bytes"] == copy.stat().st_size
    else:
        _tool("pg_dump", "--format=custom", f"--file={copy}", url)


def restore(stand: Stand, service: str, copy: Path) -> None:
    url = stand.databases[service]
    if url.startswith("sqlite"):
        stand.cli("restore", str(copy), url)
    else:
        how = ("--clean", "--if-exists", "--single-transaction", f"--dbname={url}", str(copy))
        _tool("pg_restore", *how)


def _tool(name: str, *words: str) -> None:
    done = subprocess.run(
        [str(BIN / name), *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert not done.returncode, done.stderr


def test_a_restore_over_a_running_service_is_refused(stand: Stand, tmp_path: Path) -> None:
    copy = tmp_path / "backup.db"
    stand.cli("backup", stand.databases[POSTMORTEM], str(copy))
    refusal = stand.cli("restore", str(copy), stand.databases[POSTMORTEM], fails=True)
    assert "in use" in refusal
    copy.write_bytes(copy.read_bytes()[:8192])
    refusal = stand.cli("restore", str(copy), stand.databases[POSTMORTEM], fails=True)
    assert "broken" in refusal or "could not be restored" in refusal


async def test_kafka_that_lost_everything_is_provisioned_and_the_databases_go_on(
    stand: Stand, story: Story, hook: Hook
) -> None:
    open_, handled, acknowledged_later = "lost: open", "lost: handled", "lost: acknowledged later"
    await story.ring(open_, handled, acknowledged_later)
    await story.order(handled, "acknowledge")
    before, pages = await story.settled(), dict(hook.pages)
    stand.stop(*NAMES)
    stand.kafka.kill()
    shutil.rmtree(stand.layout.var / "kafka" / "logs")
    await stand.kafka.start()
    stand.cli("topics", "provision")
    stand.start(*NAMES)
    await stand.until("readyz", *NAMES)
    await story.is_known_again(before, told_more=False)
    # The topic holds only what changes from now on; every key and person is still known.
    other = paged_by_webhook("afterwards", "rosa", hook.port, "another-key-0123456789abcdef")
    await stand.system.apply(other, "afterwards")
    await story.order(acknowledged_later, "acknowledge")

    async def is_halted() -> bool:
        known = await story.known()
        return bool(known[story.ids[acknowledged_later]]["escalation"][0] == "halted")

    await eventually(is_halted, within=WITHIN, every=0.2)
    await story.goes_on(open_, "lost: afterwards")
    new = {title for title, count in hook.pages.items() if count > pages.get(title, 0)}
    assert new == {"lost: afterwards"}
