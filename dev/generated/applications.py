"""Each service put together over memory: nothing is opened, so its documents can be read off."""

import ast
import importlib
from functools import lru_cache
from typing import Any, cast

from fastapi import FastAPI

from dev.layout import ESCALATION, INTAKE, NOTIFIER, POSTMORTEM, ROOT, SERVICES, Service
from tocsin import dead_letters, obligations_api, topics
from tocsin.application import Application
from tocsin.events import ALL, Event, ShiftsForeseen
from tocsin.holder import CatalogHolder
from tocsin.lifecycle import Definition, Parts
from tocsin.testing import ManualClock, MemoryBroker, MemoryStore, MemoryUnitOfWork

# Who may write to a topic; a test holds the code of the services to it.
WRITERS: dict[str, tuple[Service, ...]] = {
    topics.ALERT_EVENTS.name: (INTAKE,),
    topics.INCIDENTS.name: (INTAKE,),
    topics.PAGES.name: (ESCALATION,),
    topics.NOTIFICATIONS.name: (NOTIFIER,),
    topics.COMMANDS.name: (INTAKE, NOTIFIER, POSTMORTEM),
    topics.CATALOG.name: (ESCALATION,),
    topics.POSTMORTEMS.name: (POSTMORTEM,),
    topics.DEAD_LETTERS.name: SERVICES,
}


def definition(service: Service) -> Definition[Any]:
    """Return what a service says of itself."""
    found = importlib.import_module(f"{service.module}.bootstrap").SERVICE
    assert isinstance(found, Definition)
    return found


@lru_cache(maxsize=len(SERVICES))
def application(service: Service) -> Application[Any]:
    """Return a service as its bootstrap puts it together, with its default settings."""
    found = definition(service)
    parts: Parts[Any] = Parts(
        MemoryStore(_memory_unit(service)), ManualClock(), CatalogHolder(), MemoryBroker()
    )
    application = found.build(found.settings(), parts)
    # As the process does: every service has these beside its own.
    app = http_of(application)
    app.include_router(dead_letters.router(found.name, cast("Any", parts.store), parts.clock))
    app.include_router(obligations_api.router(found.name, cast("Any", parts.store), parts.clock))
    return application


def http_of(application: Application[Any]) -> FastAPI:
    """Return the HTTP side of a service."""
    assert isinstance(application.http, FastAPI)
    return application.http


def handled_by(service: Service) -> set[type[Event]]:
    """Return the events that a service handles.

    A subscription may name a family of them; the catalog is followed outside the subscriptions,
    but for the shifts, which the follower passes over.
    """
    followed = {kind for kind in ALL if topics.CATALOG.name == kind.TOPIC} - {ShiftsForeseen}
    return followed | {
        kind
        for subscription in application(service).subscriptions
        for kind in ALL
        if issubclass(kind, subscription.events) and subscription.topic.name == kind.TOPIC
    }


@lru_cache(maxsize=len(SERVICES))
def made_by(service: Service) -> frozenset[type[Event]]:
    """Return the events that a service's code makes, wherever it calls their class."""
    names = {
        _called(node)
        for file in sorted((ROOT / "services" / service.name / "src").rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    }
    return frozenset(kind for kind in ALL if kind.__name__ in names)


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _memory_unit(service: Service) -> type[MemoryUnitOfWork]:
    module = importlib.import_module(f"{service.module}.adapters.memory")
    (unit,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, MemoryUnitOfWork)
        and value.__module__ == module.__name__
    )
    return unit
