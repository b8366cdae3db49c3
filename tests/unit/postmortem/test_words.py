"""What people write: kept as text, bounded, and never overwritten unseen."""

from datetime import date

import pytest

from postmortem.domain.action_item import MOST_ITEMS, ActionItem, Promise, room_for_another
from postmortem.domain.words import (
    LONGEST_WORDS,
    OutdatedError,
    Words,
    known_section,
    tidy,
)
from tests.unit.postmortem.stories import ADA, BOB, INCIDENT, at
from tocsin.errors import InputError


def test_an_edit_is_the_next_version_by_somebody() -> None:
    first = Words("impact").edited("Checkout was slow.", 0, BOB, at(1))
    assert first == Words("impact", "Checkout was slow.", 1, BOB, at(1))
    assert first.edited("It was down.", 1, ADA, at(2)).version == 2


def test_an_edit_of_an_older_version_shows_what_stands() -> None:
    first = Words("impact").edited("mine", 0, BOB, at(1))
    with pytest.raises(OutdatedError) as refused:
        first.edited("yours", 0, ADA, at(2))
    assert refused.value.current == first


def test_the_same_text_sent_twice_changes_nothing() -> None:
    first = Words("impact").edited("mine", 0, BOB, at(1))
    assert first.edited("mine", 0, BOB, at(2)) is first
    assert first.edited("mine\n", 1, ADA, at(3)) is first


def test_line_ends_are_plain_and_the_edges_trimmed() -> None:
    assert tidy("\r\na\r\nb\rc\t\n") == "a\nb\nc"


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x85", "\ud800"])
def test_what_no_text_has_is_refused_by_its_place(character: str) -> None:
    with pytest.raises(InputError, match=f"character 3 is U\\+{ord(character):04X}"):
        tidy(f"ab{character}c")


def test_a_text_that_is_too_long_is_refused_with_the_limit() -> None:
    assert tidy("x" * LONGEST_WORDS)
    with pytest.raises(InputError, match=f"has {LONGEST_WORDS + 1} characters; at most"):
        tidy("x" * (LONGEST_WORDS + 1))


@pytest.mark.parametrize("key", ["timeline", "about", "", "Impact"])
def test_people_write_only_where_there_is_a_prompt(key: str) -> None:
    with pytest.raises(InputError, match="summary, impact"):
        known_section(key)
    assert known_section("impact") == "impact"


PROMISE = Promise("Alert on queue length", "ada", date(2026, 4, 1))
ITEM = ActionItem("act-1", "pm-1", INCIDENT, PROMISE, 1, BOB, at(0), BOB, at(0))
DONE = Promise("Alert on queue length", "ada", date(2026, 4, 1), "done")


def test_an_item_changes_by_version_too() -> None:
    done = ITEM.changed(DONE, 1, ADA, at(5))
    assert (done.version, done.item.state, done.changed_by, done.opened_by) == (2, "done", ADA, BOB)
    assert done.changed(DONE, 1, ADA, at(6)) is done
    with pytest.raises(OutdatedError) as refused:
        done.changed(PROMISE, 1, BOB, at(6))
    assert refused.value.current == done


def test_there_is_room_for_only_so_many_items() -> None:
    room_for_another(MOST_ITEMS - 1)
    with pytest.raises(InputError, match="at most 200"):
        room_for_another(MOST_ITEMS)
