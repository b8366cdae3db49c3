"""Overrides: who answers instead, beside, or no longer, and which of two wins."""

from typing import Any

import pytest

from escalation.domain.override import Override, applied
from tests.unit.escalation.test_wall_clock import utc

FROM, UNTIL = utc("2026-03-02T09:00"), utc("2026-03-02T17:00")


def override(**more: Any) -> Override:
    return Override("cover", FROM, UNTIL, **more)


def people(*overrides: Override, on_call: str = "ada", gone: str = "") -> str:
    found, _ = applied(overrides, tuple(on_call.split()), lambda who: who != gone)
    return " ".join(found)


def test_it_is_in_force_from_its_first_instant_and_not_at_its_last() -> None:
    assert not override().applies(utc("2026-03-02T08:59:59"))
    assert override().applies(FROM)
    assert override().applies(utc("2026-03-02T16:59:59"))
    assert not override().applies(UNTIL)


@pytest.mark.parametrize(
    ("more", "on_call", "after"),
    [
        ({"added": ("bob",)}, "ada", "ada bob"),
        ({"added": ("ada",)}, "ada", "ada"),
        ({"removed": ("ada",)}, "ada eve", "eve"),
        ({"removed": ("bob",)}, "ada", "ada"),
        ({"added": ("bob",), "removed": ("ada",)}, "ada eve", "eve bob"),
        ({"added": ("bob",), "removed": ("ada",)}, "eve", "eve"),  # ada is not on call.
        ({"added": ("bob",), "covers": True}, "ada eve", "bob"),
        ({"covers": True}, "ada eve", ""),
    ],
)
def test_what_each_does(more: dict[str, Any], on_call: str, after: str) -> None:
    assert people(override(**more), on_call=on_call) == after


def test_of_two_that_conflict_the_later_wins() -> None:
    add, remove = override(added=("bob",)), override(removed=("bob",))
    assert people(add, remove) == "ada"
    assert people(remove, add) == "ada bob"


def test_substitutes_may_be_substituted() -> None:
    first = override(added=("bob",), removed=("ada",))
    second = override(added=("eve",), removed=("bob",))
    assert people(first, second) == "eve"


def test_a_substitute_who_cannot_be_reached_costs_nobody_their_page() -> None:
    for more in ({"removed": ("ada",)}, {"covers": True}):
        swap = override(added=("bob",), **more)
        assert people(swap, gone="bob") == "ada"
        _, words = applied([swap], ("ada",), lambda who: who != "bob")
        assert words == ("override cover: bob cannot be reached",)


def test_each_says_what_it_did() -> None:
    swap = override(added=("bob",), removed=("ada",))
    assert applied([swap], ("ada",), lambda _: True)[1] == ("override cover: bob instead of ada",)
    assert applied([override(removed=("ada",))], ("ada",), lambda _: True)[1] == (
        "override cover: not ada",
    )
    assert applied([override(removed=("zoe",))], ("ada",), lambda _: True)[1] == ()
