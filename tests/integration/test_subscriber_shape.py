"""Only the one subscriber shape starts: FastStream's defaults lose messages without a word."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from tocsin import kafka
from tocsin.application import Subscription
from tocsin.bus import Consumer
from tocsin.errors import MisconfiguredError
from tocsin.events import Envelope, Event
from tocsin.kafka import broker_of, refuse_other_shapes, subscribe
from tocsin.testing import ManualClock, MemoryStore, MemoryUnitOfWork
from tocsin.topics import COMMANDS, INCIDENTS, PAGES, Topic

# The accepted shape, written out by hand: each test changes one thing of it.
ACCEPTED: dict[str, Any] = {
    "group_id": "tocsin.things.commands",
    "batch": True,
    "max_records": 500,
    "auto_offset_reset": "earliest",
    "ack_policy": AckPolicy.NACK_ON_ERROR,
    "parser": kafka._tolerant,
    "decoder": kafka._undecoded,
}


async def _handle(
    uow: MemoryUnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
) -> None:
    """Do nothing: what is looked at here is only how it is subscribed."""


def broker() -> KafkaBroker:
    return broker_of(["127.0.0.1:1"], "things", 5)


def consumer(topic: Topic) -> "Consumer[MemoryUnitOfWork]":
    subscription = Subscription(topic, _handle, (Event,))
    return Consumer("things", subscription, MemoryStore(MemoryUnitOfWork), ManualClock())


async def handle(message: Any) -> None:
    """Take a message; FastStream wants something to call."""
    del message


def subscribed(**changes: Any) -> KafkaBroker:
    """Return a broker with one subscriber: the accepted shape with these changes."""
    found = broker()
    shape = {name: value for name, value in {**ACCEPTED, **changes}.items() if value is not ...}
    found.subscriber("tocsin.commands", **shape)(handle)

    return found


def refused(found: KafkaBroker) -> str:
    with pytest.raises(MisconfiguredError) as error:
        refuse_other_shapes(found)
    return "\n".join(error.value.mistakes)


def test_what_the_library_subscribes_is_accepted() -> None:
    found = broker()
    for topic in (COMMANDS, INCIDENTS, PAGES):
        subscribe(found, consumer(topic), "tocsin.")
    refuse_other_shapes(found)


def test_the_accepted_shape_written_out_is_accepted() -> None:
    refuse_other_shapes(subscribed())


def test_faststreams_default_subscriber_is_refused_for_every_reason() -> None:
    found = broker_of(["127.0.0.1:1"], "things", 5)
    found.subscriber("tocsin.commands")(handle)

    said = refused(found)
    assert "subscriber of tocsin.commands" in said
    for fault in ("has no group", "starts at the latest", "is not a batch", "cannot parse"):
        assert fault in said


def test_a_plain_faststream_broker_is_refused() -> None:
    found = KafkaBroker("127.0.0.1:1")
    found.subscriber("tocsin.commands", group_id="g")(handle)

    assert "acknowledges before it has handled" in refused(found)


@pytest.mark.filterwarnings("ignore:AckPolicy.REJECT_ON_ERROR")
@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"group_id": None}, "has no group"),
        ({"group_id": ""}, "has no group"),
        ({"auto_offset_reset": "latest"}, "starts at the latest record"),
        ({"auto_offset_reset": "none"}, "starts at the latest record"),
        ({"auto_offset_reset": ...}, "starts at the latest record"),
        ({"batch": False, "max_records": ..., "parser": ...}, "is not a batch subscriber"),
        ({"decoder": ...}, "decodes by itself"),
        ({"parser": ...}, "drops records that FastStream cannot parse"),
        ({"ack_policy": AckPolicy.ACK}, "acknowledges before it has handled"),
        ({"ack_policy": AckPolicy.ACK_FIRST}, "acknowledges before it has handled"),
        ({"ack_policy": AckPolicy.REJECT_ON_ERROR}, "acknowledges before it has handled"),
        ({"ack_policy": AckPolicy.MANUAL}, "acknowledges before it has handled"),
    ],
)
def test_a_subscriber_that_differs_is_refused_with_the_reason(
    changes: dict[str, Any], fault: str
) -> None:
    assert fault in refused(subscribed(**changes))


def test_a_group_shared_by_two_subscribers_is_refused() -> None:
    found = subscribed()
    found.subscriber("tocsin.incidents", **ACCEPTED)(handle)

    assert "shares the group tocsin.things.commands with another" in refused(found)


def test_every_mistake_of_every_subscriber_is_told_at_once() -> None:
    found = subscribed(auto_offset_reset="latest", parser=...)
    found.subscriber("tocsin.pages", **{**ACCEPTED, "group_id": None})(handle)

    said = refused(found).splitlines()
    assert len(said) == 3
    assert sum(line.startswith("subscriber of tocsin.commands: ") for line in said) == 2
    assert sum(line.startswith("subscriber of tocsin.pages: ") for line in said) == 1
