"""The handlers over every store: what memory promises, the databases keep under concurrency."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from incident_intake.adapters.memory import MemoryIntakeUnitOfWork
from incident_intake.adapters.sql import SqlIntakeUnitOfWork
from incident_intake.domain.incident import Incident
from incident_intake.domain.suppression import Silence
from incident_intake.handlers import Handlers
from incident_intake.handlers.silences import Who
from incident_intake.ports import AlertFilter, IncidentFilter
from tests.contract.conftest import MakeStore
from tests.unit.incident_intake.world import catalog, message, seconds
from tocsin.events import Actor, Envelope, Event, ResolveIncident
from tocsin.holder import CatalogHolder
from tocsin.testing import START, ManualClock
from tocsin.unit_of_work import Store

ADA = Actor(kind="user", name="ada")
EU = {"cluster": "eu"}


class Replica:
    """One of several processes on the same database."""

    def __init__(self, store: Store[Any]) -> None:
        grouped = catalog(checkout={"grouping": {"by": ["cluster"], "window": "1h"}})
        self.store = store
        self.handlers = Handlers(CatalogHolder(grouped), START)

    async def hears(self, *events: Event) -> None:
        async with self.store.begin() as uow:
            envelopes = [Envelope(event, START, "tests") for event in events]
            await self.handlers.on_alert_events(uow, envelopes, START)

    async def obeys(self, *commands: Event) -> None:
        async with self.store.begin() as uow:
            envelopes = [Envelope(command, START, "tests") for command in commands]
            await self.handlers.on_commands(uow, envelopes, START)

    async def incidents(self) -> Sequence[Incident]:
        async with self.store.read() as uow:
            found: Sequence[Incident] = await uow.incidents.listed(IncidentFilter(), None, 500)
            return found


@pytest.fixture
async def replica(make_store: MakeStore) -> Replica:
    store = await make_store(MemoryIntakeUnitOfWork, SqlIntakeUnitOfWork, "incident_intake")
    return Replica(store)


async def test_two_replicas_open_one_incident_for_a_group(replica: Replica) -> None:
    await asyncio.gather(*(replica.hears(message(f"a{n}", labels=EU)) for n in range(8)))
    (incident,) = await replica.incidents()
    assert incident.alerts.by_status()["firing"] == 8
    assert incident.version == 8


async def test_numbers_have_no_gap_and_no_double(replica: Replica) -> None:
    await asyncio.gather(
        *(replica.hears(message(f"a{n}", labels={"cluster": str(n)})) for n in range(8))
    )
    assert [each.number for each in await replica.incidents()] == [8, 7, 6, 5, 4, 3, 2, 1]


async def test_alerts_and_commands_at_once_lose_nothing(replica: Replica) -> None:
    """Whoever comes first: afterwards every alert is in an open incident, or was resolved."""
    await replica.hears(*(message(f"a{n}", labels=EU) for n in range(5)))
    (incident,) = await replica.incidents()
    command = ResolveIncident(incident_id=incident.incident_id, by=ADA)
    later = [message(f"b{n}", labels=EU, at=START + seconds(n + 1)) for n in range(5)]
    await asyncio.gather(replica.obeys(command), *(replica.hears(event) for event in later))
    async with replica.store.read() as uow:
        firing = await uow.alerts.listed(AlertFilter(statuses=("firing",)), None, 100)
    await replica.hears(*(message(f"b{n}", labels=EU, at=START + seconds(60)) for n in range(5)))
    async with replica.store.read() as uow:
        still = await uow.alerts.listed(AlertFilter(statuses=("firing",)), None, 100)
    statuses = {each.incident_id: each.status for each in await replica.incidents()}
    assert len(firing) <= 5
    assert {each.dedup_key for each in still} == {f"b{n}" for n in range(5)}
    assert {statuses[each.incident_id] for each in still} == {"triggered"}


async def test_a_suppressed_alert_is_found_when_its_silence_is_over(
    replica: Replica, clock: ManualClock
) -> None:
    hour = timedelta(hours=1)
    silence = Silence("sil_1", ('cluster="eu"',), START, START + hour, "ada", START)
    async with replica.store.begin() as uow:
        await replica.handlers.on_silence_added(uow, silence, Who(ADA), START)
    await replica.hears(message(labels=EU), message("held too", labels=EU))
    assert await replica.incidents() == []
    assert await replica.store.next_due() == START + hour
    async with replica.store.begin() as uow:
        await replica.handlers.on_silence_expired(uow, "sil_1", Who(ADA), START)
    async with replica.store.begin() as uow:
        due = await uow.take_due(START, 10)
        await replica.handlers.on_timers(uow, due, START)
    (incident,) = await replica.incidents()
    assert incident.alerts.by_status()["firing"] == 2
    async with replica.store.begin() as uow:
        due = await uow.take_due(START + hour, 10)
        await replica.handlers.on_timers(uow, due, START + hour)
    assert await replica.incidents() == [incident]
