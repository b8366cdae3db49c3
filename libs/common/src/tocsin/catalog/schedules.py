"""Who is on call when, as a document says it: layers of rotations within restrictions."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain, pairwise
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    model_validator,
)
from pydantic.json_schema import WithJsonSchema

from tocsin.catalog.spec import Name, Spec, TimeZone, is_new
from tocsin.catalog.times import ClockTime, Time
from tocsin.durations import Duration

Pair = tuple[int, int]
LONGEST_MONTH = 31
# Turns of seconds are a mistake, and a month of them would take minutes to work out.
SHORTEST_TURN = timedelta(minutes=5)
_RANGE = r"^-?[0-9]{1,4}(:-?[0-9]{1,4})?$"


def _pair(value: Any) -> Pair:  # noqa: ANN401 - pydantic hands over whatever was written.
    """Return `24:26` as its ends, and `24` as twice itself."""
    if isinstance(value, list | tuple) and len(value) == len(("first", "last")):
        return int(value[0]), int(value[1])
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"{value!r} is not a number, nor two with a colon between them")  # noqa: TRY004
    if not re.fullmatch(_RANGE, str(value)):
        raise ValueError(f"{value!r} is not a number, nor two with a colon between them")
    first, _, last = str(value).partition(":")
    return int(first), int(last or first)


def _days(value: Any) -> Pair:  # noqa: ANN401 - as above.
    first, last = _pair(value)
    if not all(1 <= abs(day) <= LONGEST_MONTH for day in (first, last)):
        raise ValueError(f"{value!r}: a day is 1 to 31, or -1 to -31 from the end of the month")
    ends = [day + LONGEST_MONTH + 1 if day < 0 else day for day in (first, last)]
    if ends[0] > ends[1]:
        raise ValueError(f"{value!r} ends before it begins")
    return first, last


def _years(value: Any) -> Pair:  # noqa: ANN401 - as above.
    first, last = _pair(value)
    if first > last:
        raise ValueError(f"{value!r} ends before it begins")
    return first, last


def _written(pair: Pair) -> str:
    return f"{pair[0]}:{pair[1]}"


_SCHEMA = {"type": ["integer", "string"], "pattern": _RANGE, "examples": ["24:26", -1]}


DayRange = Annotated[
    Pair,
    BeforeValidator(_days),
    PlainSerializer(_written, return_type=str),
    WithJsonSchema(_SCHEMA),
]
YearRange = Annotated[
    Pair,
    BeforeValidator(_years),
    PlainSerializer(_written, return_type=str),
    WithJsonSchema(_SCHEMA),
]


def _together(value: Any) -> Any:  # noqa: ANN401 - as above.
    """Return one person as a group of one."""
    return value if isinstance(value, list | tuple) else (value,)


# On call together; empty: nobody has this turn.
Participant = Annotated[
    tuple[Name, ...], BeforeValidator(_together, json_schema_input_type=Name | tuple[Name, ...])
]
Participants = Annotated[tuple[Participant, ...], Field(min_length=1)]


class Rotation(Spec):
    """People taking turns from `start`, handing off at wall-clock times.

    A turn lasts `length` hours, days, weeks or months; of type `custom`, each of `lengths` in
    turn. A participant is a person, people on call together, or `[]` for nobody. With `rotate_on:
    active`, a turn is `length` days on which the layer has hours. Times are on the clock of the
    rotation's zone, or else of its layer's.
    """

    type: Literal["hourly", "daily", "weekly", "monthly", "custom"]
    length: int = Field(default=1, ge=1, le=1000)
    lengths: tuple[Duration, ...] = ()
    start: Time
    participants: Participants
    rotate_on: Literal["calendar", "active"] = "calendar"
    time_zone: TimeZone | None = None

    @model_validator(mode="after")
    def _lengths_fit(self, info: ValidationInfo) -> "Rotation":
        if (self.type == "custom") != bool(self.lengths):
            raise ValueError(
                "`lengths` (such as [2d, 2d, 3d]) belong to type custom, and to it alone"
            )
        if any(not length for length in self.lengths):
            raise ValueError("`lengths`: each is longer than nothing")
        if is_new(info) and any(length < SHORTEST_TURN for length in self.lengths):
            raise ValueError("`lengths`: each is 5m or longer; m are minutes, d days, w weeks")
        if self.rotate_on == "active" and self.type != "daily":
            raise ValueError("`rotate_on: active` counts days: it needs type daily")
        if self.rotate_on == "active" and self.time_zone:
            raise ValueError(
                "`rotate_on: active` counts the layer's days: it has no zone of its own"
            )
        return self


class RotationChange(Spec):
    """From a time on, another rotation; or other participants, with handoffs as they were.

    Of new participants, who has the turn then keeps it; else the next who still takes part.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    from_: Time = Field(alias="from")
    rotation: Rotation | None = None
    participants: tuple[Participant, ...] = ()

    @model_validator(mode="after")
    def _exactly_one(self) -> "RotationChange":
        if (self.rotation is None) == (not self.participants):
            raise ValueError("a change is either a rotation or participants")
        return self


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Restriction(Spec):
    """Hours in which a layer applies, on some days.

    `until` at or before `from` runs into the next day. With `until_weekday` the hours run until
    that day of the week. `months` (1 to 12), `days` of the month (`24:26`, `-1` for the last) and
    `years` (`2026:2027`) narrow the days.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    weekdays: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    from_: ClockTime = Field(alias="from")
    until: ClockTime
    until_weekday: Weekday | None = None
    months: tuple[Annotated[int, Field(ge=1, le=12)], ...] = ()
    days: tuple[DayRange, ...] = ()
    years: tuple[YearRange, ...] = ()


class Shift(Spec):
    """A shift by hand: these people, from a time until another."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    from_: Time = Field(alias="from")
    until: Time
    participants: tuple[Name, ...] = Field(min_length=1)


