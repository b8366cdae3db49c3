"""Durations as people write them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from tocsin import durations
from tocsin.durations import Duration

DURATION = TypeAdapter[timedelta](Duration)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0s", timedelta(0)),
        ("30s", timedelta(seconds=30)),
        ("5m", timedelta(minutes=5)),
        ("2h", timedelta(hours=2)),
        ("1d", timedelta(days=1)),
        ("1w", timedelta(weeks=1)),
        ("090s", timedelta(seconds=90)),
        ("5200w", timedelta(weeks=5200)),
    ],
)
def test_a_number_and_a_unit_are_a_duration(written: str, meant: timedelta) -> None:
    assert durations.parse(written) == meant
    assert DURATION.validate_python(written) == meant


@pytest.mark.parametrize(
    "written",
    ["", "5", "m", "5 m", " 5m", "5M", "-5m", "1.5h", "5min", "1h30m", "1000000s", "٣m", "5m\n"],
)
def test_anything_else_is_refused_with_the_right_form(written: str) -> None:
    with pytest.raises(ValueError, match="write a number and s, m, h, d or w"):
        durations.parse(written)


@pytest.mark.parametrize("written", [5, 5.0, None, True, ["5m"]])
def test_what_is_no_text_is_refused_with_the_right_form(written: object) -> None:
    with pytest.raises(ValidationError, match="write 30s, 5m, 2h, 1d or 1w"):
        DURATION.validate_python(written)


def test_a_duration_passes_as_it_is() -> None:
    assert DURATION.validate_python(timedelta(minutes=5)) == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("duration", "written"),
    [
        (timedelta(0), "0s"),
        (timedelta(seconds=61), "61s"),
        (timedelta(seconds=60), "1m"),
        (timedelta(minutes=90), "90m"),
        (timedelta(hours=24), "1d"),
        (timedelta(days=14), "2w"),
    ],
)
def test_the_largest_unit_that_divides_it_is_written(duration: timedelta, written: str) -> None:
    assert durations.text(duration) == written
    assert DURATION.dump_python(duration, mode="json") == written


@given(st.integers(0, 999_999))
def test_what_is_written_reads_the_same(seconds: int) -> None:
    duration = timedelta(seconds=seconds)
    assert durations.parse(durations.text(duration)) == duration
