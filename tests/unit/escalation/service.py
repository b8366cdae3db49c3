"""Escalation as a service in memory, asked over ASGI, and documents for its catalog."""

import hashlib
from typing import Any

import httpx

from escalation.adapters.memory import MemoryEscalationUnitOfWork
from escalation.bootstrap import build
from escalation.ports import EscalationUnitOfWork
from escalation.settings import EscalationSettings
from tests.unit.escalation.examples import NOW
from tocsin.catalog.planning import Held, catalog_of
from tocsin.events import decode
from tocsin.holder import CatalogHolder
from tocsin.lifecycle import Parts
from tocsin.testing import ManualClock, MemoryBroker, MemoryStore

READ, WRITE = "read-token", "write-token"


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Service:
    """Escalation with its HTTP side; the catalog is in force as soon as it is applied."""

    def __init__(self) -> None:
        self.holder = CatalogHolder()
        self.holder.loaded = True
        self.store = MemoryStore(MemoryEscalationUnitOfWork)
        settings = EscalationSettings(
            tokens=(f"reader={digest(READ)}:read", f"writer={digest(WRITE)}:read+write")
        )
        self.clock = ManualClock(NOW)
        parts = Parts[EscalationUnitOfWork](self.store, self.clock, self.holder, MemoryBroker())
        self.application = build(settings, parts)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.application.http),
            base_url="http://escalation",
            headers={"Authorization": f"Bearer {WRITE}"},
        )

    async def put(
        self, documents: list[dict[str, Any]], version: int | None = None, **more: Any
    ) -> httpx.Response:
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        body = {"set": "default", "documents": documents, **more}
        answer = await self.client.put("/v1/catalog", json=body, headers=headers)
        await self.follow()
        return answer

    async def plan(self, documents: list[dict[str, Any]], **more: Any) -> Any:
        body = {"set": "default", "documents": documents, **more}
        answer = await self.client.post("/v1/catalog/plan", json=body)
        return answer.json()

    async def follow(self) -> None:
        held = (await self.client.get("/v1/catalog")).json()
        documents = [
            Held(one["kind"], one["name"], one["set"], one["spec"]) for one in held["documents"]
        ]
        self.holder.replace(catalog_of(documents, held["version"]))

    async def told(self) -> list[Any]:
        return [
            decode(record.value).data for record in await self.store.take_outbox() if record.value
        ]


def user(name: str, address: str = "someone@example.org") -> dict[str, Any]:
    method = {"name": "mail", "channel": "email", "address": address}
    rules = [
        {"urgency": urgency, "contact_method": "mail", "after": "0s"} for urgency in ("high", "low")
    ]
    spec = {"contact_methods": [method], "notification_rules": rules}
    return {"kind": "User", "name": name, "spec": spec}


def schedule(*participants: str) -> dict[str, Any]:
    rotation = {
        "type": "weekly",
        "length": 1,
        "start": "2026-01-05T09:00",
        "participants": list(participants),
    }
    layers = [{"name": "weekly", "rotation": rotation}]
    spec = {"time_zone": "Europe/Paris", "layers": layers}
    return {"kind": "Schedule", "name": "web", "spec": spec}


def policy(*users: str) -> dict[str, Any]:
    levels = [{"targets": [{"user": name}], "escalate_after": "5m"} for name in users]
    spec = {"levels": levels, "last_resort": {"user": "ada"}}
    return {"kind": "EscalationPolicy", "name": "payments", "spec": spec}


def checkout() -> dict[str, Any]:
    return {"kind": "Service", "name": "checkout", "spec": {"escalation_policy": "payments"}}


BASE = [user("ada"), user("bob"), schedule("ada", "bob"), policy("ada"), checkout()]