class Layer(Spec):
    """People taking turns, or shifts by hand, within restrictions, from a time until another.

    Of several layers, a later one wins (`replace`), or is on call beside those below (`add`). The
    people of a `shadow` layer learn: they are paged beside those on call, and never instead of
    them. Times are on the clock of the layer's zone, or else of the schedule's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    name: Name
    mode: Literal["replace", "add"] = "replace"
    shadow: bool = False
    time_zone: TimeZone | None = None
    from_: Time | None = Field(default=None, alias="from")
    until: Time | None = None
    rotation: Rotation | None = None
    changes: tuple[RotationChange, ...] = ()
    shifts: tuple[Shift, ...] = ()
    restrictions: tuple[Restriction, ...] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> "Layer":
        if (self.rotation is None) == (not self.shifts):
            raise ValueError("a layer has either a rotation or shifts")
        if self.changes and self.shifts:
            raise ValueError("`changes` are changes of a rotation")
        times = [change.from_ for change in self.changes]
        if any(not _is_before(*pair) for pair in pairwise(times)):
            raise ValueError("`changes` are in the order of their `from`")
        rotations = [self.rotation, *(change.rotation for change in self.changes)]
        if any(one and one.rotate_on == "active" for one in rotations) and not _only_weekdays(self):
            raise ValueError("`rotate_on: active` needs restrictions, and those by weekdays only")
        return self


def _only_weekdays(layer: Layer) -> bool:
    narrowed = (one.months or one.days or one.years for one in layer.restrictions)
    return bool(layer.restrictions) and not any(narrowed)


def _is_before(one: datetime, other: datetime) -> bool:
    """Compare two written times; one with an offset and one without are not compared."""
    return bool(one.tzinfo) != bool(other.tzinfo) or one < other


class Schedule(Spec):
    """Who is on call when."""

    time_zone: TimeZone = "UTC"
    layers: tuple[Layer, ...] = Field(min_length=1)

    @property
    def people(self) -> frozenset[str]:
        """Everybody who takes part in one of the layers."""
        groups = chain.from_iterable(_groups(layer) for layer in self.layers)
        return frozenset(chain.from_iterable(groups))


def _groups(layer: Layer) -> Iterator[tuple[str, ...]]:
    rotations = (layer.rotation, *layer.changes, *(one.rotation for one in layer.changes))
    yield from chain.from_iterable(one.participants for one in rotations if one)
    yield from (one.participants for one in layer.shifts)
