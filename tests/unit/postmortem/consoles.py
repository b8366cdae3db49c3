"""A console over memory, and a browser that keeps cookies and fills in forms."""

import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI

from postmortem import bootstrap
from postmortem.adapters.memory import MemoryPostmortemUnitOfWork
from postmortem.handlers import Handlers
from postmortem.ports import PostmortemUnitOfWork
from postmortem.settings import PostmortemSettings
from tests.unit.postmortem.stories import START
from tocsin.application import Application
from tocsin.catalog import Catalog
from tocsin.catalog.documents import User
from tocsin.events import Command, Envelope, Event, decode
from tocsin.holder import CatalogHolder
from tocsin.lifecycle import Parts
from tocsin.testing import ManualClock, MemoryBroker, MemoryStore

TOKENS = {
    "reader": "read",
    "writer": "read+write",
    "admin": "admin",
    "web-team": "read+write+catalog:write:web+catalog:write:db",
    "every-team": "read+write+catalog:write+catalog:write:web",
}
HTML = {"Accept": "text/html"}
Store = MemoryStore[MemoryPostmortemUnitOfWork]


def token(role: str) -> str:
    return f"the-token-of-the-{role}"


def settings(**more: Any) -> PostmortemSettings:
    known = [
        f"{role}={hashlib.sha256(token(role).encode()).hexdigest()}:{scopes}"
        for role, scopes in TOKENS.items()
    ]
    return PostmortemSettings(tokens=tuple(known), **more)


@dataclass
class Console:
    """The service with its console, and what is sent from it."""

    application: Application[PostmortemUnitOfWork]
    store: Store
    clock: ManualClock
    client: httpx.AsyncClient
    sent: list[Envelope[Event]] = field(default_factory=list)

    @property
    def app(self) -> FastAPI:
        assert isinstance(self.application.http, FastAPI)
        return self.application.http

    async def hears(self, *envelopes: Envelope[Event]) -> None:
        """Take events in, as from the topics."""
        async with self.store.begin() as uow:
            await Handlers().on_events(uow, envelopes, self.clock.now())

    async def gets(self, path: str, status: int = 200) -> str:
        answer = await self.client.get(path, headers=HTML)
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        return answer.text

    async def logs_in(
        self, role: str = "writer", person: str = "", to: str = "/"
    ) -> httpx.Response:
        given = {"token": token(role), "person": person, "to": to}
        return await self.client.post("/login", data=given, headers=HTML)

    async def presses(
        self, page: str, action: str, *, headers: Any = HTML, **given: str
    ) -> httpx.Response:
        """Send the form of a page that leads to `action`, as a browser would."""
        fields = hidden(page, action) | given
        return await self.client.post(action, data=fields, headers=headers)

    async def commands(self) -> Sequence[Envelope[Command]]:
        """Return the commands that wait for the relay, and those taken by it before."""
        self.sent += [decode(one.value) for one in await self.store.take_outbox()]
        return [one for one in self.sent if isinstance(one.data, Command)]  # type: ignore[misc]


def hidden(page: str, action: str) -> dict[str, str]:
    """Return the hidden fields of the form that has this action on it."""
    for form in re.findall(r"<form.*?</form>", page, re.DOTALL):
        if f'action="{action}"' in form:
            return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    raise AssertionError(f"no form leads to {action}")


@asynccontextmanager
async def console(catalog: Catalog | None = None, **more: Any) -> AsyncIterator[Console]:
    store: Store = MemoryStore(MemoryPostmortemUnitOfWork)
    clock = ManualClock()
    clock.move_to(START)
    known = catalog or Catalog(1, {("User", "bob"): User(email="bob@example.org")})
    parts = Parts[PostmortemUnitOfWork](store, clock, CatalogHolder(known), MemoryBroker())
    application = bootstrap.build(settings(**more), parts)
    transport = httpx.ASGITransport(application.http)
    base = "https://console.example" if more.get("public_url") else "http://console.example"
    async with httpx.AsyncClient(transport=transport, base_url=base) as client:
        yield Console(application, store, clock, client)
