"""One incident's climb, step by step."""

from dataclasses import replace
from datetime import datetime

import pytest

from escalation.domain.escalation import Decision, Escalation
from escalation.domain.open_pages import MOST_OPEN
from escalation.domain.status import Exhausted, Halted, Waiting
from tests.unit.escalation.examples import (
    NOW,
    catalog,
    level,
    minutes,
    paged,
    people,
    policy,
    seconds,
    started,
    two_levels,
)
from tocsin.catalog import Catalog
from tocsin.events import EscalationExhausted, LevelSkipped, PageRequested, PageWithdrawn

IN_FORCE = two_levels()


def told(decision: Decision) -> list[str]:
    return [type(fact).__name__ for fact in decision.facts]


def after(climb: Escalation, at: datetime, in_force: Catalog = IN_FORCE) -> Decision:
    return climb.advance(at, in_force)


def deadline(climb: Escalation) -> datetime:
    assert climb.deadline is not None
    return climb.deadline


def test_the_first_level_is_paged_at_once() -> None:
    climb = started(IN_FORCE)
    assert climb.status == Waiting(level=1, loop=1, until=NOW + minutes(5))
    assert [page.responder for page in climb.pages] == ["ada"]


def test_a_page_tells_what_where_why_and_by_when() -> None:
    decision = replace(started(IN_FORCE), pages=()).start(NOW, IN_FORCE)
    start, page = decision.facts
    assert start.policy == "payments"  # type: ignore[attr-defined]
    assert isinstance(page, PageRequested)
    assert (page.title, page.number, page.service) == ("Checkout is down", 42, "checkout")
    assert page.must_page_by == NOW + seconds(60)
    assert page.reason == ("level 1 of policy payments, loop 1", "user ada")
    assert (page.catalog_version, page.incident_version) == (7, 1)
    assert [alert.alert_id for alert in page.alerts] == ["alert-1"]


def test_nothing_happens_before_the_deadline() -> None:
    climb = started(IN_FORCE)
    assert after(climb, NOW + minutes(5) - seconds(0.001)) == Decision(climb)


def test_at_the_deadline_the_next_level_is_paged() -> None:
    decision = after(started(IN_FORCE), NOW + minutes(5))
    assert paged(decision) == [("bob", 2, 1)]
    assert decision.escalation.status == Waiting(2, 1, NOW + minutes(15))


def test_after_the_last_level_the_last_resort_every_five_minutes() -> None:
    climb = after(started(IN_FORCE), NOW + minutes(5)).escalation
    decision = after(climb, NOW + minutes(15))
    assert told(decision) == ["EscalationExhausted", "PageRequested"]
    assert paged(decision) == [("carol", 0, 1)]
    for again in (2, 3, 4):
        decision = after(decision.escalation, deadline(decision.escalation))
        assert paged(decision) == [("carol", 0, again)]
        assert told(decision) == ["PageRequested"]
    assert decision.escalation.status == Exhausted(NOW + minutes(15 + 4 * 5))


def test_all_levels_are_gone_through_once_more_for_each_repeat() -> None:
    in_force = two_levels(repeat=1)
    climb = started(in_force)
    seen = [("ada", 1, 1)]
    while not isinstance(climb.status, Exhausted):
        decision = climb.advance(deadline(climb), in_force)
        seen += paged(decision)
        climb = decision.escalation
    assert seen == [("ada", 1, 1), ("bob", 2, 1), ("ada", 1, 2), ("bob", 2, 2), ("carol", 0, 1)]


def test_the_policys_own_last_resort_comes_before_the_installations() -> None:
    in_force = two_levels(last_resort={"user": "bob"})
    climb = after(started(in_force), NOW + minutes(5), in_force).escalation
    assert paged(after(climb, NOW + minutes(15), in_force)) == [("bob", 0, 1)]


