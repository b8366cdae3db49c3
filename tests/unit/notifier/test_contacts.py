"""A contact method is proven by a code that went by it; and nobody is paged any less without."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY

from notifier.domain.verifying import APART, LIFETIME, MOST, TRIES, WITHIN
from tests.unit.notifier.making import PHONE
from tests.unit.notifier.world import TWO_WAYS, World
from tocsin.catalog import Catalog
from tocsin.catalog.documents import ContactMethod
from tocsin.channels import MessageDoc, TargetGone, Unknown
from tocsin.testing import eventually

TOKENS = {"ada": "read+write", "eve": "read+write", "root": "read+write+admin", "seer": "read"}
SECOND = timedelta(seconds=1)
URL = "https://t.example"


@dataclass
class Desk:
    """People with their tokens, and what reached them."""

    world: World
    http: httpx.AsyncClient

    async def asks(self, who: str, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer token-of-{who}", **more.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **more)

    async def verify(self, method: str = "phone", who: str = "ada", key: str = "") -> Any:
        body = {"user": "ada", "method": method}
        headers = {"idempotency-key": key} if key else {}
        return await self.asks(who, "POST", "/v1/contacts/verify", json=body, headers=headers)

    async def confirm(self, code: str, method: str = "phone", who: str = "ada") -> httpx.Response:
        body = {"user": "ada", "method": method, "code": code}
        return await self.asks(who, "POST", "/v1/contacts/confirm", json=body)

    async def standing(self) -> dict[str, str]:
        items = (await self.asks("seer", "GET", "/v1/contacts")).json()["items"]
        return {one["method"]: one["status"] for one in items}

    @property
    def last(self) -> MessageDoc:
        return self.world.phone.told[-1][2]

    @property
    def code(self) -> str:
        return next(fact.value for fact in self.last.facts if fact.name == "Code")

    @property
    def link(self) -> str:
        (link,) = self.last.links
        return link.href.removeprefix(URL)

    def moves(self, address: str) -> None:
        """Let the catalog give the phone another address."""
        phone, *others = TWO_WAYS.contact_methods
        self.has(phone.model_copy(update={"address": address}), *others)

    def has(self, *methods: ContactMethod) -> None:
        """Let the catalog give Ada these contact methods."""
        user = TWO_WAYS.model_copy(update={"contact_methods": methods})
        self.world.catalog.replace(Catalog(2, {("User", "ada"): user}))


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    world = World()
    tokens = tuple(
        f"{name}={hashlib.sha256(f'token-of-{name}'.encode()).hexdigest()}:{scopes}"
        for name, scopes in TOKENS.items()
    )
    world.settings = world.settings.model_copy(update={"tokens": tokens})
    world.start()

    async def running(scope: Any, receive: Any, send: Any) -> None:
        await world.app.http(scope, receive, send)  # The one that was started last.

    transport = httpx.ASGITransport(app=running)
    async with httpx.AsyncClient(transport=transport, base_url=URL) as http:
        yield Desk(world, http)


async def test_a_code_that_comes_back_verifies_the_method_that_it_went_by(desk: Desk) -> None:
    assert await desk.standing() == {"mail": "unverified", "phone": "unverified"}
    answer = await desk.verify()
    assert (answer.status_code, answer.json()["outcome"]) == (200, "sent")
    assert (desk.world.phone.told[-1][1], desk.world.mail.told) == (PHONE.address, [])

    confirmed = await desk.confirm(f" {desk.code.lower().replace('-', ' ')} ")
    assert confirmed.json()["verified_at"] == "2026-01-05T09:00:00Z"
    assert await desk.standing() == {"mail": "unverified", "phone": "verified"}


async def test_the_code_is_told_to_whoever_it_reaches_and_to_nobody_else(
    desk: Desk, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    desk.world.phone.script.append(RuntimeError("a channel that fails while it has the code"))
    answer = await desk.verify()
    assert answer.json()["outcome"] == "uncertain"
    await desk.confirm("AAAA-AAAA")

    out = capsys.readouterr()
    assert "code_not_sent" in out.out + out.err + caplog.text
    everywhere = (answer.text, out.out, out.err, caplog.text, repr(desk.world.store.tables))
    token = desk.link.rpartition("/")[2]
    for text in everywhere:
        for secret in (desk.code, desk.code.replace("-", ""), token):
            assert secret not in text
    assert re.fullmatch(r"[A-Z2-7]{4}-[A-Z2-7]{4}", desk.code)
    assert desk.code in desk.last.text


async def test_a_code_works_for_ten_minutes(desk: Desk) -> None:
    await desk.verify()
    desk.world.clock.advance(LIFETIME)
    late = await desk.confirm(desk.code)
    assert (late.status_code, late.json()["type"]) == (409, "urn:tocsin:problem:no-code")
    assert (await desk.http.post(desk.link)).status_code == 404

    await desk.verify()
    desk.world.clock.advance(LIFETIME - SECOND)
    assert (await desk.confirm(desk.code)).is_success


async def test_few_tries_and_a_restart_gives_no_more(desk: Desk) -> None:
    await desk.verify()
    for left in range(TRIES - 1, -1, -1):
        wrong = await desk.confirm("AAAA-AAAA")
        assert (wrong.status_code, wrong.json()["type"]) == (409, "urn:tocsin:problem:wrong-code")
        assert f"{left} tries" in wrong.json()["detail"] or left == 0
        desk.world.start()
    assert (await desk.confirm(desk.code)).json()["type"] == "urn:tocsin:problem:no-code"
    assert (await desk.standing())["phone"] == "unverified"


async def test_a_later_code_takes_the_place_of_the_one_before(desk: Desk) -> None:
    await desk.verify()
    first, link = desk.code, desk.link
    desk.world.clock.advance(APART)
    await desk.verify()
    assert (await desk.confirm(first)).json()["type"] == "urn:tocsin:problem:wrong-code"
    assert (await desk.http.post(link)).status_code == 404
    assert (await desk.confirm(desk.code)).is_success


async def test_nobody_is_flooded(desk: Desk) -> None:
    statuses = []
    for _ in range(MOST + 1):
        statuses += [(await desk.verify()).status_code, (await desk.verify()).status_code]
        desk.world.clock.advance(APART)
    assert statuses == [200, 429] * MOST + [429, 429]
    assert len(desk.world.phone.told) == MOST

    refused = await desk.verify(who="root")
    assert refused.json()["type"] == "urn:tocsin:problem:too-many-codes"
    assert int(refused.headers["retry-after"]) == (WITHIN - (MOST + 1) * APART).total_seconds()
    desk.world.clock.advance(WITHIN - (MOST + 1) * APART)
    assert (await desk.verify()).status_code == 200
    assert (await desk.verify("mail")).status_code == 200, "another address has its own measure"


async def test_one_address_has_one_measure_whatever_it_is_called(desk: Desk) -> None:
    phone = TWO_WAYS.contact_methods[0]
    desk.has(phone, phone.model_copy(update={"name": "again"}))
    assert (await desk.verify("phone")).status_code == 200
    assert (await desk.verify("again")).status_code == 429
    wrong = await desk.confirm(desk.code, "again")
    assert wrong.json()["type"] == "urn:tocsin:problem:no-code", "it was for the other method"


async def test_a_changed_address_is_unverified_and_its_codes_are_void(desk: Desk) -> None:
    await desk.verify()
    await desk.confirm(desk.code)
    desk.world.clock.advance(APART)
    await desk.verify()
    desk.moves("https://push.example.org/other")
    assert (await desk.standing())["phone"] == "changed"
    assert (await desk.confirm(desk.code)).json()["type"] == "urn:tocsin:problem:no-code"
    for method in ("GET", "POST"):
        assert (await desk.http.request(method, desk.link)).status_code == 404
    assert (await desk.standing())["phone"] == "changed"

    await desk.verify()
    assert desk.world.phone.told[-1][1] == "https://push.example.org/other"
    await desk.confirm(desk.code)
    assert (await desk.standing())["phone"] == "verified"


async def test_looking_at_the_link_proves_nothing_and_pressing_does(desk: Desk) -> None:
    await desk.verify("phone")
    for method in ("GET", "HEAD"):
        assert (await desk.http.request(method, desk.link)).status_code == 200
    looked = await desk.http.get(desk.link)
    assert looked.text.count("<button") == 1
    assert looked.headers["cache-control"] == "no-store"
    assert (await desk.standing())["phone"] == "unverified"

    for _ in range(2):
        pressed = await desk.http.post(desk.link)
        assert "Confirmed." in pressed.text
        assert "<button" not in pressed.text
    assert (await desk.standing())["phone"] == "verified"


@pytest.mark.parametrize("bad", ["x", "A" * 22, "A" * 21 + "!"])
async def test_a_wrong_link_changes_nothing_and_tells_nothing(desk: Desk, bad: str) -> None:
    await desk.verify()
    for method in ("GET", "POST"):
        answer = await desk.http.request(method, f"/a/contact/{bad}")
        assert answer.status_code == 404
        assert "ada" not in answer.text
    assert (await desk.standing())["phone"] == "unverified"


async def test_without_a_public_url_there_is_no_link(desk: Desk) -> None:
    desk.world.settings = desk.world.settings.model_copy(update={"public_url": ""})
    desk.world.start()
    await desk.verify()
    assert desk.last.links == ()
    assert (await desk.confirm(desk.code)).is_success


async def test_for_another_only_an_admin(desk: Desk) -> None:
    assert (await desk.verify(who="eve")).status_code == 403
    assert (await desk.verify(who="seer")).status_code == 403
    assert desk.world.phone.told == []
    assert (await desk.verify(who="root")).status_code == 200
    assert "Asked for by: root" in desk.last.text
    assert (await desk.confirm(desk.code, who="eve")).status_code == 403
    assert (await desk.confirm(desk.code, who="root")).status_code == 200


async def test_what_is_not_there_is_named(desk: Desk) -> None:
    unknown = await desk.verify("phon")
    assert unknown.status_code == 409
    assert unknown.json()["detail"].endswith('did you mean "phone"?')
    eve = await desk.asks("eve", "POST", "/v1/contacts/verify", json={"method": "phone"})
    assert (eve.status_code, "no User" in eve.json()["detail"]) == (409, True)
    assert (await desk.asks("seer", "GET", "/v1/contacts?user=adda")).status_code == 404
    empty = World(loaded=False)
    empty.settings = desk.world.settings
    desk.world.app = empty.start()
    assert (await desk.verify()).status_code == 503


async def test_what_became_of_the_message_is_said(desk: Desk) -> None:
    desk.world.phone.script += [TargetGone("HTTP 410"), Unknown("no answer")]
    gone = (await desk.verify()).json()
    assert (gone["outcome"], gone["reason"]) == ("failed", "HTTP 410")
    desk.world.clock.advance(APART)
    assert (await desk.verify()).json()["outcome"] == "uncertain"


async def test_the_list_goes_on_where_it_stopped(desk: Desk) -> None:
    people = {("User", name): TWO_WAYS for name in ("ada", "ada-b", "ada.c")}
    desk.world.catalog.replace(Catalog(2, people))
    found, cursor = [], None
    while True:
        params = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = (await desk.asks("seer", "GET", "/v1/contacts", params=params)).json()
        found += [f"{one['user']} {one['method']}" for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == [f"{name} {m}" for name in ("ada", "ada-b", "ada.c") for m in ("mail", "phone")]
    assert PHONE.address not in repr(page)


async def test_a_kill_between_the_code_and_its_message_leaves_a_code_that_harms_nobody(
    desk: Desk,
) -> None:
    async def is_told() -> bool:
        return bool(desk.world.phone.told)

    desk.world.phone.hold = asyncio.Event()
    asking = asyncio.create_task(desk.verify(key="k-1"))
    await eventually(is_told)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    desk.world.phone.hold = None
    desk.world.start()

    repeated = await desk.verify(key="k-1")
    assert repeated.json()["outcome"] == "repeated"
    assert len(desk.world.phone.told) == 1, "under one key it goes once at most"
    assert (await desk.standing())["phone"] == "unverified"
    desk.world.clock.advance(APART)
    await desk.verify(key="k-2")
    assert (await desk.confirm(desk.code)).is_success


async def test_a_kill_after_the_confirmation_and_before_its_answer_costs_nothing(
    desk: Desk,
) -> None:
    await desk.verify()
    first = await desk.confirm(desk.code)
    desk.world.start()
    desk.world.clock.advance(SECOND)
    again = await desk.confirm(desk.code)
    assert (again.status_code, again.json()) == (200, first.json())


async def test_a_kill_before_the_commit_of_a_confirmation_leaves_the_code(desk: Desk) -> None:
    await desk.verify()
    tables = {name: dict(table) for name, table in desk.world.store.tables.items()}
    await desk.confirm(desk.code)
    desk.world.store.tables = tables
    desk.world.start()
    assert (await desk.standing())["phone"] == "unverified"
    assert (await desk.confirm(desk.code)).is_success


async def test_who_is_not_verified_is_paged_all_the_same(desk: Desk) -> None:
    await desk.world.pages("page-1")
    assert [doc.purpose for _, _, doc in desk.world.phone.told] == ["page"]
    await desk.verify()
    await desk.world.pages("page-2", incident_id="inc-2")
    assert [doc.purpose for _, _, doc in desk.world.phone.told] == ["page", "verification", "page"]


async def test_how_many_are_unverified_is_a_gauge(desk: Desk) -> None:
    async def shown() -> float | None:
        assert desk.world.app.on_look is not None
        async with desk.world.store.read() as uow:
            assert await desk.world.app.on_look(uow, desk.world.clock.now()) == ()
        return REGISTRY.get_sample_value("tocsin_contacts_unverified")

    assert await shown() == 2
    await desk.verify()
    await desk.confirm(desk.code)
    assert await shown() == 1
    desk.moves("https://push.example.org/other")
    assert await shown() == 2
