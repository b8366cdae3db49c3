"""Whose shifts move in the weeks after a change of the catalog, and what has to be worked out."""

from datetime import timedelta
from typing import Any

import pytest

from escalation.domain.affected import affected
from escalation.domain.outlook import Move, Outlook, moves, shift_differences
from escalation.domain.schedule import Schedule
from tests.unit.escalation.examples import NOW, catalog, level, people, policy
from tests.unit.escalation.test_effects import schedule
from tocsin.catalog import Catalog

WEEK = timedelta(weeks=1)
WITHIN = (NOW, NOW + 4 * WEEK)
HOURS = {"from": "09:00", "until": "18:00"}


def house(*turns: str, **more: Any) -> Catalog:
    """Two services: `shop` pages the schedule `web`, `mail` pages eve; the last resort is zoe."""
    return catalog(
        User=more.pop("User", people("ada", "bob", "eve", "zoe")),
        **{
            "Schedule": {"web": schedule(*turns)},
            "Service": {"shop": {"escalation_policy": "p"}, "mail": {"escalation_policy": "q"}},
            "EscalationPolicy": {
                "p": policy(level("schedule:web"), level("eve")),
                "q": policy(level("eve")),
            },
            "Settings": {"installation": {"last_resort": {"user": "zoe"}}},
            **more,
        },
    )


def outlooks(before: Catalog, after: Catalog) -> tuple[Outlook, Outlook]:
    return Outlook(before, WITHIN), Outlook(after, WITHIN)


def test_nothing_is_affected_where_nothing_differs() -> None:
    assert affected(house("ada", "bob"), house("ada", "bob")).all == []


def test_only_what_depends_on_what_differs_is_worked_out() -> None:
    found = affected(house("ada", "bob"), house("bob", "ada"))
    assert (found.schedules, found.policies, found.services) == (("web",), ("p",), ("shop",))


@pytest.mark.parametrize(
    ("more", "kinds"),
    [
        ({"Team": {"t": {"members": ["ada"]}}}, ((), (), ())),
        ({"User": {**people("ada", "bob", "eve"), "zoe": {}}}, ((), ("p", "q"), ("mail", "shop"))),
        ({"User": {**people("ada", "bob", "zoe"), "eve": {}}}, ((), ("p", "q"), ("mail", "shop"))),
        ({"User": {**people("eve", "bob", "zoe"), "ada": {}}}, (("web",), ("p",), ("shop",))),
        ({"Settings": {}}, ((), ("p", "q"), ("mail", "shop"))),
        (
            {"Service": {"shop": {"escalation_policy": "q"}, "mail": {"escalation_policy": "q"}}},
            ((), (), ("shop",)),
        ),
        (
            {
                "Override": {
                    "o": {
                        "schedule": "web",
                        "from": "2026-03-04T14:00",
                        "until": "2026-03-04T18:00",
                        "add": "eve",
                    }
                }
            },
            (("web",), ("p",), ("shop",)),
        ),
        (
            {
                "User": {
                    **people("bob", "eve", "zoe"),
                    "ada": {**people("ada")["ada"], "email": "a@b"},
                }
            },
            ((), (), ()),
        ),
    ],
)
def test_what_a_change_may_matter_for(more: dict[str, Any], kinds: Any) -> None:
    found = affected(house("ada", "bob"), house("ada", "bob", **more))
    assert (found.schedules, found.policies, found.services) == kinds


def test_a_team_on_a_level_matters_with_its_members() -> None:
    levels = {"EscalationPolicy": {"p": policy(level("team:t")), "q": policy(level("eve"))}}
    then = house("ada", **levels, Team={"t": {"members": ["ada"]}})
    soon = house("ada", **levels, Team={"t": {"members": ["ada", "bob"]}})
    assert affected(then, soon).services == ("shop",)
    mute = {"User": {**people("ada", "eve", "zoe"), "bob": {}}}
    gone = house("ada", **levels, **mute, Team={"t": {"members": ["ada", "bob"]}})
    assert affected(soon, gone).policies == ("p",)


def moved(before: Catalog, after: Catalog) -> list[Move]:
    return moves("web", shift_differences("web", *outlooks(before, after)))


def test_each_person_is_told_what_they_get_and_what_they_give_up() -> None:
    begins = NOW + WEEK
    assert moved(house("ada", "bob"), house("ada", "eve"))[:2] == [
        Move("bob", "web", False, begins, begins + WEEK, ("eve",)),
        Move("eve", "web", True, begins, begins + WEEK, ("bob",)),
    ]


def test_neighbouring_spans_of_one_person_are_one() -> None:
    # Bob and eve take turns; ada has it all instead.
    found = moved(house("bob", "eve"), house("ada"))
    assert [(one.begins, one.until, one.others) for one in found if one.person == "ada"] == [
        (*WITHIN, ("bob", "eve"))
    ]
    assert [one.begins for one in found if one.person == "eve"] == [NOW + WEEK, NOW + 3 * WEEK]


def test_an_outlook_agrees_with_the_schedule_at_every_hour() -> None:
    held = house("ada", Schedule={"web": schedule("ada", "bob", restrictions=[HOURS])})
    found = Schedule.in_catalog(held, "web")
    assert found is not None
    outlook = Outlook(held, WITHIN)
    for number in range(4 * 7 * 24):
        at = NOW + timedelta(hours=number)
        assert outlook.on_call("web", at) == found.on_call(at).responders