def test_a_last_resort_that_cannot_be_paged_gives_way_to_the_installations() -> None:
    in_force = two_levels(last_resort={"user": "gone"})
    climb = after(started(in_force), NOW + minutes(5), in_force).escalation
    decision = after(climb, NOW + minutes(15), in_force)
    assert paged(decision) == [("carol", 0, 1)]
    page = decision.facts[-1]
    assert isinstance(page, PageRequested)
    assert "not paged: last resort: user gone is not in the catalog" in page.reason


def without_last_resort() -> Catalog:
    return catalog(
        User=people("ada"),
        Service={"checkout": {"escalation_policy": "payments"}},
        EscalationPolicy={"payments": policy(level("ada"))},
    )


def test_without_a_last_resort_it_is_said_and_looked_for_again() -> None:
    in_force = without_last_resort()
    decision = after(started(in_force), NOW + minutes(5), in_force)
    (fact,) = decision.facts
    assert isinstance(fact, EscalationExhausted)
    assert fact.last_resort == ()
    assert fact.reason == "nobody answered; no last resort is configured"
    later = after(decision.escalation, NOW + minutes(10), two_levels())
    assert paged(later) == [("carol", 0, 2)]


def test_an_empty_level_is_skipped_at_once_and_says_why() -> None:
    in_force = catalog(
        User={**people("bob"), "mute": {}},
        Service={"checkout": {"escalation_policy": "payments"}},
        EscalationPolicy={"payments": policy(level("mute"), level(), level("bob"))},
    )
    decision = started(in_force).start(NOW, in_force)
    skipped = [fact for fact in decision.facts if isinstance(fact, LevelSkipped)]
    assert [(fact.level, fact.reason) for fact in skipped] == [
        (1, "user mute has no contact method"),
        (2, "the level has no targets"),
    ]
    assert paged(decision) == [("bob", 3, 1)]
    assert told(decision)[0] == "EscalationStarted"


def test_a_policy_with_nobody_goes_straight_to_the_last_resort() -> None:
    in_force = catalog(
        User=people("carol"),
        Service={"checkout": {"escalation_policy": "payments"}},
        EscalationPolicy={"payments": policy(level("gone"), level(), repeat=50)},
        Settings={"installation": {"last_resort": {"user": "carol"}}},
    )
    decision = started(in_force).start(NOW, in_force)
    assert told(decision) == [
        "EscalationStarted",
        "LevelSkipped",
        "LevelSkipped",
        "EscalationExhausted",
        "PageRequested",
    ]
    exhausted = decision.facts[3]
    assert isinstance(exhausted, EscalationExhausted)
    assert exhausted.reason == "no level has anybody to page"
    assert exhausted.last_resort == ("carol",)


@pytest.mark.parametrize(
    ("service", "reason"),
    [
        ({}, "service checkout has no escalation policy"),
        ({"escalation_policy": "gone"}, "escalation policy gone is not in the catalog"),
    ],
)
def test_a_service_without_a_policy_goes_straight_to_the_last_resort(
    service: dict[str, str], reason: str
) -> None:
    in_force = catalog(
        User=people("carol"),
        Service={"checkout": service},
        Settings={"installation": {"last_resort": {"user": "carol"}}},
    )
    decision = started(in_force).start(NOW, in_force)
    exhausted = decision.facts[1]
    assert isinstance(exhausted, EscalationExhausted)
    assert exhausted.reason == reason
    assert paged(decision) == [("carol", 0, 1)]


@pytest.mark.parametrize("lacks", ["Service", "EscalationPolicy"])
def test_a_policy_that_comes_late_is_climbed_from_the_next_round_on(lacks: str) -> None:
    specs = {key: one for key, one in IN_FORCE.specs.items() if key[0] != lacks}
    climb = started(Catalog(6, specs))
    assert isinstance(climb.status, Exhausted)
    decision = after(climb, NOW + minutes(5))
    assert (told(decision), paged(decision)) == (["PageRequested"], [("ada", 1, 1)])
    assert decision.escalation.status == Waiting(1, 1, NOW + minutes(10))
    climb = decision.escalation
    seen = [page.page_id for page in climb.pages]
    for at, who in ((10, ("bob", 2, 1)), (20, ("carol", 0, 2)), (25, ("carol", 0, 3))):
        decision = after(climb, NOW + minutes(at))
        assert paged(decision) == [who]
        climb = decision.escalation
        seen.append(climb.pages[-1].page_id)
    assert len(set(seen)) == len(seen) == 5


