"""Where a restored service goes on, by what it told: nothing is lost, nothing is decided twice."""

from collections.abc import Sequence

import pytest

from tocsin.events import Actor, AddNote, Envelope
from tocsin.recalling import Asked, Told, resume
from tocsin.testing import START

ANY = AddNote(incident_id="inc_1", by=Actor(kind="user", name="ada"), text="any")


def asked(offset: int, key: str = "k") -> Asked:
    return Asked(offset, key.encode(), Envelope(ANY, START, "tests", f"e{offset}"))


def offsets(found: Sequence[Asked]) -> list[int]:
    return [one.offset for one in found]


@pytest.mark.parametrize(
    ("handled", "place"),
    [
        (set(), 10),  # It told nothing since: whatever it handled, it handles alike again.
        ({"e11"}, 12),
        ({"e10", "e13"}, 14),  # What it passed over without a word lies before.
        ({"elsewhere"}, 10),
    ],
)
def test_it_goes_on_after_the_last_cause_of_a_fact(handled: set[str], place: int) -> None:
    records = [asked(offset) for offset in range(10, 15)]
    assert resume(10, records, Told(handled=handled)) == (place, [])


def test_what_was_held_back_is_handled_again_and_nothing_else() -> None:
    records = [asked(10, "a"), asked(11, "b"), asked(12, "c"), asked(13, "a"), asked(14, "c")]
    place, seen = resume(10, records, Told(handled={"e14"}, held={"e11"}))
    assert place == 11
    assert offsets(seen) == [12, 13, 14]


def test_what_followed_on_something_held_back_is_heard_again_unless_a_fact_tells_of_it() -> None:
    records = [asked(10, "b"), asked(11, "b"), asked(12, "b"), asked(13, "a")]
    place, seen = resume(10, records, Told(handled={"e12", "e13"}, held={"e10"}))
    assert place == 10
    assert offsets(seen) == [12, 13]


def test_it_never_goes_back_before_the_time_that_was_asked_for() -> None:
    assert resume(10, [], Told(handled={"e3"})) == (10, [])
