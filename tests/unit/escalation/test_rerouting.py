"""Whom an incident to come pages first, before and after a change of the catalog, and when."""

from datetime import timedelta
from typing import Any

import pytest

from escalation.domain.outlook import Difference
from escalation.domain.rerouting import Incidents, Paged, Person, Rerouted, rerouted
from escalation.entrypoints.outcome import services
from escalation.handlers.planning import Outcome
from tests.unit.escalation.examples import NOW, level, people, policy
from tests.unit.escalation.test_effects import schedule
from tests.unit.escalation.test_outlook import HOURS, WEEK, WITHIN, house, outlooks
from tocsin.catalog import Catalog

NIGHT = {"time_zone": "Europe/Paris", "windows": [{"from": "22:00", "until": "07:00"}]}
HOUR = timedelta(hours=1)


def all_of(*names: str) -> Paged:
    return Paged((tuple(map(Person, names)),)) if names else Paged()


def one_of(*names: str) -> Paged:
    return Paged(tuple((Person(name),) for name in names))


def levels(*of: dict[str, Any], **more: Any) -> Catalog:
    """Policy p of the service `shop` has these levels."""
    policies = {"p": policy(*of), "q": policy(level("eve"))}
    return house("ada", "bob", EscalationPolicy=policies, **more)


def elsewhere(before: Catalog, after: Catalog, service: str = "shop") -> list[Rerouted]:
    return rerouted(service, *outlooks(before, after))


def texts(before: Catalog, after: Catalog) -> list[str]:
    outcome = Outcome(after, (), {"shop": elsewhere(before, after)})
    return [span["text"] for one in services(outcome) for span in one["spans"]]


def always(before: Paged, after: Paged, of: Incidents = Incidents()) -> list[Rerouted]:  # noqa: B008
    return [Rerouted(of, Difference(*WITHIN, before, after))]


def test_a_service_pages_the_next_level_first_where_the_first_has_nobody() -> None:
    nights = house("ada", Schedule={"web": schedule("ada", restrictions=[HOURS])})
    found = [one.spans for one in elsewhere(house("ada"), nights)]
    # HOURS are of Paris: from 09:00 until 18:00 there.
    evening = NOW + 9 * HOUR
    assert found[0] == Difference(evening, evening + 15 * HOUR, all_of("ada"), all_of("eve"))
    assert {one.after for one in found} == {all_of("eve")}
    assert len(found) == 28
    assert elsewhere(house("ada"), nights, "mail") == []


def test_with_no_level_that_has_anybody_the_last_resort_is_first() -> None:
    mute = {**people("eve", "bob", "zoe"), "ada": {}}
    before = levels(level("schedule:web"), Schedule={"web": schedule("ada")})
    after = levels(level("schedule:web"), Schedule={"web": schedule("ada")}, User=mute)
    assert elsewhere(before, after) == always(all_of("ada"), all_of("zoe"))


def test_a_service_that_is_new_or_gone_paged_nobody_or_will() -> None:
    without = house("ada", Service={"mail": {"escalation_policy": "q"}})
    assert elsewhere(without, house("ada")) == always(Paged(), all_of("ada"))
    assert elsewhere(house("ada"), without) == always(all_of("ada"), Paged())


def test_where_levels_look_at_the_urgency_each_is_compared() -> None:
    low = {**level("bob"), "when": {"urgency": "low"}}
    assert elsewhere(levels(level("ada")), levels(low, level("ada"))) == always(
        all_of("ada"), all_of("bob"), Incidents(urgencies=("low",))
    )
    (text,) = texts(levels(level("ada")), levels(low, level("ada")))
    assert text.endswith(", for low urgency: pages bob first, instead of ada")


def test_where_levels_look_at_the_severity_each_is_compared_and_told_together() -> None:
    bad = {**level("bob"), "when": {"severity": ["critical", "error"]}}
    worst = {**level("eve"), "when": {"severity": ["critical"], "urgency": "high"}}
    (text,) = texts(levels(level("ada")), levels(bad, level("ada")))
    assert text.endswith(", for severity critical or error: pages bob first, instead of ada")
    found = texts(levels(bad, level("ada")), levels(worst, level("ada")))
    assert [text.partition(", for ")[2] for text in found] == [
        "high urgency and severity critical: pages eve first, instead of bob",
        "high urgency and severity error: pages ada first, instead of bob",
        "low urgency and severity critical or error: pages ada first, instead of bob",
    ]