def test_editing_the_catalog_never_disturbs_a_climb_but_people_are_found_when_paged() -> None:
    climb = started(IN_FORCE)
    edited = catalog(
        8,
        User=people("ada", "carol"),  # bob is gone
        Service={"checkout": {"escalation_policy": "payments"}},
        EscalationPolicy={"payments": policy(level("ada", after="1h"))},
        Settings={"installation": {"last_resort": {"user": "carol"}}},
    )
    decision = after(climb, NOW + minutes(5), edited)
    assert told(decision) == ["LevelSkipped", "EscalationExhausted", "PageRequested"]
    skipped = decision.facts[0]
    assert isinstance(skipped, LevelSkipped)
    assert (skipped.level, skipped.reason) == (2, "user bob is not in the catalog")
    assert decision.escalation.policy.catalog_version == 7


def test_an_answer_halts_and_withdraws_every_open_page() -> None:
    climb = after(started(IN_FORCE), NOW + minutes(5)).escalation
    decision = climb.halt("acknowledged")
    assert decision.escalation.status == Halted("acknowledged", level=2, loop=1)
    assert decision.escalation.deadline is None
    withdrawn = [fact for fact in decision.facts if isinstance(fact, PageWithdrawn)]
    assert [(fact.responder, fact.reason) for fact in withdrawn] == [
        ("ada", "acknowledged"),
        ("bob", "acknowledged"),
    ]
    assert decision.escalation.halt("resolved").facts == ()


def test_a_late_timer_of_a_halted_climb_does_nothing() -> None:
    halted = started(IN_FORCE).halt("acknowledged").escalation
    assert after(halted, NOW + minutes(5)) == Decision(halted)


def test_an_answer_that_did_not_hold_starts_again_at_level_one_with_new_pages() -> None:
    first = started(IN_FORCE)
    halted = after(first, NOW + minutes(5)).escalation.halt("acknowledged").escalation
    later = NOW + minutes(60)
    decision = replace(halted, version=3).resume(later, IN_FORCE)
    assert paged(decision) == [("ada", 1, 1)]
    assert decision.escalation.status == Waiting(1, 1, later + minutes(5))
    assert decision.escalation.pages[0].page_id != first.pages[0].page_id


def test_the_same_place_of_a_climb_always_has_the_same_page() -> None:
    assert started(IN_FORCE).pages == started(IN_FORCE, NOW + minutes(1)).pages


def test_to_escalate_pages_the_next_level_now() -> None:
    at = NOW + minutes(1)
    decision = started(IN_FORCE).escalate_now(at, IN_FORCE)
    assert paged(decision) == [("bob", 2, 1)]
    assert decision.escalation.status == Waiting(2, 1, at + minutes(10))


def test_to_escalate_what_somebody_has_calls_for_help_and_stays_theirs() -> None:
    halted = started(IN_FORCE).halt("acknowledged").escalation
    decision = halted.escalate_now(NOW + minutes(1), IN_FORCE)
    assert paged(decision) == [("bob", 2, 1)]
    assert decision.escalation.status == Halted("acknowledged", level=2, loop=1)
    again = decision.escalation.escalate_now(NOW + minutes(2), IN_FORCE)
    assert paged(again) == [("carol", 0, 1)]
    once_more = again.escalation.escalate_now(NOW + minutes(3), IN_FORCE)
    assert paged(once_more) == [("carol", 0, 2)]
    assert [page.responder for page in once_more.escalation.pages] == ["bob", "carol", "carol"]


