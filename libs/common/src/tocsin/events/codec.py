"""Envelope to bytes and back: CloudEvents 1.0, structured JSON."""

from datetime import datetime
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from tocsin.errors import Undecodable
from tocsin.events.base import Envelope, Event

CONTENT_TYPE = b"application/cloudevents+json"
_TIME = TypeAdapter(datetime)


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
    nobody registered, or data that does not fit its type.
    """
    attributes = _attributes(body)
    kind = registry.get(attributes["type"])
    if kind is None:
        raise Undecodable(f"type: {attributes['type']!r} is not an event that Tocsin knows")
    try:
        return Envelope(
            data=kind.model_validate(attributes["data"]),
            time=_TIME.validate_python(attributes["time"]),
            source=attributes["source"],
            event_id=attributes["id"],
            causation_id=attributes.get("causationid"),
            correlation_id=attributes.get("correlationid"),
            traceparent=attributes.get("traceparent"),
        )
    except ValidationError as error:
        raise Undecodable(_first_mistake(error)) from error


def _attributes(body: bytes) -> dict[str, Any]:
    try:
        attributes = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Undecodable(f"not JSON: {error}") from error
    if not isinstance(attributes, dict):
        raise Undecodable("not a CloudEvents object")
    for name in ("id", "source", "type", "time"):
        if not isinstance(attributes.get(name), str) or not attributes[name]:
            raise Undecodable(f"{name}: a CloudEvents attribute is missing or not a string")
    if "data" not in attributes:
        raise Undecodable("data: is missing")
    return attributes


def _first_mistake(error: ValidationError) -> str:
    mistake = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in mistake["loc"])
    return f"data.{place}: {mistake['msg']}" if place else f"data: {mistake['msg']}"
