"""Delays that grow to a ceiling."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.backoff import Backoff

ONE = timedelta(seconds=1)
BACKOFF = Backoff(first=ONE, ceiling=timedelta(seconds=60))


@pytest.mark.parametrize(
    ("attempt", "seconds"),
    [(1, 1), (2, 2), (3, 4), (4, 8), (6, 32), (7, 60), (8, 60), (1_000_000, 60)],
)
def test_the_delay_doubles_up_to_the_ceiling(attempt: int, seconds: float) -> None:
    assert BACKOFF.delay(attempt) == timedelta(seconds=seconds)


@pytest.mark.parametrize("attempt", [0, -1, -1_000])
def test_before_the_first_attempt_the_delay_is_the_first(attempt: int) -> None:
    assert BACKOFF.delay(attempt) == ONE


@pytest.mark.parametrize(("jitter", "seconds"), [(0.0, 4), (0.5, 6), (1.0, 8), (-3.0, 4), (7.0, 8)])
def test_jitter_takes_away_at_most_a_half(jitter: float, seconds: float) -> None:
    assert BACKOFF.delay(4, jitter) == timedelta(seconds=seconds)


def test_another_factor_grows_as_it_says() -> None:
    thrice = Backoff(first=ONE, ceiling=timedelta(hours=1), factor=3)
    assert [thrice.delay(attempt) for attempt in (1, 2, 3)] == [ONE, 3 * ONE, 9 * ONE]


@given(st.integers(), st.floats(allow_nan=False))
def test_the_delay_is_never_nothing_and_never_above_the_ceiling(
    attempt: int, jitter: float
) -> None:
    assert timedelta(seconds=0.5) <= BACKOFF.delay(attempt, jitter) <= timedelta(seconds=60)
