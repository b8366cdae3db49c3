"""The consumer: one transaction per batch, poison set apart, outages waited out."""

import base64
from collections.abc import Sequence
from datetime import datetime

import orjson
import pytest
from prometheus_client import REGISTRY
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from structlog.testing import capture_logs

from tocsin.application import Subscription
from tocsin.bus import Consumer, Record
from tocsin.errors import Unavailable
from tocsin.events import (
    AcknowledgeIncident,
    Actor,
    AddNote,
    DeadLettered,
    Envelope,
    Event,
    caused_by,
    decode,
    encode,
)
from tocsin.testing import START, ManualClock, MemoryStore, MemoryUnitOfWork
from tocsin.topics import COMMANDS
from tocsin.unit_of_work import DeadLetter

ADA = Actor(kind="user", name="ada")


class Handler:
    """Writes each note down in the transaction; fails where it is told to."""

    def __init__(self, *, whole: bool = False) -> None:
        self.store = MemoryStore(MemoryUnitOfWork)
        self.batches: list[list[str]] = []
        self.refused: dict[str, Exception] = {}
        subscription = Subscription(COMMANDS, self.on_notes, (AddNote,), whole=whole)
        self.consumer = Consumer("things", subscription, self.store, ManualClock())

    async def on_notes(
        self, uow: MemoryUnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
    ) -> None:
        assert now == START
        texts = [one.data.text for one in envelopes if isinstance(one.data, AddNote)]
        self.batches.append(texts)
        for text in texts:
            uow.table("notes")[text] = now
            if text in self.refused:
                raise self.refused[text]

    @property
    def notes(self) -> list[str]:
        return list(self.store.tables.get("notes", {}))

    @property
    def letters(self) -> list[DeadLetter]:
        return list(self.store.tables.get("dead_letters", {}).values())


def note(text: str) -> Envelope[Event]:
    data = AddNote(incident_id="inc_1", by=ADA, text=text)
    return caused_by(None, data, now=START, source="test", event_id=f"id of {text}")


def record(offset: int, value: Envelope[Event] | bytes | None) -> Record:
    body = encode(value) if isinstance(value, Envelope) else value
    return Record("commands", 3, offset, b"inc_1", body)


def batch(*values: Envelope[Event] | bytes | None) -> list[Record]:
    return [record(offset, value) for offset, value in enumerate(values)]


async def test_a_batch_is_one_call_in_order() -> None:
    handler = Handler()
    await handler.consumer.consume(batch(note("one"), note("two"), note("three")))
    assert handler.batches == [["one", "two", "three"]]
    assert handler.consumer.name == "things.commands"


async def test_a_batch_that_comes_again_is_handled_once() -> None:
    handler = Handler()
    await handler.consumer.consume(batch(note("one"), note("two")))
    await handler.consumer.consume(batch(note("one"), note("two")))
    await handler.consumer.consume(batch(note("two"), note("three"), note("three")))
    assert handler.batches == [["one", "two"], ["three"]]


async def test_other_events_of_the_topic_are_passed_over_without_a_transaction() -> None:
    handler = Handler()
    other = AcknowledgeIncident(incident_id="inc_1", by=ADA)
    await handler.consumer.consume(batch(caused_by(None, other, now=START, source="test")))
    assert handler.batches == []
    assert handler.store.tables == {}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{not json", "not JSON"),
        (b"", "not JSON"),
        (None, "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "not a CloudEvents object"),
        (b'{"id": 7}', "id: "),
        (b'{"id":"1","source":"s","type":"t","time":"x"}', "data: is missing"),
        (b'{"id":"1","source":"s","type":"who","time":"x","data":{}}', "type: 'who'"),
    ],
)
async def test_what_cannot_be_understood_is_buried_with_its_reason_and_the_rest_handled(
    body: bytes | None, reason: str
) -> None:
    handler = Handler()
    await handler.consumer.consume(batch(note("one"), body, note("two")))
    assert handler.notes == ["one", "two"]
    (letter,) = handler.letters
    assert letter.reason.startswith(reason)
    assert (letter.topic, letter.partition, letter.offset) == ("commands", 3, 1)
    assert (letter.payload, letter.error) == (body or b"", "Undecodable")
    assert letter.consumer == "things.commands"


def told_as(kind: str) -> bytes:
    """Return a well-formed event of this type."""
    return orjson.dumps({**orjson.loads(encode(note("x"))), "type": kind})


def passed_over() -> float:
    labels = {"consumer": "things.commands"}
    return REGISTRY.get_sample_value("tocsin_events_passed_over_total", labels) or 0.0


