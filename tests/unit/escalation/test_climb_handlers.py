"""The handlers over a store in memory: batches in, one transaction each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from escalation.adapters.memory import MemoryEscalationUnitOfWork
from escalation.domain.status import Exhausted, Halted, Waiting
from escalation.handlers import ClimbHandlers
from tests.unit.escalation.examples import (
    ADA,
    NOW,
    minutes,
    seconds,
    triggered,
    two_levels,
)
from tocsin import ids
from tocsin.errors import Unavailable
from tocsin.events import (
    Envelope,
    EscalateIncident,
    Event,
    IncidentAcknowledged,
    PageRequested,
    ResponderUnreachable,
    decode,
)
from tocsin.holder import CatalogHolder
from tocsin.testing import MemoryStore


class World:
    """Escalation alone, with its store."""

    def __init__(self) -> None:
        self.holder = CatalogHolder(two_levels())
        self.store = MemoryStore(MemoryEscalationUnitOfWork)
        self.handlers = ClimbHandlers(self.holder)
        self.now = NOW

    async def hears(self, *events: Event, kind: str = "incidents") -> list[Envelope[Any]]:
        envelopes = [said(event, self.now) for event in events]
        async with self.store.begin() as uow:
            await getattr(self.handlers, f"on_{kind}")(uow, envelopes, self.now)
        return await self.told()

    async def reaches(self, now: datetime) -> list[Envelope[Any]]:
        self.now = now
        async with self.store.begin() as uow:
            timers = await uow.take_due(now, 500)
            await self.handlers.on_timers(uow, timers, now)
        return await self.told()

    async def told(self) -> list[Envelope[Any]]:
        return [
            decode(record.value) for record in await self.store.take_outbox(5000) if record.value
        ]

    async def climb(self, incident_id: str = "i1") -> Any:
        async with self.store.read() as uow:
            return await uow.escalations.find(incident_id)


def said(event: Event, at: datetime) -> Envelope[Event]:
    return Envelope(
        data=event,
        time=at,
        source="test",
        event_id=ids.new(),
        correlation_id="the-alert",
        traceparent="00-" + "1" * 32 + "-" + "2" * 16 + "-01",
    )


def names(envelopes: Sequence[Envelope[Any]]) -> list[str]:
    return [type(envelope.data).__name__ for envelope in envelopes]


def ack(version: int = 2, incident_id: str = "i1") -> IncidentAcknowledged:
    return IncidentAcknowledged(incident_id=incident_id, version=version, by=ADA)


@pytest.fixture
def world() -> World:
    return World()


async def test_a_trigger_pages_and_sets_the_deadline(world: World) -> None:
    assert names(await world.hears(triggered())) == ["EscalationStarted", "PageRequested"]
    assert await world.store.next_due() == NOW + minutes(5)


async def test_a_page_continues_the_chain_and_the_trace_of_the_alert(world: World) -> None:
    _, page = await world.hears(triggered())
    assert page.correlation_id == "the-alert"
    assert page.traceparent == "00-" + "1" * 32 + "-" + "2" * 16 + "-01"
    (later,) = await world.reaches(NOW + minutes(5))
    assert (later.correlation_id, later.traceparent) == (page.correlation_id, page.traceparent)
    assert later.causation_id == page.causation_id


async def test_the_same_decision_made_twice_is_the_same_event(world: World) -> None:
    first = await world.hears(triggered())
    again = await World().hears(triggered())
    assert [one.event_id for one in first] == [one.event_id for one in again]


async def test_a_deadline_pages_the_next_level(world: World) -> None:
    await world.hears(triggered())
    assert names(await world.reaches(NOW + minutes(5) - seconds(1))) == []
    (page,) = await world.reaches(NOW + minutes(5))
    assert (page.data.responder, page.data.level) == ("bob", 2)
    assert await world.store.next_due() == NOW + minutes(15)


async def test_unanswered_for_an_hour_the_last_resort_is_paged_every_five_minutes(
    world: World,
) -> None:
    await world.hears(triggered())
    paged = [
        (minute, envelope.data.responder)
        for minute in range(1, 61)
        for envelope in await world.reaches(NOW + minutes(minute))
        if isinstance(envelope.data, PageRequested)
    ]
    assert paged == [(5, "bob")] + [(minute, "carol") for minute in range(15, 61, 5)]


async def test_an_acknowledgement_withdraws_and_no_timer_pages_after_it(world: World) -> None:
    await world.hears(triggered())
    assert names(await world.hears(ack())) == ["PageWithdrawn"]
    for minute in range(1, 120, 5):
        assert await world.reaches(NOW + minutes(minute)) == []
    assert (await world.climb()).status == Halted("acknowledged", 1, 1)
    assert await world.store.next_due() is None


async def test_a_storm_is_one_batch(world: World) -> None:
    batch = [triggered(f"i{number}") for number in range(500)]
    told = await world.hears(*batch)
    assert len({one.data.page_id for one in told if isinstance(one.data, PageRequested)}) == 500
    due = await world.reaches(NOW + minutes(5))
    assert names(due) == ["PageRequested"] * 500


async def test_a_trigger_and_its_answer_in_one_batch(world: World) -> None:
    told = await world.hears(triggered(), ack())
    assert names(told) == ["EscalationStarted", "PageRequested", "PageWithdrawn"]
    assert (await world.climb()).status == Halted("acknowledged", 1, 1)


async def test_the_wish_to_escalate_pages_the_next_level_now(world: World) -> None:
    await world.hears(triggered())
    world.now = NOW + minutes(1)
    (page,) = await world.hears(EscalateIncident(incident_id="i1", by=ADA), kind="commands")
    assert page.data.responder == "bob"
    # The first level's timer fires at its time, and finds the climb gone on.
    assert await world.reaches(NOW + minutes(5)) == []
    assert (await world.climb()).status == Waiting(2, 1, NOW + minutes(11))


async def test_a_page_that_reaches_nobody_goes_on_at_once(world: World) -> None:
    _, page = await world.hears(triggered())
    lost = ResponderUnreachable(
        incident_id="i1", page_id=page.data.page_id, responder="ada", reason="no method worked"
    )
    (following,) = await world.hears(lost, kind="notifications")
    assert following.data.responder == "bob"
    assert (await world.climb()).status == Waiting(2, 1, NOW + minutes(10))


async def test_two_steps_in_one_instant_leave_the_right_deadline(world: World) -> None:
    _, page = await world.hears(triggered())
    lost = ResponderUnreachable(
        incident_id="i1", page_id=page.data.page_id, responder="ada", reason="no method worked"
    )
    await world.hears(lost, kind="notifications")
    assert await world.reaches(NOW + minutes(5)) == []
    assert names(await world.reaches(NOW + minutes(10))) == ["EscalationExhausted", "PageRequested"]


@pytest.mark.parametrize("kind", ["commands", "notifications"])
async def test_a_cry_for_an_incident_that_was_forgotten_wakes_the_last_resort(
    world: World, kind: str
) -> None:
    event = {
        "commands": EscalateIncident(incident_id="i1", by=ADA),
        "notifications": ResponderUnreachable(
            incident_id="i1", page_id="p", responder="ada", reason="gone"
        ),
    }[kind]
    told = await world.hears(event, kind=kind)
    assert names(told) == ["EscalationStarted", "EscalationExhausted", "PageRequested"]
    assert isinstance((await world.climb()).status, Exhausted)
    assert names(await world.hears(triggered())) == ["EscalationStarted", "PageRequested"]
    assert isinstance((await world.climb()).status, Waiting)


async def test_nothing_is_decided_before_the_catalog_is_there(world: World) -> None:
    world.handlers = ClimbHandlers(CatalogHolder())
    with pytest.raises(Unavailable):
        await world.hears(triggered())
    assert await world.climb() is None


async def test_a_timer_of_an_incident_nobody_knows_is_let_pass(world: World) -> None:
    await world.hears(triggered())
    world.store.tables["escalations"].clear()
    assert await world.reaches(NOW + minutes(5)) == []


async def test_an_outage_of_an_hour_costs_one_step_per_incident(world: World) -> None:
    await world.hears(triggered("i1"), triggered("i2"))
    told = await world.reaches(NOW + minutes(60))
    assert [(one.data.incident_id, one.data.responder) for one in told] == [
        ("i1", "bob"),
        ("i2", "bob"),
    ]
    assert await world.reaches(NOW + minutes(60) + seconds(29)) == []
