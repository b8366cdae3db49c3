"""A duration that no calendar holds is a mistake where it is written, not where it is used."""

import pytest

from tests.unit.escalation.examples import NOW
from tocsin import durations


@pytest.mark.parametrize("text", ["500000w", "999999d"])
def test_a_duration_can_always_be_added_to_now(text: str) -> None:
    try:
        duration = durations.parse(text)
    except ValueError:
        return
    NOW.__add__(duration)
