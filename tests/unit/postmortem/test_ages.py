"""How long ago, as the console says it."""

import pytest

from postmortem.entrypoints.console.rendering import age
from tests.unit.postmortem.stories import START, at


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "just now"),
        (59, "just now"),
        (60, "1 min ago"),
        (7200, "2 h ago"),
        (200_000, "2 d ago"),
        (-90, "in 1 min"),
    ],
)
def test_ages_are_said_in_one_unit(seconds: int, said: str) -> None:
    assert age(at(-seconds), START) == said
