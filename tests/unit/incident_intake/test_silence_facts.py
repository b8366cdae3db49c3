"""What the others hear of silences, and how they ask for one."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from incident_intake.handlers.recalling import recall
from tests.unit.incident_intake.test_silences import silenced
from tests.unit.incident_intake.world import API, World, message, names
from tocsin.events import (
    Actor,
    CreateSilence,
    Envelope,
    Event,
    ExpireSilence,
    SilenceChanged,
    SilenceRefused,
    decode,
)
from tocsin.testing import START

HOUR = timedelta(hours=1)
DB = {"team": "db"}
ADA = Actor(kind="user", name="ada")


def of_silences(facts: Sequence[Event]) -> list[tuple[str, str, str]]:
    """Return what was told of silences: the change, who made it, by which way."""
    told = [fact for fact in facts if isinstance(fact, SilenceChanged)]
    return [(fact.change, fact.by.name, fact.via) for fact in told]


def create(silence_id: str = "sil_1", **more: Any) -> CreateSilence:
    wanted: dict[str, Any] = {"matchers": ('team="db"',), "ends_at": START + HOUR, **more}
    return CreateSilence(silence_id=silence_id, by=ADA, via="console", **wanted)


async def starts(world: World) -> list[Event]:
    assert world.app.on_start is not None
    async with world.store.begin() as uow:
        await world.app.on_start(uow, world.clock.now())
    return await world.facts()


async def test_a_silence_made_by_the_api_is_told_whole() -> None:
    world = World()
    silence = await silenced(world, comment="racks", created_by="ada")
    (fact,) = await world.facts()
    assert fact == SilenceChanged(
        silence_id=silence,
        change="created",
        matchers=('team="db"',),
        starts_at=START,
        ends_at=START + HOUR,
        created_by="ada",
        created_at=START,
        comment="racks",
        by=ADA,
        via="api",
    )
    assert fact.key == silence


async def test_an_end_by_itself_is_told_at_its_time() -> None:
    world = World()
    await silenced(world)
    await world.facts()
    assert await world.passes(HOUR - timedelta(seconds=1)) == []
    assert of_silences(await world.passes(timedelta(seconds=1))) == [("expired", "tocsin", "")]
    assert await world.passes(2 * HOUR) == []


async def test_an_end_by_a_person_is_told_at_once_and_collapses_with_its_timers() -> None:
    world = World()
    silence = await silenced(world)
    await world.facts()
    await world.http.delete(f"/v1/silences/{silence}", headers=API)
    (by_hand,) = await world.store.take_outbox()
    assert of_silences([decode(by_hand.value).data]) == [("expired", "operator", "api")]
    async with world.store.begin() as uow:
        await world.app.on_timers(uow, await uow.take_due(START, 100), START)
    (by_timer,) = await world.store.take_outbox()
    assert decode(by_timer.value).event_id == decode(by_hand.value).event_id
    await world.http.delete(f"/v1/silences/{silence}", headers=API)
    assert await world.passes(2 * HOUR) == [], "over is over"


async def test_a_silence_by_a_command_holds_alerts_back() -> None:
    world = World()
    assert of_silences(await world.rings(create())) == [("created", "ada", "console")]
    assert names(await world.rings(message(labels=DB))) == ["AlertSuppressed"]
    assert await world.rings(create(comment="again")) == [], "its id is known"
    read = await world.http.get("/v1/silences/sil_1", headers=API)
    assert (read.json()["created_by"], read.json()["comment"]) == ("ada", "")
    facts = await world.rings(ExpireSilence(silence_id="sil_1", by=ADA, via="console"))
    assert of_silences(facts) == [("expired", "ada", "console")]
    assert "IncidentTriggered" in names(await world.passes(timedelta(0)))
    assert await world.rings(ExpireSilence(silence_id="sil_1", by=ADA)) == []


async def test_a_batch_creates_and_ends_in_order() -> None:
    world = World()
    subscription = next(one for one in world.app.subscriptions if CreateSilence in one.events)
    commands: list[Event] = [create(), ExpireSilence(silence_id="sil_1", by=ADA), create("sil_2")]
    async with world.store.begin() as uow:
        await subscription.handle(uow, [Envelope(one, START, "tests") for one in commands], START)
    told = [(fact.silence_id, fact.change) for fact in await world.facts()]  # type: ignore[attr-defined]
    assert told == [("sil_1", "created"), ("sil_1", "expired"), ("sil_2", "created")]


@pytest.mark.parametrize(
    ("command", "word"),
    [
        (create(matchers=()), "matchers"),
        (create(matchers=("no operator",)), "matchers: 'no operator' is not a matcher"),
        (create(matchers=('team=~"("',)), "RE2"),
        (create(matchers=('team=~".*"',)), "match everything"),
        (create(matchers=("team=d\x00b",)), "NUL"),
        (create(matchers=("team=db",) * 51), "1 to 50"),
        (create(ends_at=START), "ends_at"),
        (create(starts_at=START + HOUR, ends_at=START + HOUR), "ends_at"),
        (create(ends_at=START.replace(year=9999)), "ends_at: the year"),
        (ExpireSilence(silence_id="sil_none", by=ADA), "No silence has the id sil_none"),
    ],
)
async def test_what_cannot_be_done_is_refused_and_says_why(command: Event, word: str) -> None:
    world = World()
    (fact,) = await world.rings(command)
    assert isinstance(fact, SilenceRefused)
    assert word in fact.reason
    assert (fact.command, fact.by) == (command.TYPE, ADA)
    assert world.store.tables.get("silences", {}) == {}


async def test_text_that_no_database_takes_is_made_plain() -> None:
    world = World()
    await world.rings(create(comment="ra\x00cks" + "x" * 2000))
    read = (await world.http.get("/v1/silences/sil_1", headers=API)).json()
    assert read["comment"] == "racks" + "x" * 1019


async def test_a_start_tells_what_stands_and_a_repeat_is_the_same_event() -> None:
    world = World()
    await silenced(world)
    await silenced(world, starts_at="2027-01-05T12:00:00Z", duration="1h")
    ended = await silenced(world)
    await world.http.delete(f"/v1/silences/{ended}", headers=API)
    await world.facts()
    assert world.app.on_start is not None
    twice = []
    for _ in range(2):
        async with world.store.begin() as uow:
            await world.app.on_start(uow, world.clock.now())
        twice.append([decode(one.value) for one in await world.store.take_outbox()])
    first, second = twice
    assert [(one.data.change, one.data.again) for one in first] == [("created", True)] * 2  # type: ignore[attr-defined]
    assert [one.event_id for one in first] == [one.event_id for one in second]


async def test_the_end_of_a_silence_of_an_earlier_release_is_told_too() -> None:
    world = World()
    await silenced(world)
    world.store.tables["timers"].clear()  # That release set none.
    await starts(world)
    assert of_silences(await world.passes(HOUR)) == [("expired", "tocsin", "")]


async def test_a_restored_database_takes_over_the_silences_that_were_told() -> None:
    told, restored = World(), World()
    silence = await silenced(told)
    await silenced(told, duration="2h")
    await told.http.delete(f"/v1/silences/{silence}", headers=API)
    envelopes = [decode(one.value) for one in await told.store.take_outbox()]
    async with restored.store.begin() as uow:
        await recall(uow, envelopes, START)
    assert restored.store.tables["silences"] == told.store.tables["silences"]
    assert await restored.facts() == []
    assert of_silences(await restored.passes(2 * HOUR)) == [("expired", "tocsin", "")] * 2
