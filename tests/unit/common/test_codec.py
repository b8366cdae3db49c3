"""Envelope to bytes and back: whatever an event holds, the other side gets."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.common.any_event import envelopes
from tocsin.errors import Undecodable
from tocsin.events import ALL, Actor, AddNote, Event, IncidentSnoozed, caused_by, decode, encode
from tocsin.events.codec import type_of
from tocsin.testing import START

ADA = Actor(kind="user", name="ada")
WHOLE: dict[str, Any] = {
    "specversion": "1.0",
    "id": "0195-1",
    "source": "notifier",
    "type": "tocsin.add-note.v1",
    "subject": "inc_1",
    "time": "2026-01-05T09:00:00Z",
    "datacontenttype": "application/json",
    "data": {"incident_id": "inc_1", "by": {"kind": "user", "name": "ada"}, "text": "hello"},
}


def changed(**attributes: Any) -> bytes:
    """Return the record with some attributes changed; None leaves one out."""
    record = {**WHOLE, **attributes}
    return json.dumps({name: value for name, value in record.items() if value is not None}).encode()


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_event_comes_back_as_it_was_sent(kind: type[Event], data: st.DataObject) -> None:
    sent = data.draw(envelopes(kind))
    received = decode(encode(sent))
    assert received == sent
    assert received.data.key == sent.data.key
    assert encode(received) == encode(decode(encode(received)))


def test_the_record_is_cloudevents_in_json() -> None:
    data = IncidentSnoozed(incident_id="inc_1", version=7, by=ADA, until=START)
    cause = caused_by(None, data, now=START, source="incident-intake", event_id="first")
    envelope = caused_by(cause, data, now=START, source="incident-intake", event_id="second")
    assert json.loads(encode(envelope)) == {
        "specversion": "1.0",
        "id": "second",
        "source": "incident-intake",
        "type": "tocsin.incident-snoozed.v1",
        "subject": "inc_1",
        "time": "2026-01-05T09:00:00+00:00",
        "datacontenttype": "application/json",
        "causationid": "first",
        "correlationid": "first",
        "aggregateversion": 7,
        "data": {
            "incident_id": "inc_1",
            "version": 7,
            "by": {"kind": "user", "name": "ada"},
            "until": "2026-01-05T09:00:00Z",
            "via": "",
        },
    }


def test_a_chain_keeps_its_first_event_and_its_trace() -> None:
    data = AddNote(incident_id="inc_1", by=ADA, text="x")
    first = caused_by(None, data, now=START, source="a", traceparent="00-1-2-01")
    second = caused_by(first, data, now=START, source="b")
    third = caused_by(second, data, now=START, source="c")
    assert first.correlation_id == first.event_id
    assert (third.causation_id, third.correlation_id) == (second.event_id, first.event_id)
    assert third.traceparent == "00-1-2-01"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[1]", "not a CloudEvents object"),
        (b'"text"', "not a CloudEvents object"),
        (changed(id=None), "id: a CloudEvents attribute is missing"),
        (changed(id=""), "id: a CloudEvents attribute is missing"),
        (changed(id="a\x00b"), "id: a CloudEvents attribute"),
        (changed(source=7), "source: a CloudEvents attribute"),
        (changed(type=None), "type: a CloudEvents attribute"),
        (changed(type=["x"]), "type: a CloudEvents attribute"),
        (changed(type="tocsin.add-note.v9"), "type: 'tocsin.add-note.v9' is not an event"),
        (changed(time=None), "time: a CloudEvents attribute"),
        (changed(time="yesterday"), "time: 'yesterday' is not"),
        (changed(time="2026-01-05T09:00:00"), "time: '2026-01-05T09:00:00' is not"),
        (changed(data=None), "data: is missing"),
        (changed(data=7), "data: "),
        (changed(data={**WHOLE["data"], "text": 7}), "data.text: "),
        (changed(data={**WHOLE["data"], "by": {"kind": "dog", "name": "x"}}), "data.by.kind: "),
    ],
)
def test_what_is_not_an_event_is_refused_with_the_field(body: bytes, reason: str) -> None:
    with pytest.raises(Undecodable) as refused:
        decode(body)
    assert str(refused.value).startswith(reason)


@pytest.mark.parametrize("attribute", ["causationid", "correlationid", "traceparent"])
@pytest.mark.parametrize("value", [7, ["x"], {"a": 1}, True, "a\x00b"])
def test_an_optional_attribute_of_another_type_does_not_reach_a_handler(
    attribute: str, value: Any
) -> None:
    envelope = decode(changed(**{attribute: value}))
    assert envelope.causation_id is None
    assert envelope.correlation_id is None
    assert envelope.traceparent is None


def test_unknown_attributes_and_fields_are_passed_over() -> None:
    envelope = decode(changed(data={**WHOLE["data"], "mood": "calm"}, partitionkey="inc_1"))
    assert envelope.data == AddNote(incident_id="inc_1", by=ADA, text="hello")


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_type_is_read_off_without_decoding(kind: type[Event], data: st.DataObject) -> None:
    # None means only that one has to look inside: an id or a source may need escapes.
    assert type_of(encode(data.draw(envelopes(kind)))) in {kind.TYPE, None}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        changed(),  # Written by another hand, with blanks.
        b'{"specversion":"1.0","id":"a","source":"b","type":"\xff"',
        b'{"specversion":"1.0","id":"a\\","source":"b","type":"tocsin.add-note.v1"',
        b'{"data":{"specversion":"1.0","id":"a","source":"b","type":"x"}}',
        b' {"specversion":"1.0","id":"a","source":"b","type":"x"}',
    ],
)
def test_where_the_type_is_not_plain_one_has_to_look_inside(body: bytes) -> None:
    assert type_of(body) is None


def test_the_type_of_what_we_write_is_plain() -> None:
    data = AddNote(incident_id="inc_1", by=ADA, text='"type":"tocsin.open-incident.v1"')
    envelope = caused_by(None, data, now=START, source="notifier")
    assert type_of(encode(envelope)) == "tocsin.add-note.v1"


@given(st.binary(max_size=100))
def test_no_bytes_raise_anything_but_undecodable(body: bytes) -> None:
    with pytest.raises(Undecodable):
        decode(body)