def test_hours_of_a_level_begin_and_end() -> None:
    night = {**level("bob"), "when": {"hours": NIGHT}}
    found = [one.spans for one in elsewhere(levels(level("ada")), levels(night, level("ada")))]
    # 22:00 in Paris is 21:00 UTC; NOW is 08:00 UTC.
    assert found[0] == Difference(NOW + 13 * HOUR, NOW + 22 * HOUR, all_of("ada"), all_of("bob"))
    # The clocks go forward in the night of the last of them but one.
    assert {one.until - one.begins for one in found} == {9 * HOUR, 8 * HOUR}
    assert len(found) == 28


def test_labels_of_the_service_decide() -> None:
    first = {**level("bob"), "when": {"labels": ['tier="1"']}}

    def labelled(tier: str) -> Catalog:
        service = {"escalation_policy": "p", "labels": {"tier": tier}}
        return levels(first, level("ada"), Service={"shop": service})

    assert elsewhere(labelled("2"), labelled("1")) == always(all_of("ada"), all_of("bob"))


def test_taking_turns_is_another_answer_than_together_and_told_as_such() -> None:
    together = levels(level("ada", "bob"))
    turns = levels({**level("ada", "bob"), "round_robin": True})
    assert elsewhere(together, turns) == always(all_of("ada", "bob"), one_of("ada", "bob"))
    (text,) = texts(together, turns)
    assert text.endswith(": pages ada or bob (in turn) first, instead of ada, bob")
    outcome = Outcome(turns, (), {"shop": elsewhere(together, turns)})
    (span,) = next(services(outcome))["spans"]
    assert (span["before"], span["after"]) == (["ada", "bob"], ["ada", "bob"])
    assert (span["before_turns"], span["after_turns"]) == ([], [["ada"], ["bob"]])


def test_of_those_who_take_turns_only_who_can_be_paged() -> None:
    turns = {**level("ada", "bob"), "round_robin": True}
    mute = {**people("ada", "eve", "zoe"), "bob": {}}
    # One alone takes every turn.
    assert elsewhere(levels(turns), levels(turns, User=mute)) == always(
        one_of("ada", "bob"), all_of("ada")
    )


def test_whoever_is_next_on_call_is_paged_too() -> None:
    next_too = {**level(), "targets": [{"schedule": "web", "with_next": True}]}
    before, after = levels(level("schedule:web")), levels(next_too)
    found = [one.spans for one in elsewhere(before, after)]
    assert {one.after for one in found} == {all_of("ada", "bob")}
    # The clocks go forward in the fourth week: it ends an hour early.
    assert [one.before.names for one in found] == [("ada",), ("bob",)] * 2 + [("ada",)]
    assert found[0].until == NOW + WEEK


def test_whoever_is_next_comes_into_sight_a_month_before() -> None:
    begins = NOW + timedelta(days=40)
    rotations = schedule("ada")
    rotations["layers"][0]["changes"] = [{"from": begins.isoformat(), "participants": ["bob"]}]
    next_too = {**level(), "targets": [{"schedule": "web", "with_next": True}]}
    changing = levels(next_too, Schedule={"web": rotations})
    (found,) = elsewhere(levels(level("ada")), changing)
    seen = begins - timedelta(days=32)
    assert found.spans == Difference(seen, WITHIN[1], all_of("ada"), all_of("ada", "bob"))


def test_a_shadow_is_paged_beside_and_told_as_one() -> None:
    learning = schedule("ada")
    learning["layers"].append({**schedule("eve")["layers"][0], "name": "learns", "shadow": True})
    alone = levels(level("schedule:web"), Schedule={"web": schedule("ada")})
    beside = levels(level("schedule:web"), Schedule={"web": learning})
    (found,) = elsewhere(alone, beside)
    assert found.spans.after == Paged(((Person("ada"), Person("eve", is_shadow=True)),))
    (text,) = texts(alone, beside)
    assert text.endswith(": pages ada, eve (shadow) first, instead of ada")


@pytest.mark.parametrize("service", ["shop", "mail"])
def test_nothing_is_told_where_nothing_differs(service: str) -> None:
    assert elsewhere(house("ada", "bob"), house("ada", "bob"), service) == []


def test_an_absence_pages_whoever_steps_in() -> None:
    span = {"from": "2026-03-04T09:00", "until": "2026-03-05T09:00"}
    away = {"a": {"user": "ada", "spans": [span]}}
    (found,) = elsewhere(levels(level("schedule:web")), levels(level("schedule:web"), Absence=away))
    assert (found.spans.before, found.spans.after) == (all_of("ada"), all_of("bob"))
    assert found.spans.until - found.spans.begins == timedelta(days=1)
