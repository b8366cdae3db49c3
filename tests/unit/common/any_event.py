"""Hypothesis strategies for every event, made from its fields."""

import types
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel

from tocsin.events import Envelope, Event

TRACEPARENT = "[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"
_ZONES = st.sampled_from(
    [UTC, timezone(timedelta(hours=5, minutes=45)), timezone(-timedelta(hours=11))]
)
INSTANTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=_ZONES)  # noqa: DTZ001
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=20),
    int: st.integers(0, 2**63 - 1),
    bool: st.booleans(),
    date: st.dates(),
    datetime: INSTANTS,
    AwareDatetime: INSTANTS,
    Any: JSON,
    type(None): st.none(),
}


def values(annotation: Any) -> st.SearchStrategy[Any]:
    """Return values of a field, by its annotation."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return values(arguments[0])
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in {Union, types.UnionType}:
        return st.one_of([values(argument) for argument in arguments])
    if origin is tuple:
        return st.lists(values(arguments[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(values(arguments[0]), values(arguments[1]), max_size=3)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return models(annotation)
    return _PLAIN[annotation]


def models(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Return values of a model: what is required always, what has a default at times."""
    fields = kind.model_fields.items()
    required = {name: values(field.annotation) for name, field in fields if field.is_required()}
    optional = {name: values(f.annotation) for name, f in fields if not f.is_required()}
    return st.fixed_dictionaries(required, optional=optional).map(lambda given: kind(**given))


def envelopes(kind: type[Event]) -> st.SearchStrategy[Envelope[Event]]:
    """Return one event in every envelope it can travel in."""
    text = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20)
    return st.builds(
        Envelope,
        data=models(kind),
        time=INSTANTS,
        source=text,
        event_id=text,
        causation_id=st.none() | text,
        correlation_id=st.none() | text,
        traceparent=st.none() | st.from_regex(TRACEPARENT, fullmatch=True),
    )
