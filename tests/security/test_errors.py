"""When something behind the door breaks: nothing of it is told, and no door opens by it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from sqlalchemy.exc import OperationalError

from tests.security.access import SERVICES, TABLE, filled, routes
from tests.security.house import INTEGRATION_KEY, House, bearer
from tests.security.samples import bodies
from tocsin.catalog import Catalog

INSIDE = "canary-of-the-inside"
FAILURES: dict[str, Exception] = {
    "database": OperationalError(f"SELECT {INSIDE}", {"x": INSIDE}, Exception(INSIDE)),
    "socket": ConnectionRefusedError(f"connect to 10.1.2.3 as {INSIDE}"),
    "bug": ValueError(f"{INSIDE} in /srv/app/secret.py"),
    "memory": MemoryError(INSIDE),
}
TOLD = (INSIDE, "SELECT", "Traceback", "sqlite", "sqlalchemy", ".py", "10.1.2.3", "line ")


class BrokenDatabase:
    """A database that fails in one way."""

    def __init__(self, error: Exception):
        self._error = error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        self._fail()
        yield

    snapshot = transaction

    def _fail(self) -> None:
        raise self._error


def break_down(house: House, error: Exception) -> None:
    """Take the databases and the broker away from all services."""
    house.broker.away = True
    for resident in house.residents.values():
        resident.store.database = cast("Any", BrokenDatabase(error))


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("failure", FAILURES)
async def test_an_error_tells_nothing_of_the_inside(at_home: House, failure: str) -> None:
    break_down(at_home, FAILURES[failure])
    failed = 0
    for service in SERVICES:
        for route in sorted(routes(at_home.app(service))):
            method, _, path = route.partition(" ")
            target = filled(path, at_home.known)
            target += "?incident=x" if target == "/v1/notifications" else ""
            headers = bearer("owner") | {"x-tocsin-key": INTEGRATION_KEY}
            good = (bodies(route) or [None])[0]
            answer = await at_home.ask(service, method, target, headers, good)
            if answer.status >= 500:
                failed += 1
                # A bug is a 500; but an alert that was not kept is always sent again.
                slug = answer.json()["type"].removeprefix("urn:tocsin:problem:")
                allowed = {(503, "unavailable")} | (
                    {(500, "internal")} if failure == "bug" else set()
                )
                assert (answer.status, slug) in allowed, route
                assert set(answer.json()) == {"type", "title", "status", "detail"}
                for word in TOLD:
                    assert word not in answer.text, route
            assert INSIDE not in answer.text, route
    assert failed > 25, "most endpoints need the database"


async def test_no_door_opens_while_the_database_is_away(at_home: House) -> None:
    break_down(at_home, FAILURES["database"])
    for service in SERVICES:
        for route in routes(at_home.app(service)):
            method, _, path = route.partition(" ")
            if TABLE[route] in {"read", "view", "write", "admin"}:
                target = filled(path, at_home.known)
                assert (await at_home.ask(service, method, target)).status == 401
                odd = await at_home.ask(service, method, target, bearer("odd"))
                assert odd.status == 403


async def test_without_a_catalog_no_key_is_good(at_home: House) -> None:
    """Nor is one refused, which a sender would not repeat."""
    at_home.holder.replace(Catalog())
    before = len(at_home.broker.records("alert-events"))
    empty = await at_home.ask(
        "incident-intake",
        "POST",
        "/v1/alerts/generic",
        {"x-tocsin-key": INTEGRATION_KEY},
        {"title": "x"},
    )
    assert empty.status in {401, 503}
    assert len(at_home.broker.records("alert-events")) == before


async def test_202_is_never_said_of_what_was_not_kept(at_home: House) -> None:
    break_down(at_home, FAILURES["socket"])
    key = {"x-tocsin-key": INTEGRATION_KEY}
    for path in ("/v1/alerts/generic", "/v1/alerts/alertmanager", "/api/v2/alerts", "/v2/enqueue"):
        good = bodies(f"POST {path}")[0]
        answer = await at_home.ask("incident-intake", "POST", path, key, good)
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
