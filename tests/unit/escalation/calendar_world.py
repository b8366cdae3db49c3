"""The worker that reads calendars, beside its service, and sites that say what a test wants."""

import asyncio
import json
from datetime import date, datetime, timedelta
from typing import Any

from escalation.domain.calendars import Spans
from escalation.entrypoints.watching import Watching
from escalation.handlers import AbsenceHandlers
from escalation.handlers.catalog import CatalogHandlers
from escalation.ports import UnreadableError
from tests.unit.escalation.examples import NOW
from tests.unit.escalation.service import Service, user

EVERY = timedelta(minutes=15)
ADAS = "https://cal.example/ada.ics?token=s3cret"
PRIVATE = "https://cal.example/private/s3cret"
# Ada has the turn of this week, from Monday the second, 09:00 in Paris.
WEDNESDAY = ("2026-03-04T00:00:00", "2026-03-05T00:00:00")
TODAY = ("2026-03-02T00:00:00", "2026-03-03T00:00:00")
NOON_WEDNESDAY = NOW + timedelta(days=2, hours=3)


def away(name: str, *urls: str, **more: Any) -> dict[str, Any]:
    document = user(name)
    calendars = [{"url": url} for url in urls]
    return {**document, "spec": {**document["spec"], "calendars": calendars, **more}}


class World:
    """The worker beside its service. What is at an address is a list of spans, in JSON."""

    def __init__(self) -> None:
        self.service = Service()
        self.clock = self.service.clock
        self.site: dict[str, Spans | Exception] = {}
        self.fetched: list[str] = []
        self.environ = {"CALENDAR_ADA": PRIVATE}
        self.fetching = asyncio.Event()
        self.slow: asyncio.Event | None = None
        self.stopping = asyncio.Event()
        self.handlers = AbsenceHandlers(
            CatalogHandlers(self.service.holder), self.service.holder, EVERY
        )
        self.worker = self.another()

    def another(self) -> Watching:
        held = (self.service.store, self.service.holder, self.clock, self.handlers)
        return Watching(*held, self.fetch, self.read, self.environ, self.stopping)

    async def fetch(self, url: str) -> bytes:
        self.fetched.append(url)
        self.fetching.set()
        if self.slow:
            await self.slow.wait()
        found = self.site.get(url, UnreadableError("answered 404"))
        if isinstance(found, Exception):
            raise found
        return json.dumps(found).encode()

    async def read(self, body: bytes, since: date, until: date) -> Spans:
        assert (since, until) == (date(2026, 1, 1), date(2027, 5, 1))
        return tuple((begins, ends) for begins, ends in json.loads(body))

    async def works(self, worker: Watching | None = None) -> None:
        """Let a worker do all that is due."""
        worker = worker or self.worker
        while await worker.run_once() or await worker.run_once():
            await self.service.follow()
        await self.service.follow()
        await worker.run_once()

    async def get(self, path: str, **params: str) -> list[dict[str, Any]]:
        answer = await self.service.client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    async def on_call(self, at: datetime, **more: str) -> list[str]:
        (item,) = await self.get("/v1/on-call", schedule="web", at=at.isoformat(), **more)
        return list(item["responders"])

    async def version(self) -> int:
        return int((await self.service.client.get("/v1/catalog")).json()["version"])