async def test_what_only_a_later_release_knows_is_passed_over_counted_and_told_once() -> None:
    handler = Handler()
    before = passed_over()
    strange = told_as("tocsin.note-pinned.v1")
    with capture_logs() as logs:
        await handler.consumer.consume(batch(note("one"), strange, note("two")))
        await handler.consumer.consume(batch(strange, told_as("tocsin.note-read.v3")))
    assert handler.batches == [["one", "two"]]
    assert handler.letters == []
    assert passed_over() == before + 3
    told = [one["type"] for one in logs if one["event"] == "unknown_type_passed_over"]
    assert told == ["tocsin.note-pinned.v1", "tocsin.note-read.v3"]


@pytest.mark.parametrize(
    "kind",
    [
        "tocsin.add-note.v2",  # What we handle, in a version that we cannot read.
        "tocsin.",
        "tocsin.note-pinned",
        "tocsin.note-pinned.v1.x",
        "tocsin.Note Pinned.v1",
        "com.example.note-pinned.v1",
    ],
)
async def test_what_is_no_event_of_a_later_release_is_buried(kind: str) -> None:
    handler = Handler()
    await handler.consumer.consume(batch(note("one"), told_as(kind), note("two")))
    assert handler.notes == ["one", "two"]
    (letter,) = handler.letters
    assert letter.reason.startswith(f"type: '{kind}' is not an event")


async def test_another_version_of_what_is_not_handled_here_is_passed_over() -> None:
    handler = Handler()
    await handler.consumer.consume(batch(told_as("tocsin.acknowledge-incident.v2")))
    assert handler.letters == []


async def test_where_everything_asks_for_something_an_unknown_type_is_buried() -> None:
    handler = Handler(whole=True)
    await handler.consumer.consume(batch(note("one"), told_as("tocsin.note-pinned.v1")))
    assert handler.notes == ["one"]
    (letter,) = handler.letters
    assert letter.error == "UnknownType"


async def test_a_dead_letter_is_announced_with_its_bytes() -> None:
    handler = Handler()
    await handler.consumer.consume(batch(b"\xff\x00junk"))
    (outgoing,) = await handler.store.take_outbox()
    assert outgoing.topic == "dead-letters"
    envelope = decode(outgoing.value)
    assert isinstance(envelope.data, DeadLettered)
    assert base64.b64decode(envelope.data.payload) == b"\xff\x00junk"
    assert envelope.data.origin_key == "inc_1"
    assert envelope.source == "things"


async def test_junk_that_comes_again_is_buried_once() -> None:
    handler = Handler()
    await handler.consumer.consume(batch(b"junk"))
    await handler.consumer.consume(batch(b"junk"))
    assert len(handler.letters) == 1
    await handler.consumer.consume(batch(b"other junk at the same offset"))
    assert len(handler.letters) == 2


@pytest.mark.parametrize(
    "error",
    [
        ValueError("no such thing"),
        IntegrityError("INSERT", {}, Exception("twice")),
        DataError("INSERT", {}, Exception("too large")),
        KeyError("x"),
    ],
)
async def test_an_event_that_fails_for_a_reason_of_its_own_is_buried_alone(
    error: Exception,
) -> None:
    handler = Handler()
    handler.refused = {"bad": error}
    await handler.consumer.consume(batch(note("one"), note("bad"), note("two"), b"junk"))
    assert handler.batches == [["one", "bad", "two"], ["one"], ["bad"], ["two"]]
    # What the failed attempts wrote is rolled back with them.
    assert handler.notes == ["one", "two"]
    assert sorted(letter.offset for letter in handler.letters) == [1, 3]
    assert {letter.error for letter in handler.letters} == {type(error).__name__, "Undecodable"}


@pytest.mark.parametrize(
    "error",
    [
        OSError("the database is away"),
        TimeoutError(),
        Unavailable("Kafka is away"),
        OperationalError("SELECT", {}, Exception("closed")),
        ConnectionResetError(),
        MemoryError(),
    ],
)
async def test_an_outage_is_raised_buries_nothing_and_the_batch_comes_again(
    error: Exception,
) -> None:
    handler = Handler()
    handler.refused = {"two": error}
    with pytest.raises(type(error)):
        await handler.consumer.consume(batch(note("one"), note("two"), b"junk"))
    assert (handler.notes, handler.letters) == ([], [])
    handler.refused = {}
    await handler.consumer.consume(batch(note("one"), note("two"), b"junk"))
    assert handler.notes == ["one", "two"]
    assert len(handler.letters) == 1


async def test_an_outage_amid_single_steps_keeps_what_is_done_and_loses_nothing() -> None:
    handler = Handler()
    poison = ValueError("poison")
    handler.refused = {"bad": poison, "late": OSError("the database is away")}
    records = batch(note("one"), note("bad"), note("late"), note("last"))
    with pytest.raises(OSError, match="away"):
        await handler.consumer.consume(records)
    assert handler.notes == ["one"]
    handler.refused = {"bad": poison}
    await handler.consumer.consume(records)
    assert handler.notes == ["one", "late", "last"]
    assert [letter.offset for letter in handler.letters] == [1]
