"""Pages that reach nobody: who is paged instead, and that it comes to an end."""

from dataclasses import replace
from datetime import datetime

import pytest

from escalation.adapters.sql import _CLIMB, _read
from escalation.domain.escalation import Decision, Escalation
from tests.unit.escalation.examples import (
    NOW,
    catalog,
    level,
    minutes,
    paged,
    people,
    policy,
    started,
    two_levels,
)
from tocsin.catalog import Catalog
from tocsin.events import PageRequested

IN_FORCE = two_levels()


def after(climb: Escalation, at: datetime, in_force: Catalog = IN_FORCE) -> Decision:
    return climb.advance(at, in_force)


def lost(climb: Escalation, at: datetime = NOW, in_force: Catalog = IN_FORCE) -> Decision:
    """Return what follows when the latest page reaches nobody."""
    return climb.unreachable(climb.pages[-1].page_id, at, in_force)


def exhausted(in_force: Catalog) -> Escalation:
    climb = after(started(in_force), NOW + minutes(5), in_force).escalation
    return after(climb, NOW + minutes(15), in_force).escalation


def test_a_last_resort_that_cannot_be_reached_gives_way_to_the_installations() -> None:
    in_force = two_levels(last_resort={"user": "bob"})
    climb = exhausted(in_force)
    decision = lost(climb, NOW + minutes(16), in_force)
    (page,) = decision.facts
    assert isinstance(page, PageRequested)
    assert (page.responder, page.level, page.loop) == ("carol", 0, 1)
    assert page.reason[-1] == "not paged: last resort: bob could not be reached"
    assert decision.escalation.status == climb.status
    both = decision.escalation
    for one in both.pages[-2:]:  # Told twice, or of both: there is nobody else.
        told = both.unreachable(one.page_id, NOW + minutes(17), in_force)
        assert told.facts == ()
        both = told.escalation
    assert paged(after(both, NOW + minutes(20), in_force)) == [("bob", 0, 2)]


def test_of_a_last_resort_of_several_one_who_is_reached_is_enough() -> None:
    in_force = catalog(
        User=people("ada", "bob", "eve", "carol"),
        Team={"leads": {"members": ["bob", "eve"]}},
        Service={"checkout": {"escalation_policy": "payments"}},
        EscalationPolicy={"payments": policy(level("ada"), last_resort={"team": "leads"})},
        Settings={"installation": {"last_resort": {"user": "carol"}}},
    )
    climb = after(started(in_force), NOW + minutes(5), in_force).escalation
    bob, eve = climb.pages[-2:]
    first = climb.unreachable(bob.page_id, NOW + minutes(6), in_force)
    assert first.facts == ()
    second = first.escalation.unreachable(eve.page_id, NOW + minutes(6), in_force)
    assert paged(second) == [("carol", 0, 1)]


@pytest.mark.parametrize("has_policy", [True, False])
def test_help_that_comes_to_a_last_resort_nobody_can_reach_comes_to_an_end(
    has_policy: bool,
) -> None:
    in_force = (
        IN_FORCE
        if has_policy
        else catalog(
            User=people("carol"),
            Service={"checkout": {}},
            Settings={"installation": {"last_resort": {"user": "carol"}}},
        )
    )
    helped = started(in_force).halt("acknowledged").escalation.escalate_now(NOW, in_force)
    if has_policy:
        helped = lost(helped.escalation, NOW, in_force)
    assert paged(helped)[0][:2] == ("carol", 0)
    over = lost(helped.escalation, NOW, in_force)
    assert over.facts == ()
    assert lost(over.escalation, NOW, in_force) == Decision(over.escalation)


def test_help_falls_back_to_the_installations_last_resort_too() -> None:
    in_force = two_levels(last_resort={"user": "bob"})
    halted = exhausted(in_force).halt("acknowledged").escalation
    helped = halted.escalate_now(NOW + minutes(16), in_force)
    assert paged(helped) == [("bob", 0, 2)]
    decision = lost(helped.escalation, NOW + minutes(17), in_force)
    assert paged(decision) == [("carol", 0, 2)]
    assert decision.escalation.status == halted.status


def test_help_from_before_does_not_hold_up_a_level_that_reaches_nobody_now() -> None:
    halted = started(IN_FORCE).halt("acknowledged").escalation
    helped = halted.escalate_now(NOW + minutes(1), IN_FORCE).escalation
    resumed = replace(helped, version=3).resume(NOW + minutes(30), IN_FORCE).escalation
    again = after(resumed, NOW + minutes(35)).escalation
    seen = [(page.responder, page.level) for page in again.pages]
    assert seen == [("bob", 2), ("ada", 1), ("bob", 2)]
    assert paged(lost(again, NOW + minutes(36))) == [("carol", 0, 1)]


def test_a_climb_that_the_release_before_kept_goes_on_too() -> None:
    kept = _CLIMB.dump_python(started(IN_FORCE), mode="json", exclude_defaults=True)
    for page in kept["pages"]:
        del page["cycle"]
    assert paged(lost(_read(kept))) == [("bob", 2, 1)]