def test_help_that_cannot_be_reached_is_called_from_the_next_level() -> None:
    halted = started(IN_FORCE).halt("acknowledged").escalation
    asked = halted.escalate_now(NOW + minutes(1), IN_FORCE).escalation
    decision = asked.unreachable(asked.pages[0].page_id, NOW + minutes(2), IN_FORCE)
    assert paged(decision) == [("carol", 0, 1)]
    assert isinstance(decision.escalation.status, Halted)


def test_to_escalate_what_is_over_does_nothing() -> None:
    over = started(IN_FORCE).halt("resolved").escalation
    assert over.escalate_now(NOW + minutes(1), IN_FORCE) == Decision(over)


def test_to_escalate_past_the_last_level_pages_the_last_resort_again() -> None:
    climb = after(started(IN_FORCE), NOW + minutes(5)).escalation
    climb = climb.escalate_now(NOW + minutes(6), IN_FORCE).escalation
    assert paged(climb.escalate_now(NOW + minutes(7), IN_FORCE)) == [("carol", 0, 2)]


def both_at_once() -> Catalog:
    return catalog(
        User=people("ada", "bob", "eve"),
        Service={"checkout": {"escalation_policy": "payments"}},
        EscalationPolicy={"payments": policy(level("ada", "bob"), level("eve"))},
    )


def test_a_level_goes_on_once_none_of_its_pages_can_reach_anybody() -> None:
    in_force = both_at_once()
    climb = started(in_force)
    ada, bob = climb.pages
    first = climb.unreachable(ada.page_id, NOW + seconds(5), in_force)
    assert first.facts == ()
    second = first.escalation.unreachable(bob.page_id, NOW + seconds(6), in_force)
    assert paged(second) == [("eve", 2, 1)]
    assert second.escalation.status == Waiting(2, 1, NOW + seconds(6) + minutes(5))


def test_a_page_of_a_level_left_behind_changes_nothing() -> None:
    climb = after(started(IN_FORCE), NOW + minutes(5)).escalation
    decision = climb.unreachable(climb.pages[0].page_id, NOW + minutes(6), IN_FORCE)
    assert decision.facts == ()
    assert decision.escalation.status == climb.status


def test_a_page_that_is_not_open_changes_nothing() -> None:
    climb = started(IN_FORCE)
    assert climb.unreachable("no such page", NOW, IN_FORCE) == Decision(climb)


def test_an_unreachable_last_resort_is_paged_again_at_its_time() -> None:
    climb = after(started(IN_FORCE), NOW + minutes(5)).escalation
    climb = after(climb, NOW + minutes(15)).escalation
    decision = climb.unreachable(climb.pages[-1].page_id, NOW + minutes(16), IN_FORCE)
    assert decision.facts == ()
    assert decision.escalation.status == climb.status


def test_after_an_outage_one_step_at_a_time() -> None:
    in_force = catalog(
        User=people("ada", "bob", "eve"),
        Service={"checkout": {"escalation_policy": "payments"}},
        EscalationPolicy={
            "payments": policy(level("ada", after="1s"), level("bob", after="1s"), level("eve"))
        },
    )
    back = NOW + minutes(60)
    decision = after(started(in_force), back, in_force)
    assert paged(decision) == [("bob", 2, 1)]
    assert decision.escalation.deadline == back + seconds(30)
    on_time = after(decision.escalation, back + seconds(30), in_force)
    assert on_time.escalation.deadline == back + seconds(30) + minutes(5)


def test_days_without_an_answer_do_not_grow_without_end() -> None:
    climb = after(started(IN_FORCE), NOW + minutes(5)).escalation
    withdrawn = 0
    for _ in range(MOST_OPEN + 10):
        decision = after(climb, deadline(climb))
        withdrawn += told(decision).count("PageWithdrawn")
        climb = decision.escalation
    assert len(climb.pages) == MOST_OPEN
    assert withdrawn == 12  # ada's, bob's, and the oldest ten of carol's.
