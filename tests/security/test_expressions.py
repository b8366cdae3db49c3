"""Expressions of strangers: refused or matched in linear time, by a bounded amount of memory."""

import asyncio

import pytest

from tests.security.house import INTEGRATION_KEY, House, bearer
from tocsin import matching

DEADLINE = 10.0  # Each of these took minutes, or would fill the memory, where nothing bounds them.
LONGEST = matching.MAX_LENGTH
SPACES = "a=" + " " * (LONGEST - 3) + '"'
NO_MATCHERS = [
    SPACES,
    SPACES.replace(" ", "\t"),
    'a="' + "\\" * (LONGEST - 4),
    'a="' + '\\"' * 500,
    " " * (LONGEST - 1) + "=",
    "a" * (LONGEST - 1) + " ",
    "=" * LONGEST,
]
HUNGRY = ['a=~"((\\\\pL{30}){30})"', 'a=~"(\\\\pL|x){900}"', 'a=~"((a{100}){100}){100}"']


@pytest.mark.parametrize("text", NO_MATCHERS)
async def test_redos_in_the_syntax_of_matchers(at_home: House, text: str) -> None:
    """It is read by an expression of our own, which has to be linear as well."""
    body = {"matchers": [text] * 50, "duration": "1h"}
    async with asyncio.timeout(DEADLINE):
        answer = await at_home.ask(
            "incident-intake", "POST", "/v1/silences", bearer("writer"), body
        )
    assert answer.status == 422
    assert answer.seconds < DEADLINE


async def test_an_expression_that_needs_much_memory_is_refused(at_home: House) -> None:
    for text in HUNGRY:
        body = {"matchers": [text] * 50, "duration": "1h"}
        answer = await at_home.ask(
            "incident-intake", "POST", "/v1/silences", bearer("writer"), body
        )
        assert (answer.status, answer.seconds < DEADLINE) == (422, True)
    pods = "|".join(f"pod-{number}-[a-z0-9]+" for number in range(50))
    assert matching.parse(f'a=~"{pods}"').matches({"a": "pod-7-x"}), "what people write is taken"


async def test_many_filters_in_one_request_are_refused(at_home: House) -> None:
    key = {"x-tocsin-key": INTEGRATION_KEY}
    for count, status in ((50, 200), (51, 400), (5_000, 400)):
        query = "&".join(f"filter=a{number}%3D~%22(a%2B)%2B%22" for number in range(count))
        answer = await at_home.ask("incident-intake", "GET", f"/api/v2/alerts?{query}", key)
        assert (answer.status, answer.seconds < DEADLINE) == (status, True)
