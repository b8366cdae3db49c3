"""The machine-readable documents: AsyncAPI of the topics, OpenAPI per service."""

from inspect import cleandoc
from typing import Any

from pydantic.json_schema import models_json_schema

from dev.generated.applications import WRITERS, application, handled_by, http_of
from dev.layout import SERVICES, Service
from tocsin.events import ALL, CONTENT_TYPE, Event
from tocsin.topics import TOPICS, Topic
from tocsin.web import document

Json = dict[str, Any]
PREFIX = "tocsin."  # An installation may choose another: <SERVICE>_TOPIC_PREFIX.
_SCHEMAS = "#/components/schemas/"


def asyncapi() -> Json:
    """Return the AsyncAPI 3 document of every topic, message and service."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tocsin",
            "version": "1",
            "description": "The events of the four services, on Kafka, as CloudEvents 1.0 in JSON.",
        },
        "defaultContentType": CONTENT_TYPE.decode(),
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": _operations(),
        "components": {
            "messages": {kind.__name__: _message(kind) for kind in ALL},
            "schemas": _event_schemas(),
        },
    }


def _channel(topic: Topic) -> Json:
    kinds = [kind for kind in ALL if topic.name == kind.TOPIC]
    return {
        "address": topic.full_name(PREFIX),
        "description": f"{topic.holds.capitalize()}. The key is the {topic.key}.",
        "messages": {
            kind.__name__: {"$ref": f"#/components/messages/{kind.__name__}"} for kind in kinds
        },
        "bindings": {
            "kafka": {
                "topic": topic.full_name(PREFIX),
                "partitions": topic.partitions,
                "topicConfiguration": _configuration(topic),
                "bindingVersion": "0.5.0",
            }
        },
    }


def _configuration(topic: Topic) -> Json:
    found: Json = {}
    if "cleanup.policy" in topic.settings:
        found["cleanup.policy"] = [topic.settings["cleanup.policy"]]
    for name in ("retention.ms", "max.message.bytes"):
        if name in topic.settings:
            found[name] = int(topic.settings[name])
    return found


def _operations() -> Json:
    found: Json = {}
    for service in SERVICES:
        for topic in TOPICS:
            if service in WRITERS[topic.name]:
                kinds = [kind for kind in ALL if topic.name == kind.TOPIC]
                found[f"{service.name}.send.{topic.name}"] = _operation("send", topic, kinds)
            heard = handled_by(service)
            if kinds := [kind for kind in ALL if kind in heard and topic.name == kind.TOPIC]:
                found[f"{service.name}.receive.{topic.name}"] = _operation("receive", topic, kinds)
    return found


def _operation(action: str, topic: Topic, kinds: list[type[Event]]) -> Json:
    channel = f"#/channels/{topic.name}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{kind.__name__}"} for kind in kinds],
    }


def _message(kind: type[Event]) -> Json:
    text = {"type": "string"}
    return {
        "name": kind.TYPE,
        "title": kind.__name__,
        "summary": cleandoc(kind.__doc__ or "").partition("\n\n")[0].replace("\n", " "),
        "payload": {
            "type": "object",
            "required": ["specversion", "id", "source", "type", "time", "data"],
            "properties": {
                "specversion": {"const": "1.0"},
                "id": {"type": "string", "minLength": 1},
                "source": {"type": "string", "minLength": 1},
                "type": {"const": kind.TYPE},
                "subject": text,
                "time": {"type": "string", "format": "date-time"},
                "datacontenttype": {"const": "application/json"},
                "causationid": text,
                "correlationid": text,
                "aggregateversion": {"type": "integer"},
                "traceparent": text,
                "data": {"$ref": _SCHEMAS + kind.__name__},
            },
        },
        "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": "0.5.0"}},
    }


def _event_schemas() -> Json:
    _, definitions = models_json_schema(
        [(kind, "validation") for kind in ALL], ref_template=_SCHEMAS + "{model}"
    )
    schemas: Json = definitions["$defs"]
    return dict(sorted(schemas.items()))


def openapi(service: Service) -> Json:
    """Return the OpenAPI document of a service."""
    return document(http_of(application(service)))
