"""Batches in, events kept, drafts told: over the store in memory."""

import random
from datetime import timedelta
from typing import Any

import pytest

from postmortem.adapters.memory import MemoryPostmortemUnitOfWork
from postmortem.domain.postmortem import postmortem_id
from postmortem.entrypoints.kafka import subscriptions
from postmortem.entrypoints.timers import on_timers
from postmortem.handlers import Handlers, sheet
from tests.unit.postmortem.stories import (
    ADA,
    INCIDENT,
    START,
    at,
    envelope,
    night,
    notification,
    reopened,
    resolved,
    triggered,
)
from tocsin import events as e
from tocsin import topics
from tocsin.bus import Consumer, Record
from tocsin.events import Envelope, Event, encode
from tocsin.testing import ManualClock, MemoryStore

NOW = START + timedelta(hours=1)


@pytest.fixture
def store() -> MemoryStore[MemoryPostmortemUnitOfWork]:
    return MemoryStore(MemoryPostmortemUnitOfWork)


Store = MemoryStore[MemoryPostmortemUnitOfWork]


async def arrive(store: Store, *envelopes: Envelope[Event]) -> None:
    async with store.begin() as uow:
        await Handlers().on_events(uow, envelopes, NOW)


async def told(store: Store) -> list[Envelope[Any]]:
    return [e.decode(outgoing.value) for outgoing in await store.take_outbox()]


async def test_the_resolve_makes_a_draft_that_continues_its_chain(store: Store) -> None:
    *before, resolve = night()
    await arrive(store, *before)
    assert await told(store) == []
    await arrive(store, resolve)
    (announced,) = await told(store)
    assert isinstance(announced.data, e.PostmortemDrafted)
    assert announced.data.postmortem_id == postmortem_id(INCIDENT)
    assert (announced.data.title, announced.data.events) == ("HighErrorRate", 11)
    assert (announced.causation_id, announced.time) == ("e11", NOW)


async def test_a_late_event_makes_a_new_draft_and_a_repeated_one_does_not(store: Store) -> None:
    await arrive(store, *night())
    (first,) = await told(store)
    late = envelope("e12", 330, notification(e.NotificationDelivered, "bob"), cause="e07")
    await arrive(store, late)
    (second,) = await told(store)
    assert second.data.postmortem_id == first.data.postmortem_id
    assert second.data.digest != first.data.digest
    assert second.event_id != first.event_id
    await arrive(store, late, *night())
    assert await told(store) == []


async def test_own_events_are_recorded_and_make_no_draft(store: Store) -> None:
    await arrive(store, *night())
    (drafted,) = await told(store)
    await arrive(store, drafted)
    assert await told(store) == []
    async with store.read() as uow:
        entries = await Handlers().story(uow, INCIDENT)
    assert entries
    assert entries[-1].text == "postmortem drafted from 11 events"


async def test_any_arrival_in_any_batches_ends_in_one_digest(store: Store) -> None:
    await arrive(store, *night())
    (expected,) = await told(store)
    shuffler = random.Random(5)
    for _ in range(20):
        other: Store = MemoryStore(MemoryPostmortemUnitOfWork)
        events = night()
        shuffler.shuffle(events)
        cut = shuffler.randrange(len(events))
        await arrive(other, *events[:cut])
        await arrive(other, *events[cut:])
        assert (await told(other))[-1].data.digest == expected.data.digest


async def test_the_resolve_may_arrive_before_everything_else(store: Store) -> None:
    await arrive(store, night()[-1])
    (early,) = await told(store)
    assert early.data.title == f"Incident {INCIDENT}"
    await arrive(store, *night()[:-1])
    (full,) = await told(store)
    assert (full.data.title, full.data.events) == ("HighErrorRate", 11)


async def test_a_reopened_incident_is_drafted_again_at_its_next_resolve(store: Store) -> None:
    await arrive(store, *night())
    await told(store)
    await arrive(store, envelope("e12", 1600, reopened(6)))
    assert await told(store) == []
    await arrive(store, envelope("e13", 1700, resolved(7)))
    (again,) = await told(store)
    assert again.data.events == 13


async def test_incidents_do_not_mix(store: Store) -> None:
    other = envelope("o1", 0, triggered(incident_id="inc-2", title="Other"))
    await arrive(store, *night(), other)
    async with store.read() as uow:
        entries = await Handlers().story(uow, "inc-2")
        assert entries
        assert [entry.text for entry in entries] == ["Other triggered (checkout, critical)"]
        assert await Handlers().story(uow, "inc-3") is None


async def test_an_open_incident_can_be_read_as_it_stands(store: Store) -> None:
    await arrive(store, *night()[:3])
    async with store.read() as uow:
        found = await sheet.read(uow, postmortem_id(INCIDENT))
    assert found
    assert "- Status: triggered" in found.facts.text


async def test_a_dead_letter_about_an_incident_is_told_without_its_bytes(store: Store) -> None:
    letter = e.DeadLettered(
        dead_letter_id="dl-1",
        consumer="notifier.pages",
        topic="pages",
        partition=0,
        offset=4,
        origin_key=INCIDENT,
        reason="data.responder: Field required",
        error="Undecodable",
        payload="c2VjcmV0",
        first_seen_at=at(2),
    )
    elsewhere = letter.model_copy(update={"topic": "alert-events"})
    unreadable = letter.model_copy(update={"origin_key": "a\x00b"})
    await arrive(
        store,
        envelope("d1", 2, letter),
        envelope("d2", 2, elsewhere),
        envelope("d3", 2, unreadable),
    )
    async with store.read() as uow:
        (kept,) = (await uow.log.of([INCIDENT]))[INCIDENT]
        entries = await Handlers().story(uow, INCIDENT)
    assert isinstance(kept.data, e.DeadLettered)
    assert kept.data.payload == ""
    assert entries
    assert [entry.text for entry in entries] == [
        "notifier.pages could not handle a record of pages: data.responder: Field required"
    ]


async def test_the_subscriptions_take_every_event_of_an_incident_from_records(
    store: Store,
) -> None:
    refused = e.CommandRefused(
        incident_id=INCIDENT, command="acknowledge", by=ADA, reason="it is resolved"
    )
    suppressed = e.AlertSuppressed(
        alert_id="al-9",
        service="checkout",
        dedup_key="k",
        title="Quiet",
        reason="silence",
        rule="s1",
    )
    everything = [*night(), envelope("r", 1600, refused), envelope("s", 1, suppressed)]
    for subscription in subscriptions(Handlers()):
        consumer = Consumer("postmortem", subscription, store, ManualClock(NOW))
        records = [
            Record(item.data.TOPIC, 0, number, b"", encode(item))
            for number, item in enumerate(everything)
            if subscription.topic.name == item.data.TOPIC
        ]
        await consumer.consume(records)
    async with store.read() as uow:
        entries = await Handlers().story(uow, INCIDENT)
    assert entries
    assert len(entries) == 12
    assert "acknowledge by ada refused: it is resolved" in {entry.text for entry in entries}


def test_every_topic_of_an_incident_is_read_once() -> None:
    read = [subscription.topic.name for subscription in subscriptions(Handlers())]
    assert sorted(read) == sorted(set(topics.BY_NAME) - {"alert-events"})


async def test_a_timer_of_another_release_passes(store: Store) -> None:
    async with store.begin() as uow:
        await on_timers(uow, [], NOW)
        assert uow.tables == {}
