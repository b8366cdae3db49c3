"""Envelope to bytes and back: CloudEvents 1.0, structured JSON."""

import re
from datetime import datetime
from typing import Any

import orjson
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from tocsin.errors import Undecodable, UnknownType
from tocsin.events.base import Envelope, Event

LONGEST = 255
CONTENT_TYPE = b"application/cloudevents+json"
_TIME = TypeAdapter[datetime](AwareDatetime)
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_OURS = re.compile(r"tocsin\.[a-z0-9-]+\.v[0-9]+")
_STRING = rb'"[^"\\]*"'
_HEAD = re.compile(
    rb'\{"specversion":"1\.0","id":'
    + _STRING
    + rb',"source":'
    + _STRING
    + rb',"type":"([a-z0-9.-]*)"'
)


def encode(envelope: Envelope[Event]) -> bytes:
    """Return the CloudEvents JSON of an envelope."""
    data = envelope.data
    attributes = {
        "specversion": "1.0",
        "id": envelope.event_id,
        "source": envelope.source,
        "type": data.TYPE,
        "subject": data.key,
        "time": envelope.time,
        "datacontenttype": "application/json",
        "causationid": envelope.causation_id,
        "correlationid": envelope.correlation_id,
        "aggregateversion": envelope.version,
        "traceparent": envelope.traceparent,
    }
    head = orjson.dumps({name: value for name, value in attributes.items() if value is not None})
    return head[:-1] + b',"data":' + data.__pydantic_serializer__.to_json(data) + b"}"


def decode(body: bytes, registry: dict[str, type[Event]]) -> Envelope[Event]:
    """Return the envelope that these bytes hold.

    Raises Undecodable with a reason that names the field: not JSON, not CloudEvents, a type that
    nobody registered (UnknownType, where it is named as ours are), or data that does not fit.
    """
    attributes = _attributes(body)
    kind = registry.get(attributes["type"])
    if kind is None:
        raise _stranger(attributes["type"])
    try:
        return Envelope(
            data=kind.model_validate(attributes["data"]),
            time=_time(attributes["time"]),
            source=attributes["source"],
            event_id=attributes["id"],
            causation_id=_optional(attributes, "causationid"),
            correlation_id=_optional(attributes, "correlationid"),
            traceparent=_trace_context(attributes),
        )
    except ValidationError as error:
        raise Undecodable(_first_mistake(error)) from error


def _stranger(kind: str) -> Undecodable:
    if _OURS.fullmatch(kind):
        return UnknownType(kind)
    return Undecodable(f"type: {kind!r} is not an event of Tocsin")


def type_of(body: bytes) -> str | None:
    """Return the type of an envelope that `encode` wrote, without decoding it; None: look inside.

    Our attributes come in one order with the type near the front. No string of somebody else's can
    pass for it: before the type stand only the version, an id and a source.
    """
    found = _HEAD.match(body)
    return found.group(1).decode() if found else None


def _attributes(body: bytes) -> dict[str, Any]:
    try:
        attributes = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Undecodable(f"not JSON: {error}") from error
    if not isinstance(attributes, dict):
        raise Undecodable("not a CloudEvents object")
    for name in ("id", "source", "type", "time"):
        value = attributes.get(name)
        # A NUL is no text to PostgreSQL: as an inbox id it would stop its partition for good.
        # One that no index of it can hold would do the same.
        if not isinstance(value, str) or not value or "\x00" in value or len(value) > LONGEST:
            raise Undecodable(
                f"{name}: a CloudEvents attribute is missing, not a string, or too long"
            )
    if "data" not in attributes:
        raise Undecodable("data: is missing")
    return attributes


def _optional(attributes: dict[str, Any], name: str) -> str | None:
    """Return an attribute that may be absent; what is not text is no reason to lose the event."""
    value = attributes.get(name)
    return value if isinstance(value, str) and "\x00" not in value else None


def _trace_context(attributes: dict[str, Any]) -> str | None:
    """Return the W3C trace context; what is none must not reach a header of ours."""
    found = _optional(attributes, "traceparent")
    return found if found and _TRACEPARENT.fullmatch(found) else None


def _time(text: str) -> datetime:
    try:
        return _TIME.validate_python(text)
    except ValidationError as error:
        raise Undecodable(f"time: {text!r} is not an RFC 3339 instant with an offset") from error


def _first_mistake(error: ValidationError) -> str:
    mistake = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in mistake["loc"])
    return f"data.{place}: {mistake['msg']}" if place else f"data: {mistake['msg']}"
