"""Channels and webhooks of a level: delivered as pages are, and never taken for a person."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from notifier.domain.page import as_request
from notifier.domain.retrying import HOPE, LEASE, MAX_ATTEMPTS
from notifier.domain.states import Failed, Retrying, Sending, Withdrawn
from tests.slack.presses import HEARING, Hands, commands
from tests.slack.world import CATALOG, ChatWorld, acked, opened
from tests.unit.notifier.making import notification, requested
from tests.unit.notifier.world import TWO_WAYS, World, acknowledged, said, triggered
from tocsin.catalog import Catalog, Spec, Team, Webhook
from tocsin.channels import (
    Accepted,
    Delivered,
    ExternalRef,
    RateLimited,
    Receipt,
    SendResult,
    TargetGone,
    Transient,
    Unknown,
)
from tocsin.events import (
    AcknowledgeIncident,
    AnnouncementAttempted,
    AnnouncementRequested,
    AnnouncementWithdrawn,
    Envelope,
    Event,
    PageRequested,
    decode,
    encode,
)
from tocsin.testing import START

URL = "https://hooks.example.org/board"
ROOM, BOARD = "channel ops", "webhook board"
DOWN = Transient("HTTP 503")
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def announced(target: str = BOARD, **more: Any) -> AnnouncementRequested:
    given = requested().model_dump(exclude={"page_id", "responder", "reason", "must_page_by"})
    return AnnouncementRequested(
        **(given | {"announcement_id": f"ann-{target}", "target": target, "loop": 1} | more)
    )


def catalog(version: int = 1) -> Catalog:
    specs: dict[tuple[str, str], Spec] = {
        ("User", "ada"): TWO_WAYS,
        ("Team", "ops"): Team(chat={"webhook": "https://chat.example.org/ops"}),
        ("Webhook", "board"): Webhook(url=URL),
    }
    return Catalog(version, specs)


@pytest.fixture
def world() -> World:
    found = World()
    found.catalog.replace(catalog())
    return found


async def tells(world: World, *events: AnnouncementRequested) -> None:
    await world.hears(*(said(one, world.clock.now()) for one in events))
    await world.settles()


async def attempts(world: World) -> list[AnnouncementAttempted]:
    """Take what was published, which is attempts to tell something and nothing else."""
    facts = await world.facts()
    assert {type(one) for one in facts} <= {AnnouncementAttempted}
    return [one for one in facts if isinstance(one, AnnouncementAttempted)]


@pytest.mark.parametrize(
    ("target", "address"), [(BOARD, URL), (ROOM, "https://chat.example.org/ops")]
)
async def test_a_target_is_told_where_the_catalog_says(
    world: World, target: str, address: str
) -> None:
    await tells(world, announced(target))

    ((delivery_id, told_at, doc),) = world.phone.told
    assert told_at == address
    assert (doc.purpose, doc.title, doc.responder) == ("announcement", "Checkout is slow", "")
    (fact,) = await attempts(world)
    assert (fact.outcome, fact.target, fact.channel) == ("delivered", target, "webhook")
    assert (fact.announcement_id, fact.delivery_id) == (f"ann-{target}", delivery_id)


async def test_the_message_has_no_link_that_would_act_for_somebody(world: World) -> None:
    await tells(world, announced())

    ((_, _, doc),) = world.phone.told
    assert (doc.url, doc.buttons) == ("", ())
    assert "Why you" not in doc.text
    assert "/a/" not in doc.text
    (page,) = world.store.tables["pages"].values()
    assert page.token_hash == ""


async def test_the_same_request_again_tells_nothing_twice(world: World) -> None:
    await tells(world, announced(), announced())
    await tells(world, announced())
    assert len(world.phone.told) == 1


async def test_what_can_wait_for_a_person_is_told_at_once(world: World) -> None:
    await tells(world, announced(urgency="low"))
    assert len(world.phone.told) == 1


async def test_a_refusal_is_tried_again_under_the_same_identity(world: World) -> None:
    world.phone.script.extend([DOWN, RateLimited("HTTP 429", timedelta(seconds=7))])
    await tells(world, announced())
    await world.passes(MINUTE)

    assert len({delivery_id for delivery_id, _, _ in world.phone.told}) == 1
    found = await attempts(world)
    assert [one.outcome for one in found] == ["failed", "failed", "delivered"]
    assert [one.retry_at is None for one in found] == [False, False, True]
    assert [one.attempt for one in found] == [1, 2, 3]


async def test_an_answer_that_was_lost_is_said_and_the_message_repeated(world: World) -> None:
    world.phone.script.append(Unknown("no answer"))
    await tells(world, announced())
    await world.passes(MINUTE)

    assert [one.outcome for one in await attempts(world)] == ["uncertain", "delivered"]
    assert [doc.repeat_possible for _, _, doc in world.phone.told] == [False, True]


async def test_an_address_that_is_gone_is_given_up_at_once(world: World) -> None:
    world.phone.script.append(TargetGone("HTTP 410"))
    await tells(world, announced())
    await world.passes(HOPE)

    (fact,) = await attempts(world)
    assert (fact.outcome, fact.reason, fact.retry_at) == ("failed", "HTTP 410", None)
    assert len(world.phone.told) == 1


async def test_what_only_refuses_for_now_is_tried_on_and_told_once(world: World) -> None:
    world.phone.script.extend([DOWN] * 500)
    await tells(world, announced())
    await world.passes(30 * MINUTE)

    assert len(world.phone.told) > 2 * MAX_ATTEMPTS
    found = await attempts(world)
    assert [one.attempt for one in found] == list(range(1, MAX_ATTEMPTS + 1))
    assert all(one.retry_at for one in found)


@pytest.mark.parametrize("result", [DOWN, Unknown("no answer")])
def test_after_a_day_it_is_given_up(result: SendResult) -> None:
    trying = notification(responder=BOARD, attempt=900, repeat_possible=True)
    before = replace(trying, state=Sending(START + HOPE), fence=1)
    until = before.record(result, 1, START + HOPE - SECOND)
    assert (type(until.notification.state), until.facts) == (Retrying, ())

    after = before.record(result, 1, START + HOPE)
    assert isinstance(after.notification.state, Failed)
    (fact,) = after.facts
    assert isinstance(fact, AnnouncementAttempted)
    assert fact.retry_at is None
    assert not after.fail_over


async def test_what_works_again_after_many_tries_is_told(world: World) -> None:
    world.phone.script.extend([DOWN] * (MAX_ATTEMPTS + 5))
    await tells(world, announced())
    await world.passes(timedelta(hours=1))
    assert (await attempts(world))[-1].outcome == "delivered"


async def test_an_answer_withdraws_what_was_not_told_yet(world: World) -> None:
    world.phone.script.append(DOWN)
    await world.hears(said(triggered()))
    await tells(world, announced())
    await world.hears(said(acknowledged()))
    await world.passes(HOPE)

    assert len(world.phone.told) == 1
    facts = await world.facts()
    withdrawn = [one for one in facts if isinstance(one, AnnouncementWithdrawn)]
    assert [(one.target, one.reason) for one in withdrawn] == [(BOARD, "acknowledged by bob")]
    (one,) = world.all()
    assert isinstance(one.state, Withdrawn)


async def test_an_answer_is_told_where_the_incident_was(world: World) -> None:
    await world.hears(said(triggered()))
    await tells(world, announced())
    await world.hears(said(acknowledged()))
    await world.settles()

    assert [doc.purpose for _, _, doc in world.phone.told] == ["announcement", "update"]
    assert world.phone.told[1][2].status == "acknowledged"


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("webhook bord", "the catalog has no webhook bord"),
        ("channel opps", "the catalog has no team opps"),
        ("channel mute", "team mute has no chat"),
        ("siren mute", "the catalog has no siren mute"),
    ],
)
async def test_a_target_that_is_nowhere_is_given_up_and_says_so(target: str, reason: str) -> None:
    world = World()
    world.catalog.replace(Catalog(1, {("Team", "mute"): Team()}))
    await tells(world, announced(target))

    (fact,) = await attempts(world)
    assert (fact.outcome, fact.reason, fact.retry_at) == ("failed", reason, None)


async def test_a_chat_that_is_not_set_up_is_given_up_and_says_so(world: World) -> None:
    there = {("Team", "ops"): Team(chat={"pigeon": "P-1"})}
    world.catalog.replace(Catalog(1, there))
    await tells(world, announced(ROOM))
    (fact,) = await attempts(world)
    assert (fact.outcome, fact.reason) == ("failed", "no channel 'pigeon' is set up")


async def test_a_webhook_that_is_new_in_the_catalog_is_waited_for(world: World) -> None:
    world.catalog.replace(Catalog(1, {}))
    await tells(world, announced(catalog_version=2))
    assert await attempts(world) == []
    world.catalog.replace(catalog(2))
    await world.passes(SECOND)
    assert [one.outcome for one in await attempts(world)] == ["delivered"]


async def test_a_kill_in_the_answer_window_tells_it_again_under_one_identity(world: World) -> None:
    world.phone.hold = asyncio.Event()
    await world.hears(said(announced()))
    await asyncio.sleep(0)
    world.start()  # Killed in the answer window: the first process never records.
    world.phone.hold = None
    await world.passes(LEASE)

    assert [one.outcome for one in await attempts(world)] == ["uncertain", "delivered"]
    (first, _, _), (second, _, repeat) = world.phone.told
    assert first == second
    assert repeat.repeat_possible


async def test_many_that_are_long_overdue_are_one_message_and_have_no_links(world: World) -> None:
    world.phone.script.extend([RateLimited("HTTP 429", 3 * MINUTE)] * 5)
    many = [announced(announcement_id=f"ann-{n}", incident_id=f"inc-{n}") for n in range(5)]
    await tells(world, *many)
    await world.passes(5 * MINUTE)

    *alone, (_, _, doc) = world.phone.told
    assert (len(alone), doc.purpose, len(doc.incidents)) == (5, "announcement", 5)
    assert {(one.url, one.token) for one in doc.incidents} == {("", "")}
    assert (doc.actions, doc.buttons, doc.responder) == ((), (), "")
    assert "/a/" not in doc.text
    arrived = [one for one in await attempts(world) if one.outcome == "delivered"]
    assert {one.announcement_id for one in arrived} == {f"ann-{n}" for n in range(5)}


async def test_taken_and_then_delivered_are_two_events(world: World) -> None:
    world.phone.script.append(Accepted(ExternalRef("m-1")))
    await tells(world, announced())
    ((delivery_id, _, _),) = world.phone.told
    handlers = world.app.workers[0]._handlers  # type: ignore[attr-defined]
    async with world.store.begin() as uow:
        receipts = [Receipt("r-1", delivery_id, Delivered())]
        await handlers.on_receipts(uow, "webhook", receipts, world.clock.now())

    found = [decode(one.value) for one in await world.store.take_outbox()]
    assert [getattr(one.data, "outcome", "") for one in found] == ["sent", "delivered"]
    assert found[0].event_id != found[1].event_id


def test_a_row_reads_as_a_page_to_the_previous_release() -> None:
    event: Envelope[Event] = said(announced(), identity="e-1")
    kept = decode(encode(as_request(event)))
    assert isinstance(kept.data, PageRequested)
    assert (kept.data.page_id, kept.data.responder) == (f"ann-{BOARD}", BOARD)
    assert (kept.event_id, kept.data.alerts) == ("e-1", announced().alerts)
    assert json.loads(encode(kept))["type"] == PageRequested.TYPE


# ---------------------------------------------------------------- Slack


OPS = "C0PLATFORM"


def chat() -> ChatWorld:
    found = ChatWorld(**HEARING)
    specs = {**CATALOG, ("Team", "ops"): Team(chat={"slack": OPS})}
    found.catalog.replace(Catalog(1, specs))
    return found


async def test_a_channel_is_told_in_its_chat_and_kept_up_to_date() -> None:
    world = chat()
    await world.hears(said(opened("inc-7"), START))
    await world.hears(said(announced(ROOM, incident_id="inc-7"), START))
    await world.lasts(timedelta(0))

    (shown,) = [one for one in world.messages if one.channel == OPS]
    assert "#7 CRITICAL checkout" in shown.text
    assert "Level: 1 of payments" in shown.words
    assert "Why you" not in shown.words
    await world.moves(acked("inc-7"))
    (shown,) = [one for one in world.messages if one.channel == OPS]
    assert "Acknowledged by bob" in shown.words


async def test_a_press_in_the_channel_is_of_whoever_pressed() -> None:
    world = chat()
    await world.hears(said(opened("inc-7"), START))
    await world.hears(said(announced(ROOM, incident_id="inc-7"), START))
    await world.lasts(timedelta(0))
    await world.facts()
    (shown,) = [one for one in world.messages if one.channel == OPS]

    hands = Hands(world)
    await hands.press("bob", shown, "acknowledge")
    (command,) = await commands(hands)
    assert isinstance(command, AcknowledgeIncident)
    assert (command.by.name, command.incident_id) == ("bob", "inc-7")
    # The token of the button is no link: nobody acknowledges by it in the channel's name.
    token = shown.buttons["acknowledge"]["value"]
    transport = httpx.ASGITransport(app=world.app.http)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as http:
        assert (await http.post(f"/a/{token}")).status_code == 404
    assert await commands(hands) == []
