"""When somebody is to be told of a handoff: leads, shifts that move, quiet hours, clock changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from notifier.domain.leads import Look, look
from notifier.domain.outlook import Handoff, Outlook
from tests.unit.notifier.shifts import MONDAY, event, foreseen, hour, told_of
from tocsin.catalog import Catalog, User

MAIL = {"name": "mail", "channel": "email", "address": "eve@example.org"}


def catalog(**wishes: object) -> Catalog:
    """Return a catalog in which eve has asked for notices."""
    given = {"contact_methods": [MAIL], **wishes}
    return Catalog(1, {("User", "eve"): User.model_validate(given)})


ONE_HOUR = catalog(handoff_notices={"on_call": ["1h"], "off_call": ["1h"]})


def looked(outlook: Outlook, now: datetime, people: Catalog = ONE_HOUR) -> list[str]:
    return [told_of(one) for one in look(outlook, people, now).due]


def test_who_goes_on_call_and_who_goes_off_are_in_the_shifts() -> None:
    outlook = foreseen("web", (9, "adam"), (17, "adam", "eve"), (20, "eve"), (23,), (24,))
    assert list(outlook.handoffs()) == [
        Handoff("eve", "on_call", "web", hour(17), ("adam",), hour(23)),
        Handoff("adam", "off_call", "web", hour(20), ("eve",)),
        Handoff("eve", "off_call", "web", hour(23), ()),
    ]


def test_who_stays_on_call_is_handed_nothing_and_the_edges_are_no_handoffs() -> None:
    assert not list(foreseen("web", (9, "eve"), (12, "eve"), (17, "eve")).handoffs())


def test_a_notice_is_due_from_its_moment_on_and_not_before() -> None:
    outlook = foreseen("web", (0, "adam"), (9, "eve"), (17, "adam"), (24,), looked_at=hour(1))
    early = look(outlook, ONE_HOUR, hour(8) - timedelta(microseconds=1))
    assert early == Look((), 0, hour(8))
    due = look(outlook, ONE_HOUR, hour(8))
    assert [told_of(one) for one in due.due] == ["eve on_call web 09:00 by 1h"]
    assert due.look_at == hour(16)
    assert looked(outlook, hour(16)) == ["eve off_call web 17:00 by 1h"]


def test_one_whose_moment_passed_by_more_than_is_left_is_late_and_counted_once() -> None:
    outlook = foreseen("web", (0, "adam"), (9, "eve"), (24,), looked_at=hour(1))
    half = hour(8) + timedelta(minutes=30)
    assert looked(outlook, half) == ["eve on_call web 09:00 by 1h"]
    late = look(outlook, ONE_HOUR, half + timedelta(seconds=1))
    assert (late.due, late.late) == ((), 1)
    later = foreseen("web", (0, "adam"), (9, "eve"), (24,), looked_at=half + timedelta(seconds=1))
    assert look(later, ONE_HOUR, hour(10)).late == 0


def test_of_several_leads_that_are_due_the_shortest_stands_for_all() -> None:
    people = catalog(handoff_notices={"on_call": ["1d", "2h", "1h"]})
    outlook = foreseen("web", (0, "adam"), (9, "eve"), (24,), looked_at=MONDAY - timedelta(days=2))
    at = hour(9) - timedelta(days=1)
    assert looked(outlook, at, people) == ["eve on_call web 09:00 by 1d"]
    assert looked(outlook, hour(7), people) == ["eve on_call web 09:00 by 2h"]
    # Nobody looked for two hours: what is due by now is told once, and nothing is counted late.
    found = look(outlook, people, hour(8))
    assert [told_of(one) for one in found.due] == ["eve on_call web 09:00 by 1h"]
    assert found.late == 0


def test_a_shift_that_moves_takes_its_notice_with_it() -> None:
    before = foreseen("web", (0, "adam"), (9, "eve"), (24,), looked_at=hour(1))
    later = foreseen("web", (0, "adam"), (12, "eve"), (24,), looked_at=hour(1))
    assert look(before, ONE_HOUR, hour(7)).look_at == hour(8)
    assert look(later, ONE_HOUR, hour(8)) == Look((), 0, hour(11))
    # Brought forward to within the hour: told at once, since more is left than has passed.
    sooner = foreseen("web", (0, "adam"), (9, "eve"), (24,), looked_at=hour(8))
    assert looked(sooner, hour(8) + timedelta(minutes=20)) == ["eve on_call web 09:00 by 1h"]


def test_only_what_nobody_looked_at_in_time_is_counted_late() -> None:
    shifts = event("web", (0, "adam"), (9, "eve"), (24,))
    soon = hour(9) + timedelta(seconds=10)
    fresh = Outlook.of(shifts, hour(9), soon)
    looked_at = foreseen("web", (0, "adam"), (24,), looked_at=hour(1))
    # Eve was put on call from now on: there was no moment at which to tell her.
    assert look(fresh.following(replace(looked_at, look_at=None)), ONE_HOUR, soon).late == 0
    # A look was due at two, and nobody was there.
    assert look(fresh.following(replace(looked_at, look_at=hour(2))), ONE_HOUR, soon).late == 1


def test_a_shift_that_is_gone_has_no_notice() -> None:
    gone = foreseen("web", (0, "adam"), (9, "adam"), (24,), looked_at=hour(1))
    assert look(gone, ONE_HOUR, hour(8)) == Look((), 0, None)


def test_quiet_hours_hold_a_notice_back_until_they_end() -> None:
    people = catalog(
        handoff_notices={"on_call": ["3h", "1h"]},
        quiet_hours=[{"from": "22:00", "until": "08:30"}],
    )
    outlook = foreseen("web", (0, "adam"), (9, "eve"), (24,), looked_at=hour(1))
    assert look(outlook, people, hour(8)) == Look((), 0, hour(8) + timedelta(minutes=30))
    held = look(outlook, people, hour(8) + timedelta(minutes=30))
    assert [told_of(one) for one in held.due] == ["eve on_call web 09:00 by 1h"]
    assert held.look_at is None


def test_one_that_quiet_hours_hold_beyond_its_handoff_is_not_told() -> None:
    people = catalog(
        handoff_notices={"on_call": ["1h"]}, quiet_hours=[{"from": "22:00", "until": "09:30"}]
    )
    outlook = foreseen("web", (0, "adam"), (9, "eve"), (24,), looked_at=hour(1))
    assert look(outlook, people, hour(8)) == Look((), 0, None)
    assert look(outlook, people, hour(9)) == Look((), 1, None)


@pytest.mark.parametrize(
    "wishes",
    [
        {},
        {"handoff_notices": {"off_call": ["1h"]}},
        {"handoff_notices": {"on_call": ["1h"]}, "contact_methods": []},
    ],
    ids=["asks for none", "asks for others", "has no way"],
)
def test_who_does_not_ask_for_it_is_not_told(wishes: dict[str, object]) -> None:
    outlook = foreseen("web", (0, "adam"), (9, "eve"), (24,), looked_at=hour(1))
    assert looked(outlook, hour(8), catalog(**wishes)) == []


@pytest.mark.parametrize(
    ("handoff", "moment"),
    [
        # Paris: 09:00 on the day that has 23 hours, and on the one that has 25.
        (datetime(2026, 3, 29, 7, tzinfo=UTC), datetime(2026, 3, 28, 7, tzinfo=UTC)),
        (datetime(2026, 10, 25, 8, tzinfo=UTC), datetime(2026, 10, 24, 8, tzinfo=UTC)),
    ],
    ids=["clocks go forward", "clocks go back"],
)
def test_a_lead_is_time_that_passes_and_not_what_clocks_show(
    handoff: datetime, moment: datetime
) -> None:
    people = catalog(time_zone="Europe/Paris", handoff_notices={"on_call": ["1d"]})
    hours = (handoff - MONDAY) / timedelta(hours=1)
    began = hours - 72
    outlook = foreseen("web", (began, "adam"), (hours, "eve"), (hours + 9,), looked_at=hour(began))
    assert look(outlook, people, hour(began)).look_at == moment


def test_on_the_night_the_clocks_go_back_quiet_hours_end_when_their_hour_is_over() -> None:
    people = catalog(
        time_zone="Europe/Paris",
        handoff_notices={"on_call": ["5h"]},
        quiet_hours=[{"from": "22:00", "until": "02:30"}],
    )
    # 02:30 comes twice that night: an end takes the second, 01:30 UTC.
    handoff = datetime(2026, 10, 25, 5, tzinfo=UTC)
    hours = (handoff - MONDAY) / timedelta(hours=1)
    began = hours - 20
    outlook = foreseen("web", (began, "adam"), (hours, "eve"), (hours + 9,), looked_at=hour(began))
    held_until = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert look(outlook, people, handoff - timedelta(hours=5)).look_at == held_until
