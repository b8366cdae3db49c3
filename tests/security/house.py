"""A whole installation in one process: the real services over SQLite, its secrets canaries."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI
from sqlalchemy import text

from dev.generated.applications import definition
from dev.layout import SERVICES
from notifier import bootstrap as notifier_bootstrap
from notifier.adapters.channels import load
from notifier.adapters.channels.slack.channel import SlackChannel
from notifier.adapters.outbound import OutboundHttp
from notifier.domain import reply
from tests.security.asgi import Answer, call
from tests.slack.presses import HEARING
from tests.slack.server import Near, Slack
from tests.slack.workspace import BOT, Workspace
from tests.unit.notifier.test_interactions import PigeonChannel
from tocsin import dead_letters, obligations_api
from tocsin.application import Application
from tocsin.bus import Consumer
from tocsin.channels import Cap, Channel, Context
from tocsin.database import Database
from tocsin.egress import Egress
from tocsin.events import PageRequested, decode
from tocsin.holder import CatalogHolder
from tocsin.lifecycle import Parts
from tocsin.migrate import migrate
from tocsin.outgoing import Outgoing
from tocsin.sql import SqlStore
from tocsin.testing import ManualClock, MemoryBroker, followed
from tocsin.timers import TimerLoop
from tocsin.unit_of_work import DeadLetter

# Whatever of these turns up where it does not belong was leaked.
SECRET = "canary-of-the-secret-3f9c1b7a"
WEBHOOK_SECRET = "whsec_Y2FuYXJ5LW9mLXRoZS13ZWJob29rLXNlY3JldA=="
SMTP_PASSWORD = "canary-of-the-smtp-password-77aa"
INTEGRATION_KEY = "canary-of-the-integration-key-5e21"
TOKENS = {
    "reader": ("canary-of-the-reader-token-01", "read"),
    "writer": ("canary-of-the-writer-token-02", "read+write"),
    "admin": ("canary-of-the-admin-token-03", "admin"),
    "owner": ("canary-of-the-owner-token-04", "read+write+admin"),
    "odd": ("canary-of-the-odd-token-05", "other"),
}
KEYS = {"tests-generic": "generic", "tests-pagerduty": "pagerduty", "tests-roaming": "alertmanager"}


GRAVE = "a-dead-letter-of-the-tests"


def bearer(role: str) -> dict[str, str]:
    return {"authorization": f"Bearer {TOKENS[role][0]}"}


def digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def catalog(address: str) -> list[dict[str, Any]]:
    """Return a small organisation: one person, by a webhook at `address`."""
    person = {
        "email": "ada@example.org",
        "time_zone": "Europe/Paris",
        "contact_methods": [{"name": "phone", "channel": "webhook", "address": address}],
        "notification_rules": [
            {"urgency": "high", "contact_method": "phone", "after": "0s"},
            {"urgency": "low", "contact_method": "phone", "after": "0s"},
        ],
        "chat": {"pigeon": "P-ADA"},
    }
    weekly = {
        "name": "weekly",
        "rotation": {
            "type": "weekly",
            "length": 1,
            "start": "2026-01-05T09:00",
            "participants": ["ada"],
        },
    }
    levels = [{"targets": [{"schedule": "payments"}], "escalate_after": "5m"}]
    key = digest(INTEGRATION_KEY)
    specs: list[tuple[str, str, dict[str, Any]]] = [
        ("User", "ada", person),
        ("Team", "payments", {"members": ["ada"]}),
        ("Service", "checkout", {"team": "payments", "escalation_policy": "payments"}),
        ("Integration", "tests", {"source": "generic", "service": "checkout", "key_sha256": key}),
        ("Schedule", "payments", {"time_zone": "Europe/Paris", "layers": [weekly]}),
        ("EscalationPolicy", "payments", {"team": "payments", "levels": levels, "repeat": 1}),
        ("Settings", "settings", {"default_service": "checkout", "last_resort": {"user": "ada"}}),
    ]
    return [{"kind": kind, "name": name, "spec": spec} for kind, name, spec in specs]


class Resident:
    """One service of the house."""

    def __init__(self, application: Application[Any], store: SqlStore[Any], broker: MemoryBroker):
        self.name = application.name
        self.application = application
        self.store = store
        self.broker = broker
        assert isinstance(application.http, FastAPI)
        self.app = application.http
        # As the process does: every service has these beside its own.
        for module in (dead_letters, obligations_api):
            self.app.include_router(module.router(self.name, store, application.clock))
        self.consumers = [
            Consumer(self.name, one, store, application.clock) for one in application.subscriptions
        ]
        self.timers = TimerLoop(application)

    async def relay(self) -> bool:
        """Bring the outbox to the broker."""
        async with self.store.database.transaction() as connection:
            rows = (await connection.execute(text("SELECT * FROM outbox ORDER BY id"))).all()
            await connection.execute(text("DELETE FROM outbox"))
        sent = [Outgoing(row.topic, row.key, row.payload, row.traceparent) for row in rows]
        await self.broker.send(sent)
        return bool(sent)

    async def step(self) -> bool:
        """Do what there is to do; return whether there was anything."""
        moved = await self.relay()
        for consumer in self.consumers:
            moved = bool(await self.broker.deliver(consumer)) or moved
        for worker in self.application.workers:
            if not worker.name.startswith("listen"):
                moved = await worker.run_once() or moved
        return moved

    async def contents(self, *, but: tuple[str, ...] = ()) -> dict[str, list[str]]:
        """Return every row of every table, as text."""
        async with self.store.database.snapshot() as connection:
            found = await connection.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            )
            return {
                name: [
                    repr(tuple(row))
                    for row in await connection.execute(text(f"SELECT * FROM {name}"))
                ]
                for name in found.scalars().all()
                if name not in but
            }


class House:
    """The four services, their broker, and one organisation that lives here."""

    def __init__(self, clock: ManualClock, broker: MemoryBroker, holder: CatalogHolder):
        self.clock = clock
        self.broker = broker
        self.holder = holder
        self.slack = Slack(Workspace(now=clock.now))
        self.residents: dict[str, Resident] = {}
        self.known: dict[str, list[str]] = {}
        self._followed = 0
        self._turn = asyncio.Lock()

    def app(self, service: str) -> FastAPI:
        return self.residents[service].app

    async def ask(
        self,
        service: str,
        method: str,
        target: str,
        headers: Mapping[str, str | bytes] | None = None,
        body: Any = None,
    ) -> Answer:
        """Send a service a request; a body that is no bytes goes as JSON."""
        given: dict[str, str | bytes] = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = orjson.dumps(body)
            given.setdefault("content-type", "application/json")
        return await call(self.app(service), method, target, given, body or b"")

    async def settle(self) -> None:
        """Let everything happen that follows; whoever else asks for it waits."""
        async with self._turn:
            moved = True
            while moved:
                moved = self._follow()
                for resident in self.residents.values():
                    moved = await resident.step() or moved

    async def passes(self, duration: timedelta) -> None:
        """Let time go by, and everything happen that is due then."""
        self.clock.advance(duration)
        for resident in self.residents.values():
            await resident.timers.fire()
        await self.settle()

    async def apply(self, documents: list[dict[str, Any]]) -> None:
        """Put a catalog in force."""
        bundle = {"set": "house", "documents": documents}
        answer = await self.ask("escalation", "PUT", "/v1/catalog", bearer("owner"), bundle)
        assert answer.status == 200, answer.text
        await self.settle()

    async def rings(self, title: str, **more: Any) -> None:
        """Send an alert by the front door, and let everything follow."""
        answer = await self.ask(
            "incident-intake",
            "POST",
            "/v1/alerts/generic",
            {"x-tocsin-key": INTEGRATION_KEY},
            {"title": title, "severity": "critical", **more},
        )
        assert answer.status == 202, answer.text
        await self.settle()

    async def lives(self) -> None:
        """Have some history, so that ids lead somewhere: `known` holds them by parameter."""
        await self.rings("Checkout is slow", labels={"cluster": "eu-1"}, dedup_key="slow")
        await self.rings("Disk full", dedup_key="disk")
        await self.rings("Disk full", dedup_key="disk", status="resolved")
        silence = {"matchers": ["pod=x"], "duration": "1h"}
        owner = bearer("owner")
        made = await self.ask("incident-intake", "POST", "/v1/silences", owner, silence)
        self.known["silence_id"] = [made.json()["id"]]
        await self._bury()
        await self.learns()
        await self._publishes()

    async def learns(self) -> None:
        """Take up the ids that there are now."""
        owner = bearer("owner")
        incidents = await self.ask("incident-intake", "GET", "/v1/incidents", owner)
        drafts = await self.ask("postmortem", "GET", "/v1/postmortems", owner)
        which = [one["id"] for one in incidents.json()["items"]]
        pages = [decode(one.value).data for one in self.broker.records("pages")]
        tokens = [
            reply.link_token(SECRET, one.page_id) for one in pages if isinstance(one, PageRequested)
        ]
        assert tokens
        self.known |= {
            "which": [*which, "1", "2"],
            "incident": which,
            "identity": [GRAVE, *(one["id"] for one in drafts.json()["items"]), *which],
            "token": tokens,
        }

    async def _publishes(self) -> None:
        """Publish a postmortem, and promise something in it."""
        owner = bearer("owner")
        drafts = await self.ask("postmortem", "GET", "/v1/postmortems", owner)
        over = drafts.json()["items"][0]["incident_id"]
        base = f"/v1/postmortems/{over}"
        for verb in ("review", "publish"):
            answer = await self.ask("postmortem", "POST", f"{base}/{verb}", owner, {})
            assert answer.status == 200, answer.text
        item = {"title": "Watch the disk", "owner": "ada", "due": "2026-02-01"}
        made = await self.ask("postmortem", "POST", f"{base}/action-items", owner, item)
        self.known |= {"item": [made.json()["id"]], "number": ["1"], "over": [over]}
        await self.settle()

    async def _bury(self) -> None:
        letter = DeadLetter(
            GRAVE, "x.things", "commands", 0, 7, b"k", b"\xff", "no", "E", self.clock.now()
        )
        for resident in self.residents.values():
            async with resident.store.begin() as uow:
                await uow.bury([letter])
        await self.settle()

    def _follow(self) -> bool:
        records = self.broker.records("catalog")
        fresh, self._followed = records[self._followed :], len(records)
        if fresh:
            self.holder.replace(followed(self.holder.current, fresh, []))
        return bool(fresh)


async def prepare(folder: Path) -> None:
    """Migrate the databases of all services in `folder`."""
    for service in SERVICES:
        await migrate(f"sqlite:///{folder}/{service.name}.db", service.module)


@asynccontextmanager
async def house(
    foundation: Path,
    folder: Path,
    *,
    address: str = "https://push.example.org/ada",
    environment: str = "dev",
    egress_allow: tuple[str, ...] = (),
    smtp: str = "",
) -> AsyncIterator[House]:
    """Build the house in `folder` over copies of prepared databases, its catalog in force."""
    found = House(ManualClock(), MemoryBroker(), CatalogHolder())
    databases = []
    tokens = tuple(f"{name}={digest(token)}:{scopes}" for name, (token, scopes) in TOKENS.items())
    for service in SERVICES:
        shutil.copy(foundation / f"{service.name}.db", folder)
        url = f"sqlite:///{folder}/{service.name}.db"
        databases.append(Database(url))
        made = definition(service)
        store: SqlStore[Any] = SqlStore(databases[-1], made.unit, found.clock.now)
        given: dict[str, Any] = {"tokens": tokens, "secret": SECRET, "environment": environment}
        given |= {"database": url, "public_url": f"https://{service.name}.example"}
        if service.name == "notifier":
            given |= {"webhook_secret": WEBHOOK_SECRET, "egress_allow": egress_allow}
            given |= {"smtp": smtp, "smtp_username": "tocsin", "smtp_password": SMTP_PASSWORD}
        settings = made.settings(**given)
        parts: Parts[Any] = Parts(store, found.clock, found.holder, found.broker)
        if service.name == "notifier":
            application = notifier_bootstrap.build(
                settings, parts, _channels(settings, found.slack)
            )
        else:
            application = made.build(settings, parts)
        found.residents[service.name] = Resident(application, store, found.broker)
    try:
        await found.apply(catalog(address))
        yield found
    finally:
        for database in databases:
            await database.close()


def _channels(settings: Any, slack: Slack) -> dict[str, Channel]:
    """Return the channels of the product, and one that hears callbacks."""
    outbound = OutboundHttp(Egress(settings.egress_allow))
    context = Context(outbound, settings.secret, settings.public_url)
    found = dict(load(settings.channels, settings.options(), context))
    pigeon = PigeonChannel()
    assert Cap.CALLBACKS in pigeon.info.caps
    options = HEARING | {"bot_token": BOT, "api": slack.api}
    chat = SlackChannel(options, Context(Near(slack), SECRET))
    return {**found, "pigeon": pigeon, "slack": chat}
