"""Times in documents: with an offset or on a wall, and of a clock alone."""

import re
from datetime import datetime, time
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ValidationInfo

from tocsin.catalog.spec import is_new

FIRST_YEAR, LAST_YEAR = 1900, 2300  # So that no reckoning leaves the calendar.
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?")
_NUMBER = re.compile(r"\s*[-+]?[0-9.]+\s*")


def _of_a_calendar(value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - pydantic hands over whatever was written.
    """Refuse `20260105`, which would be so many seconds after 1970."""
    if is_new(info) and _NUMBER.fullmatch(str(value)):
        raise ValueError(f"{value!r} is a number where a time belongs; write 2026-01-05T09:00")
    return value


def _of_a_clock(value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - as above.
    """Refuse `9`, which would be nine seconds past midnight, and an offset, which would be lost."""
    if is_new(info) and not isinstance(value, time) and not _CLOCK.fullmatch(str(value)):
        raise ValueError(
            f"{value!r} is not a time of the day; write 09:00, from 00:00 to 23:59, without offset"
        )
    return value


def _in_range(written: datetime) -> datetime:
    if not FIRST_YEAR <= written.year <= LAST_YEAR:
        raise ValueError(f"the year must be from {FIRST_YEAR} to {LAST_YEAR}")
    return written


Time = Annotated[datetime, BeforeValidator(_of_a_calendar), AfterValidator(_in_range)]
ClockTime = Annotated[time, BeforeValidator(_of_a_clock)]
