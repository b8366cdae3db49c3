"""docs/events.md: every topic and event, with who writes it, who handles it, and its fields."""

import types
from collections.abc import Iterator
from datetime import date, datetime
from inspect import cleandoc
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

from dev.generated.applications import WRITERS, handled_by
from dev.layout import SERVICES
from tocsin.events import ALL, Event
from tocsin.topics import DAY_MS, TOPICS, Topic

_PLAIN: dict[Any, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    date: "date",
    datetime: "instant",
    AwareDatetime: "instant",
    Any: "any JSON",
    type(None): "null",
}
_HEAD = """\
# Events

The published language: all that one service may know of another. Generated from
`libs/common/src/tocsin/events` by `make format`; `make check` refuses an old one.

A record's value is a CloudEvents 1.0 event in JSON: the attributes `id`, `source`, `type`,
`subject`, `time`, `causationid`, `correlationid`, `aggregateversion` and `traceparent` around the
fields below, which are its `data`. Its key is the `subject`: events with one key keep their order.
Across topics there is no order. An event may come more than once, with the same `id`.

A type ends in its version. Within a version fields are only added, never without a default: read
what you know and pass over the rest. *instant* is RFC 3339 in UTC.
"""


def events_page() -> str:
    """Return the page."""
    parts = [_HEAD, _topic_table(), *(_topic(topic) for topic in TOPICS), _shared()]
    return "\n".join(parts)


def _topic_table() -> str:
    lines = ["| topic | key | partitions | kept | holds |", "|---|---|---|---|---|"]
    lines += [
        f"| [`{topic.name}`](#{topic.name}) | {topic.key} | {topic.partitions}"
        f" | {_kept(topic)} | {topic.holds} |"
        for topic in TOPICS
    ]
    return "\n".join(lines) + "\n"


def _kept(topic: Topic) -> str:
    if "retention.ms" not in topic.settings:
        return "the latest of each key"
    return f"{int(topic.settings['retention.ms']) // DAY_MS} days"


def _topic(topic: Topic) -> str:
    writers = ", ".join(service.name for service in WRITERS[topic.name])
    head = f"## {topic.name}\n\n{topic.holds.capitalize()}. Written by {writers}.\n"
    return "\n".join([head, *(_event(kind) for kind in ALL if topic.name == kind.TOPIC)])


def _event(kind: type[Event]) -> str:
    handlers = [service.name for service in SERVICES if kind in handled_by(service)]
    heard = f"Handled by {', '.join(handlers)}." if handlers else "No service handles it."
    return f"### {kind.__name__}\n\n`{kind.TYPE}`\n\n{_about(kind)}\n\n{heard}\n\n{_fields(kind)}"


def _shared() -> str:
    models = {model.__name__: model for kind in ALL for model in _parts(kind)}
    sections = [
        f"### {name}\n\n{_about(model)}\n\n{_fields(model)}"
        for name, model in sorted(models.items())
    ]
    return "\n".join(["## Parts of events\n", *sections])


def _parts(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - any annotation.
    """Yield the models inside an event."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if not issubclass(annotation, Event):
            yield annotation
        for field in annotation.model_fields.values():
            yield from _parts(field.annotation)
    for argument in get_args(annotation):
        yield from _parts(argument)


def _about(model: type[BaseModel]) -> str:
    return cleandoc(model.__doc__ or "")


def _fields(model: type[BaseModel]) -> str:
    lines = ["| field | type | when left out |", "|---|---|---|"]
    lines += [
        f"| `{name}` | {_type(field.annotation)} | {_default(field)} |"
        for name, field in model.model_fields.items()
    ]
    return "\n".join(lines) + "\n"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "*required*"
    match field.get_default(call_default_factory=True):
        case None:
            return "null"
        case "":
            return "empty"
        case bool() as value:
            return str(value).lower()
        case str() as value:
            return f"`{value}`"
        case int() as value:
            return str(value)
        case _:
            return "empty"


def _type(annotation: Any) -> str:  # noqa: ANN401 - any annotation.
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin in {Union, types.UnionType}:
        return " or ".join(_type(argument) for argument in arguments)
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return f"map of {_type(arguments[0])} to {_type(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    return _PLAIN[annotation]
