"""What an override would change, before it is asked for: whose shifts, and nobody's twice."""

from datetime import UTC, datetime, timedelta

from postmortem.domain.outlook import Outlook, Shift
from postmortem.domain.proposal import Moved, Wish, moved

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def day(number: int) -> datetime:
    return MONDAY + number * DAY


def week(*people: tuple[str, ...]) -> Outlook:
    """Return an outlook in which each has a day; nobody: a gap."""
    shifts = tuple(Shift(day(at), day(at + 1), who) for at, who in enumerate(people))
    return Outlook("web", 1, MONDAY, day(len(people)), shifts, ())


def test_who_comes_and_who_goes_are_told_for_each_shift() -> None:
    outlook = week(("ada",), ("ada",), ("bob",), ())
    found = moved(outlook, Wish(day(0) + DAY / 2, day(4), cover=("eve",)))
    assert found == [
        Moved("eve", True, day(0) + DAY / 2, day(2), ("ada",)),
        Moved("ada", False, day(0) + DAY / 2, day(2), ("eve",)),
        Moved("eve", True, day(2), day(3), ("bob",)),
        Moved("bob", False, day(2), day(3), ("eve",)),
        Moved("eve", True, day(3), day(4), ()),
    ]


def test_whoever_has_it_already_does_not_come() -> None:
    assert moved(week(("ada",)), Wish(day(0), day(1), cover=("ada",))) == []
    assert moved(week(("ada", "bob")), Wish(day(0), day(1), add=("bob",))) == []
    found = moved(week(("ada", "bob")), Wish(day(0), day(1), cover=("bob",)))
    assert found == [Moved("ada", False, day(0), day(1), ())]


def test_a_replacement_counts_only_while_whom_it_replaces_is_on_call() -> None:
    wish = Wish(day(0), day(2), add=("eve",), remove=("ada",))
    assert moved(week(("bob",), ("ada", "bob")), wish) == [
        Moved("eve", True, day(1), day(2), ("ada",)),
        Moved("ada", False, day(1), day(2), ("eve",)),
    ]
    gone = Wish(day(0), day(1), remove=("ada",))
    assert moved(week(("ada",)), gone) == [Moved("ada", False, day(0), day(1), ())]


def test_nobody_is_a_change_too() -> None:
    found = moved(week(("ada",)), Wish(day(0), day(1), cover=()))
    assert found == [Moved("ada", False, day(0), day(1), ())]


def test_what_was_not_told_is_said_to_be_unknown() -> None:
    wish = Wish(day(0), day(2), cover=("eve",))
    known = moved(week(("eve",)), wish)
    assert known == [Moved("eve", True, day(1), day(2), (), is_known=False)]
    assert moved(None, wish) == [Moved("eve", True, day(0), day(2), (), is_known=False)]


def test_no_time_is_no_change() -> None:
    assert moved(None, Wish(day(1), day(1), cover=("eve",))) == []
