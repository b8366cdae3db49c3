"""A steady load for the tests of outages, and what became of it."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from dev.running import Running
from tests.integration.stand import Stand

KEY = "outage-key-0123456789abcdef0123"
RATE = 20
ACTIONS = ("firing", "resolved", "firing")


@dataclass
class Answers:
    """What intake answered: statuses, and which keys were accepted whole."""

    statuses: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    accepted: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    retry_after: set[str] = field(default_factory=set)

    def note(self, key: str, answer: httpx.Response) -> None:
        """Count one answer."""
        self.statuses[answer.status_code] += 1
        if answer.status_code == httpx.codes.ACCEPTED:
            self.accepted[key] += 1
        else:
            self.retry_after.add(answer.headers.get("retry-after", ""))


def plan(name: str, posts: int) -> Iterator[tuple[str, str]]:
    """Yield key and status of each post: every key fires, is resolved and fires again."""
    keys = posts // len(ACTIONS)
    for status in ACTIONS:
        for number in range(keys):
            yield f"{name} {number}", status


async def post(client: httpx.AsyncClient, system: Running, key: str, status: str) -> httpx.Response:
    """Send one alert, once."""
    return await client.post(
        f"{system.intake}/v1/alerts/generic",
        headers={"X-Tocsin-Key": KEY},
        json={"title": key, "dedup_key": key, "severity": "critical", "status": status},
    )


async def load(system: Running, name: str, seconds: float) -> Answers:
    """Post at a steady rate, whatever the answers are, each post once."""
    answers = Answers()
    async with (
        httpx.AsyncClient(timeout=15, trust_env=False) as client,
        asyncio.TaskGroup() as group,
    ):

        async def one(key: str, status: str) -> None:
            answers.note(key, await post(client, system, key, status))

        for key, status in plan(name, int(RATE * seconds)):
            group.create_task(one(key, status))
            await asyncio.sleep(1 / RATE)
    return answers


async def incidents(client: httpx.AsyncClient, url: str) -> dict[str, list[dict[str, Any]]]:
    """Return all incidents by title, oldest first."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    cursor: str | None = None
    while True:
        query = {"limit": "500", **({"cursor": cursor} if cursor else {})}
        answer = await client.get(f"{url}/v1/incidents", params=query)
        answer.raise_for_status()
        for item in answer.json()["items"]:
            found[item["title"]].insert(0, item)
        cursor = answer.json()["next"]
        if not cursor:
            return found


async def told_in_order(stand: Stand, answers: Answers) -> bool:
    """Return whether each key has its two incidents: the first resolved, the second open."""
    async with stand.system.client() as client:
        try:
            found = await incidents(client, stand.system.intake)
        except (httpx.TransportError, httpx.HTTPStatusError):
            return False
    whole = [key for key, count in answers.accepted.items() if count == len(ACTIONS)]
    return all([one["status"] for one in found[key]] == ["resolved", "triggered"] for key in whole)


async def all_have_an_incident(stand: Stand, keys: set[str]) -> bool:
    """Return whether every key that was accepted has an incident."""
    async with stand.system.client() as client:
        try:
            return keys <= set(await incidents(client, stand.system.intake))
        except (httpx.TransportError, httpx.HTTPStatusError):
            return False
