"""Who is who in a chat, proven from both sides: once, within ten minutes, by the person alone."""

import hashlib
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.slack.presses import HEARING, Hands
from tests.slack.world import CATALOG, ChatWorld
from tests.unit.notifier.making import ada
from tocsin.catalog import Catalog
from tocsin.events import AcknowledgeIncident

TOKENS = {"eve": "read+write", "ops": "read+write", "root": "read+write+admin", "seer": "read"}


class Office(Hands):
    """People at their terminals as well."""

    async def asks(self, who: str, method: str, path: str, body: Any = None) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.world.app.http)
        headers = {"authorization": f"Bearer token-of-{who}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as http:
            return await http.request(method, path, json=body, headers=headers)

    async def shown(self) -> str:
        """Let a stranger try, and return the code that only they are shown."""
        await self.commands("U0EVE", "ack 7")
        found = re.search(r"tocsin chat link (\S+)", self.told[-1])
        assert found is not None
        return found[1]


@pytest.fixture
async def office() -> Office:
    world = ChatWorld(**HEARING)
    world.catalog.replace(Catalog(2, {**CATALOG, ("User", "eve"): ada()}))
    tokens = tuple(
        f"{name}={hashlib.sha256(f'token-of-{name}'.encode()).hexdigest()}:{scopes}"
        for name, scopes in TOKENS.items()
    )
    world.settings = world.settings.model_copy(update={"tokens": tokens})
    world.start()
    await world.rings("inc-7")
    await world.facts()
    return Office(world)


async def test_a_code_confirmed_with_ones_own_token_makes_the_link(office: Office) -> None:
    code = await office.shown()
    answer = await office.asks("eve", "POST", "/v1/chat-links", {"code": code.lower()})
    assert answer.status_code == 200
    assert (answer.json()["subject"], answer.json()["user"]) == ("U0EVE", "eve")

    await office.commands("U0EVE", "ack 7")
    (command,) = [one for one in await office.world.facts() if isinstance(one, AcknowledgeIncident)]
    assert command.by.name == "eve"


async def test_a_code_works_once_and_for_ten_minutes(office: Office) -> None:
    code = await office.shown()
    assert (await office.asks("eve", "POST", "/v1/chat-links", {"code": code})).is_success
    again = await office.asks("eve", "POST", "/v1/chat-links", {"code": code})
    assert again.status_code == 409
    assert "used already" in again.json()["detail"]

    await office.asks("eve", "DELETE", "/v1/chat-links/slack/U0EVE")
    code = await office.shown()
    await office.world.lasts(timedelta(minutes=10))
    late = await office.asks("eve", "POST", "/v1/chat-links", {"code": code})
    assert late.status_code == 409


async def test_nobody_confirms_for_another_but_an_admin(office: Office) -> None:
    code = await office.shown()
    asked = {"code": code, "user": "eve"}
    assert (await office.asks("ops", "POST", "/v1/chat-links", asked)).status_code == 403
    assert (await office.asks("seer", "POST", "/v1/chat-links", asked)).status_code == 403
    # The token of nobody in the catalog is nobody's.
    assert (await office.asks("ops", "POST", "/v1/chat-links", {"code": code})).status_code == 409
    misspelt = await office.asks("root", "POST", "/v1/chat-links", {**asked, "user": "evee"})
    assert (misspelt.status_code, 'did you mean "eve"?' in misspelt.json()["detail"]) == (409, True)
    assert (await office.asks("root", "POST", "/v1/chat-links", asked)).status_code == 200


async def test_a_link_can_be_seen_and_removed_and_then_nothing_works(office: Office) -> None:
    code = await office.shown()
    await office.asks("eve", "POST", "/v1/chat-links", {"code": code})
    listed = (await office.asks("seer", "GET", "/v1/chat-links")).json()["items"]
    assert [(one["channel"], one["subject"], one["user"]) for one in listed] == [
        ("slack", "U0EVE", "eve")
    ]
    gone = await office.asks("eve", "DELETE", "/v1/chat-links/slack/U0EVE")
    assert gone.status_code == 204
    assert (await office.asks("eve", "DELETE", "/v1/chat-links/slack/U0EVE")).status_code == 404
    await office.press("U0EVE", office.world.in_channel()[0], "acknowledge")
    assert await office.world.told() == []


async def test_who_left_the_catalog_is_nobody_whatever_was_linked(office: Office) -> None:
    code = await office.shown()
    await office.asks("eve", "POST", "/v1/chat-links", {"code": code})
    office.world.catalog.replace(Catalog(3, CATALOG))
    await office.commands("U0EVE", "ack 7")
    assert await office.world.told() == []


async def test_the_code_is_kept_nowhere(office: Office) -> None:
    code = await office.shown()
    assert code not in repr(office.world.store.tables)
    assert code.replace("-", "") not in repr(office.world.store.tables)
