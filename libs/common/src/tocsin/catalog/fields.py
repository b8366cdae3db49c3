"""Pydantic's errors about one document, in people's words, with the nearest right field."""

import re
import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from tocsin.catalog.mistakes import Mistake
from tocsin.catalog.spec import Spec
from tocsin.catalog.suggestions import nearest

Location = tuple[int | str, ...]


def spec_mistakes(
    kind: type[Spec], error: ValidationError, label: tuple[str, str], position: int
) -> Iterator[Mistake]:
    """Yield each mistake in a document's spec."""
    items = error.errors(include_url=False)
    for item in items:
        location = tuple(item["loc"])
        if item["type"] == "too_short" and any(
            _is_below(other["loc"], location) for other in items
        ):
            continue  # Only because what is in it has mistakes, and those are told.
        message, suggestion = _in_words(kind, item, location)
        yield Mistake(*label, path_of(location), message, suggestion, position=position)


def path_of(location: Location) -> str:
    """Return `spec.levels[0].targets` for a location in a spec."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return "spec" + "".join(parts)


def _is_below(location: Location, place: Location) -> bool:
    return len(location) > len(place) and location[: len(place)] == place


def _in_words(kind: type[Spec], item: Any, location: Location) -> tuple[str, str]:  # noqa: ANN401 - pydantic's ErrorDetails
    given = item.get("input")
    match item["type"]:
        case "extra_forbidden":
            return "unknown field", nearest(str(location[-1]), _fields_at(kind, location[:-1]))
        case "missing":
            return "is missing", ""
        case "too_short":
            return "is empty; at least one is needed", ""
        case "literal_error":
            expected = str(item["ctx"]["expected"])
            near = nearest(str(given), re.findall(r"'([^']*)'", expected))
            return f"{given!r} is not one of {expected}", near
        case "string_pattern_mismatch":
            return f"{given!r} does not have the form {item['ctx']['pattern']}", ""
        case _:
            return _of_another_type(kind, item, location), ""


def _of_another_type(kind: type[Spec], item: Any, location: Location) -> str:  # noqa: ANN401 - as above.
    """Return what belongs in place of what was written."""
    given = item.get("input")
    match item["type"]:
        case "string_type" if isinstance(given, int | float):
            return f"{given!r} is a number where text belongs; put it in quotes"
        case "tuple_type" if isinstance(given, str | int | float):
            return f"{given!r} is not a list; write [{given}]"
        case "tuple_type":
            return "is not a list; write each of its items after a `-`"
        case "model_type":
            fields = ", ".join(_fields_at(kind, location))
            return f"{given!r} is not a mapping; write one with some of {fields}"
        case "datetime_from_date_parsing":
            return f"{given!r} is not a time: {item['ctx']['error']}; write 2026-01-05T09:00"
        case _:
            return str(item["msg"]).removeprefix("Value error, ")


def _fields_at(kind: type[Spec], location: Location) -> list[str]:
    """Return the fields that the model at this location knows, by the names people write."""
    current: Any = kind
    for part in location:
        model = _model_of(current)
        if model is None or not isinstance(part, str):
            continue
        field = next((f for n, f in model.model_fields.items() if part in {n, f.alias}), None)
        current = field.annotation if field else None
    model = _model_of(current)
    fields = model.model_fields.items() if model else ()
    return [field.alias or name for name, field in fields]


def _model_of(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - an annotation is any object
    """Return the model inside `X | None`, `tuple[X, ...]` or `Annotated[X, …]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in {tuple, list, Union, types.UnionType, Annotated}:
        inner = (_model_of(argument) for argument in get_args(annotation))
        return next((model for model in inner if model), None)
    return None
