"""Messages that are kept up to date: opened once, never older than what was heard, never a flood."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from notifier.domain.post import PAUSE, Post
from notifier.domain.retrying import LEASE
from tests.slack.presses import HEARING
from tests.slack.server import Near
from tests.slack.world import PAYMENTS, ChatWorld, acked, opened, over
from tests.unit.notifier.world import said
from tocsin.channels import (
    Accepted,
    Config,
    Content,
    ExternalRef,
    HttpAnswer,
    RateLimited,
    SendResult,
    TargetGone,
    Transient,
    Unknown,
)
from tocsin.events import SeverityChanged
from tocsin.testing import START

SECOND = timedelta(seconds=1)


@pytest.fixture
def world() -> ChatWorld:
    return ChatWorld(**HEARING)


async def test_an_incident_is_told_in_the_teams_channel_and_to_the_person_paged(
    world: ChatWorld,
) -> None:
    await world.rings("inc-7")

    (shared,), (direct,) = world.in_channel(), world.told_to("ada")
    for message in (shared, direct):
        assert "#7 CRITICAL checkout: Checkout 7 is slow" in message.text
        assert list(message.buttons) == ["acknowledge", "resolve", "snooze", "escalate", "note"]
    assert "Why you" in direct.words
    assert "Why you" not in shared.words
    # Nothing happened meanwhile, so nothing is written twice.
    assert (shared.versions, direct.versions) == (1, 1)


async def test_both_change_in_place_as_the_incident_moves(world: ChatWorld) -> None:
    await world.rings("inc-7")
    await world.moves(acked("inc-7"))
    for message in world.messages:
        assert "Acknowledged by bob" in message.words
        assert list(message.buttons) == ["resolve", "snooze", "escalate", "note"]

    await world.moves(over("inc-7"))
    assert len(world.messages) == 2
    for message in world.messages:
        assert "Resolved by bob" in message.words
        assert message.buttons == {}
    assert [one.state for one in world.posts()] == ["resting", "resting"]


async def test_the_same_events_again_change_nothing(world: ChatWorld) -> None:
    await world.rings("inc-7")
    await world.moves(acked("inc-7"))
    await world.moves(acked("inc-7"))
    await world.hears(said(opened("inc-7")))
    await world.lasts(timedelta(minutes=10))

    assert [one.versions for one in world.messages] == [2, 2]


async def test_what_nobody_waits_for_is_gathered(world: ChatWorld) -> None:
    await world.rings("inc-7", page=False)
    for version, severity in ((2, "error"), (3, "warning"), (4, "info")):
        await world.moves(
            SeverityChanged(
                incident_id="inc-7",
                version=version,
                severity=severity,
                urgency="low",
                previous="critical",
            )
        )
    (message,) = world.in_channel()
    assert message.versions == 1
    await world.lasts(PAUSE)
    assert message.versions == 2
    assert "#7 INFO" in message.words


async def test_a_first_answer_is_shown_at_once_all_the_same(world: ChatWorld) -> None:
    await world.rings("inc-7", page=False)
    await world.moves(acked("inc-7"))

    assert world.in_channel()[0].versions == 2


class Slow(Near):
    """Holds calls until it is told to go on."""

    gate: asyncio.Event
    entered = 0

    async def post(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        within: timedelta,
        most: int = 0,
    ) -> HttpAnswer:
        self.entered += 1
        await self.gate.wait()
        return await super().post(url, headers=headers, body=body, within=within, most=most)


async def test_while_a_change_is_written_no_other_is_and_the_last_state_wins(
    world: ChatWorld,
) -> None:
    await world.rings("inc-7", page=False)
    slow = Slow(world.slack)
    slow.gate = asyncio.Event()
    world.near = slow
    world.start()
    await world.hears(said(acked("inc-7"), world.clock.now()))
    writing = asyncio.create_task(world.poster.run_once())
    while not slow.entered:  # noqa: ASYNC110 - no event tells of it.
        await asyncio.sleep(0)  # It is the loop's turn.
    await world.hears(said(over("inc-7"), world.clock.now()))
    # Another process looks while the first is writing.
    async with world.store.begin() as uow:
        assert await world.poster._handlers.claim(uow, world.clock.now()) == []
    slow.gate.set()
    await writing
    (message,) = world.in_channel()
    assert "Acknowledged by bob" in message.words
    await world.lasts(timedelta(0))
    assert "Resolved by bob" in message.words
    assert message.versions == 3


async def test_a_kill_after_the_claim_costs_a_lease(world: ChatWorld) -> None:
    await world.hears(said(opened("inc-7")))
    async with world.store.begin() as uow:
        assert len(await world.poster._handlers.claim(uow, world.clock.now())) == 1
    world.start()
    await world.lasts(LEASE - SECOND)
    assert world.in_channel() == []
    await world.lasts(SECOND)
    assert len(world.in_channel()) == 1


async def test_a_kill_after_the_call_is_looked_up_and_not_repeated(world: ChatWorld) -> None:
    await world.hears(said(opened("inc-7")))
    async with world.store.begin() as uow:
        (job,) = await world.poster._handlers.claim(uow, world.clock.now())
    assert isinstance(await world.poster._attempt(job), Accepted)
    world.start()  # Nobody recorded it.
    await world.hears(said(acked("inc-7")))
    await world.lasts(LEASE)
    await world.lasts(timedelta(minutes=1))

    (message,) = world.in_channel()
    assert "Acknowledged by bob" in message.words


async def test_an_answer_that_was_lost_is_looked_up(world: ChatWorld) -> None:
    world.near.fails = "after"
    await world.rings("inc-7", page=False)
    world.near.fails = ""
    await world.lasts(timedelta(minutes=1))

    assert len(world.in_channel()) == 1
    assert world.posts()[0].reference == f"{PAYMENTS} {world.in_channel()[0].ts}"


async def test_what_slack_does_not_take_now_is_shown_in_the_end(world: ChatWorld) -> None:
    world.slack.mood = "token_revoked"
    await world.rings("inc-7", page=False)
    await world.moves(acked("inc-7"))
    await world.lasts(timedelta(hours=2))
    world.slack.mood = ""
    await world.lasts(timedelta(minutes=2))

    (message,) = world.in_channel()
    assert "Acknowledged by bob" in message.words


async def test_a_message_that_somebody_deleted_is_let_go(world: ChatWorld) -> None:
    await world.rings("inc-7", page=False)
    world.messages.clear()
    await world.moves(acked("inc-7"))
    await world.moves(over("inc-7"))

    assert [one.state for one in world.posts()] == ["gone"]
    assert world.messages == []


async def test_a_page_that_was_answered_on_its_way_is_put_right(world: ChatWorld) -> None:
    await world.hears(said(opened("inc-7")))
    slow = Slow(world.slack)
    slow.gate = asyncio.Event()
    world.near = slow
    world.start()
    paging = asyncio.create_task(world.rings("inc-7"))
    while not slow.entered:  # noqa: ASYNC110 - no event tells of it.
        await asyncio.sleep(0)  # It is the loop's turn.
    await world.hears(said(acked("inc-7")))
    slow.gate.set()
    await paging
    await world.lasts(SECOND)

    (direct,) = world.told_to("ada")
    assert "Acknowledged by bob" in direct.words


async def test_a_storm_does_not_flood_a_channel_and_everything_is_shown(world: ChatWorld) -> None:
    names = [f"inc-{n}" for n in range(1, 301)]
    for first in range(0, 300, 50):
        await world.rings(*names[first : first + 50], page=False)
        await world.lasts(timedelta(seconds=2))
    await world.lasts(timedelta(minutes=1))
    shown = world.in_channel()
    assert len(shown) == 6
    (together,) = [one for one in shown if "295 incidents: 295 triggered" in one.text]
    for first in range(0, 300, 50):
        await world.moves(*(over(one, version=2) for one in names[first : first + 50]))
    await world.lasts(timedelta(minutes=1))

    assert all("Resolved by bob" in one.words for one in shown if one is not together)
    assert "295 incidents: 295 resolved" in together.text
    assert len(world.in_channel()) == 6
    assert together.versions < 20
    assert world.slack.workspace.refused == 0


async def test_after_the_storm_an_incident_has_a_message_of_its_own(world: ChatWorld) -> None:
    await world.rings(*(f"inc-{n}" for n in range(1, 21)), page=False)
    await world.lasts(timedelta(minutes=2))
    await world.rings("inc-99", page=False)

    assert "#99" in world.in_channel()[-1].text


async def test_a_team_without_a_channel_is_told_nothing(world: ChatWorld) -> None:
    event = opened("inc-7").model_copy(update={"service": "nobody's"})
    await world.hears(said(event))
    await world.lasts(SECOND)

    assert world.posts() == []


# ---------------------------------------------------------------- the post itself

POST = Post("p-1", "slack", "C0", ("inc-1",), "hash", START, wakes_at=START)
REF = ExternalRef("1.2", "C0")


def test_a_claim_of_what_is_shown_already_is_rest() -> None:
    shown = POST.claim(3, START).record(Accepted(REF), 1, START)
    assert (shown.state, shown.versions, shown.reference) == ("resting", 3, "C0 1.2")
    again = shown.want(START, at_once=True).claim(3, START)
    assert (again.state, again.fence) == ("resting", 1)


def test_a_result_of_an_older_claim_changes_nothing() -> None:
    claimed = POST.claim(1, START).claim(2, START + LEASE)
    assert claimed.repeat_possible
    assert claimed.record(Accepted(REF), 1, START) is claimed


@pytest.mark.parametrize(
    ("result", "state"),
    [
        (RateLimited("busy", timedelta(seconds=40)), "waiting"),
        (Transient("away"), "waiting"),
        (Unknown("who knows"), "waiting"),
        (Config("token"), "waiting"),
        (TargetGone("no channel"), "gone"),
        (Content("refused"), "gone"),
    ],
)
def test_what_becomes_of_it(result: SendResult, state: str) -> None:
    after = POST.claim(1, START).record(result, 1, START)
    assert after.state == state
    if isinstance(result, RateLimited):
        assert after.wakes_at is not None
        assert after.wakes_at >= START + timedelta(seconds=40)
    assert after.repeat_possible == isinstance(result, Unknown)


def test_it_is_not_tried_for_ever() -> None:
    tired = replace(POST, attempt=1500).claim(1, START).record(Transient("away"), 1, START)
    assert tired.state == "gone"
