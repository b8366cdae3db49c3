"""Durations as people write them: `30s`, `5m`, `2h`, `1d`, `1w`."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

PATTERN = r"^[0-9]{1,6}(s|m|h|d|w)$"
LONGEST = 100 * 365 * 86_400  # Seconds: any instant of ours plus this is still one.
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def parse(text: str) -> timedelta:
    """Return the duration that `text` says; ValueError names the right form."""
    if not re.fullmatch(PATTERN, text):
        raise ValueError(f"{text!r} is not a duration; write a number and s, m, h, d or w: 30s, 5m")
    seconds = int(text[:-1]) * _SECONDS[text[-1]]
    if seconds > LONGEST:
        raise ValueError(f"{text!r} is longer than a hundred years")
    return timedelta(seconds=seconds)


def text(duration: timedelta) -> str:
    """Return the shortest form of a duration: the largest unit that divides it."""
    seconds = int(duration.total_seconds())
    for unit in ("w", "d", "h", "m"):
        if seconds and seconds % _SECONDS[unit] == 0:
            return f"{seconds // _SECONDS[unit]}{unit}"
    return f"{seconds}s"


def spoken(duration: timedelta) -> str:
    """Return a duration as people say it: `17 min`, `3 h 5 min`, `2 d 4 h`."""
    minutes = int(duration.total_seconds()) // 60
    hours, minutes = divmod(minutes, 60)
    if hours >= 24:  # noqa: PLR2004 - hours of a day.
        return f"{hours // 24} d {hours % 24} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _validate(value: Any) -> Any:  # noqa: ANN401 - pydantic hands over whatever was written.
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a duration; write 30s, 5m, 2h, 1d or 1w")  # noqa: TRY004
    return parse(value)


Duration = Annotated[
    timedelta,
    BeforeValidator(_validate),
    PlainSerializer(text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": PATTERN, "examples": ["30s", "5m", "2h"]}),
]
