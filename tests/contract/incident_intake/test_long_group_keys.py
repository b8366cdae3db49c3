"""A label that is too long for an index must not stop its partition."""

import random

import pytest

from incident_intake.adapters.memory import MemoryIntakeUnitOfWork
from incident_intake.adapters.sql import SqlIntakeUnitOfWork
from incident_intake.handlers import Handlers
from incident_intake.ports import IntakeUnitOfWork
from tests.contract.conftest import MakeStore
from tests.unit.incident_intake.world import catalog, message
from tocsin import topics
from tocsin.application import Subscription
from tocsin.bus import Consumer, Record
from tocsin.events import AlertEvent, Envelope, encode
from tocsin.holder import CatalogHolder
from tocsin.testing import START, ManualClock
from tocsin.unit_of_work import Store


@pytest.fixture
async def store(make_store: MakeStore) -> Store[IntakeUnitOfWork]:
    return await make_store(MemoryIntakeUnitOfWork, SqlIntakeUnitOfWork, "incident_intake")


@pytest.mark.parametrize("where", ["group", "event id"])
async def test_what_is_too_long_for_an_index_stops_nothing(
    store: Store[IntakeUnitOfWork], where: str, clock: ManualClock
) -> None:
    dice = random.Random(7)
    text = "".join(chr(dice.randrange(33, 127)) for _ in range(4000))
    services = catalog(checkout={"grouping": {"by": ["error"]}})
    handlers = Handlers(CatalogHolder(services), START)
    wanted = Subscription(topics.ALERT_EVENTS, handlers.on_alert_events, (AlertEvent,))
    consumer = Consumer("incident-intake", wanted, store, clock)
    labels = {"error": text if where == "group" else "short"}
    identity = text if where == "event id" else "an-id"
    record = encode(Envelope(message(labels=labels), START, "tests", identity))

    await consumer.consume([Record("alert-events", 0, 0, b"k", record)])
