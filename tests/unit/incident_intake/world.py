"""What the tests of incident-intake share: messages, a catalog, and the service built in memory."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx

from incident_intake import bootstrap
from incident_intake.adapters.memory import MemoryIntakeUnitOfWork
from incident_intake.domain.alert import Alert, alert_id
from incident_intake.domain.incident import Incident
from incident_intake.settings import IntakeSettings
from tocsin.application import Application, Parts
from tocsin.bus import Consumer
from tocsin.catalog import Catalog, Integration, Route, Service, Settings, Spec
from tocsin.events import AlertEvent, Envelope, Event, Severity, decode
from tocsin.holder import CatalogHolder
from tocsin.testing import START, ManualClock, MemoryBroker, MemoryStore

KEY = "a-key-of-the-tests"
TOKEN = "a-token-of-the-tests"
HOOK = {"X-Tocsin-Key": KEY}
API = {"Authorization": f"Bearer {TOKEN}"}


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def catalog(**services: Any) -> Catalog:
    """Return a catalog with these services, `checkout` among them, and one integration."""
    specs: dict[tuple[str, str], Spec] = {
        ("Integration", "tests"): Integration(
            source="generic", service="checkout", key_sha256=hashed(KEY)
        ),
        ("Integration", "roaming"): Integration(source="generic", key_sha256=hashed("roaming-key")),
        ("Route", "databases"): Route(matchers=('team="db"',), service="postgres"),
        ("Settings", "settings"): Settings(default_service="checkout"),
        ("Service", "postgres"): Service(),
    }
    for name, spec in {"checkout": {}, **services}.items():
        specs["Service", name] = Service.model_validate(spec)
    return Catalog(1, specs)


def message(
    key: str = "disk",
    action: str = "trigger",
    *,
    at: datetime = START,
    service: str = "checkout",
    severity: Severity = "critical",
    **more: Any,
) -> AlertEvent:
    """Return what a tool said about one alert."""
    return AlertEvent.model_validate(
        {
            "integration": "tests",
            "source": "generic",
            "service": service,
            "dedup_key": key,
            "action": action,
            "title": f"{key} is broken",
            "received_at": at,
            "severity": severity,
            **more,
        }
    )


class Store(MemoryStore[MemoryIntakeUnitOfWork]):
    """A store whose database can be away."""

    away = False

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[MemoryIntakeUnitOfWork]:
        if self.away:
            raise OSError("the database is away")
        async with super().begin() as uow:
            yield uow


@dataclass
class World:
    """The service as it is built, over a store, a broker and a clock in memory."""

    catalog: CatalogHolder = field(default_factory=lambda: CatalogHolder(catalog()))
    settings: dict[str, Any] = field(default_factory=dict)
    clock: ManualClock = field(default_factory=ManualClock)
    broker: MemoryBroker = field(default_factory=MemoryBroker)
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store = Store(MemoryIntakeUnitOfWork)
        tokens = (f"operator={hashed(TOKEN)}:read+write",)
        self.app: Application[Any] = bootstrap.build(
            IntakeSettings(tokens=tokens, **self.settings),
            Parts(self.store, self.clock, self.catalog, self.broker),
            self.environ,
        )
        self.consumers: list[Consumer[Any]] = [
            Consumer("incident-intake", one, self.store, self.clock)
            for one in self.app.subscriptions
        ]
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app.http), base_url="http://intake"
        )

    async def rings(self, *events: Event) -> list[Event]:
        """Append these to their topics, let the service work, return the facts it published."""
        await self.store_handles([Envelope(event, self.clock.now(), "tests") for event in events])
        return await self.facts()

    async def store_handles(self, envelopes: Sequence[Envelope[Event]]) -> None:
        for envelope in envelopes:
            handler = next(
                one.handle
                for one in self.app.subscriptions
                if isinstance(envelope.data, one.events)
            )
            async with self.store.begin() as uow:
                await handler(uow, [envelope], self.clock.now())

    async def works(self) -> list[Event]:
        """Consume what the broker holds, as the running process does; return the facts."""
        for consumer in self.consumers:
            while await self.broker.deliver(consumer):
                pass
        return await self.facts()

    async def relays(self) -> int:
        """Bring the outbox to the broker."""
        outgoing = await self.store.take_outbox(10_000)
        await self.broker.send(outgoing)
        return len(outgoing)

    async def facts(self) -> list[Event]:
        """Return what was published since the last call."""
        return [decode(one.value).data for one in await self.store.take_outbox(10_000)]

    async def passes(self, duration: timedelta) -> list[Event]:
        """Let time pass, stopping at every deadline; return the facts."""
        end = self.clock.now() + duration
        while (due := await self.store.next_due()) is not None and due <= end:
            self.clock.move_to(due)
            async with self.store.begin() as uow:
                timers = await uow.take_due(self.clock.now(), 100)
                await self.app.on_timers(uow, timers, self.clock.now())
        self.clock.move_to(end)
        return await self.facts()

    def alert(self, key: str = "disk", service: str = "checkout") -> Alert:
        found: Alert = self.store.tables["alerts"][alert_id(service, key)]
        return found

    def incidents(self) -> list[Incident]:
        found: list[Incident] = sorted(
            self.store.tables.get("incidents", {}).values(), key=lambda each: each.number
        )
        return found


def names(facts: Sequence[Event]) -> list[str]:
    """Return the kinds of these facts, in order."""
    return [type(fact).__name__ for fact in facts]
