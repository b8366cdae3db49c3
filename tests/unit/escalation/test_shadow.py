"""Somebody who learns is shown and paged beside those on call, and never instead of them."""

from datetime import timedelta
from typing import Any

from escalation.domain.resolution import resolve
from escalation.domain.schedule import Schedule
from tests.unit.escalation.examples import NOW, catalog, level, people, policy, started, user
from tocsin.catalog import Catalog, Target
from tocsin.events import PageRequested

WEEK = timedelta(weeks=1)
WEB = Target(schedule="web")


def layer(name: str, *participants: Any, **more: Any) -> dict[str, Any]:
    rotation = {"type": "weekly", "start": "2026-01-05T00:00", "participants": participants}
    return {"name": name, "rotation": rotation, **more}


def with_layers(*layers: dict[str, Any], **kinds: Any) -> Catalog:
    return catalog(
        User={**people("ada", "bob", "eve", "max"), **kinds.pop("User", {})},
        Schedule={"web": {"layers": list(layers)}},
        Service={"checkout": {"escalation_policy": "p"}},
        **{"EscalationPolicy": {"p": policy(level("schedule:web"), level("max"))}, **kinds},
    )


def web(in_force: Catalog) -> Schedule:
    found = Schedule.in_catalog(in_force, "web")
    assert found
    return found


LEARNING = with_layers(layer("main", "ada", "bob"), layer("new", "eve", [], shadow=True))


def test_a_shadow_is_shown_beside_whoever_answers_and_hides_nobody() -> None:
    answer = web(LEARNING).on_call(NOW)
    assert (answer.responders, answer.shadows) == (("ada",), ("eve",))
    later = web(LEARNING).on_call(NOW + WEEK)
    assert (later.responders, later.shadows) == (("bob",), ())


def test_shifts_tell_of_shadows_and_agree_with_the_instant() -> None:
    spans = web(LEARNING).spans(NOW, NOW + 3 * WEEK)
    assert [one.on_call.shadows for one in spans] == [("eve",), (), ("eve",), ()]
    for span in spans:
        assert web(LEARNING).on_call(span.begins) == span.on_call


def test_a_shift_is_split_where_only_the_shadow_changes() -> None:
    found = with_layers(layer("main", "ada"), layer("new", "eve", "max", shadow=True))
    shifts = web(found).shifts(NOW, NOW + WEEK)
    assert [(one.on_call.responders, one.on_call.shadows) for one in shifts] == [
        (("ada",), ("eve",)),
        (("ada",), ("max",)),
    ]
    assert web(found).next_change(NOW) is None  # Nobody hands over to anybody.


def test_who_answers_is_not_their_own_shadow() -> None:
    found = with_layers(layer("main", "ada"), layer("new", ["ada", "eve"], shadow=True))
    assert web(found).on_call(NOW).shadows == ("eve",)


def test_a_shadow_is_paged_beside_those_on_call_and_told_why() -> None:
    found = resolve((WEB,), LEARNING, NOW).found
    assert [(one.responder, one.is_shadow) for one in found] == [("ada", False), ("eve", True)]
    assert found[1].reason[-1] == "user eve as a shadow"


def test_a_shadow_is_never_paged_alone() -> None:
    nobody = with_layers(layer("main", []), layer("new", "eve", shadow=True))
    resolution = resolve((WEB,), nobody, NOW)
    assert resolution.found == ()
    assert resolution.missed == ("schedule web: nobody is on call",)
    assert web(nobody).on_call(NOW).shadows == ("eve",)
    assert len(web(nobody).gaps(NOW, NOW + WEEK)) == 1


def test_a_shadow_whom_nothing_reaches_is_passed_over() -> None:
    mute = {"eve": {**user(), "contact_methods": []}}
    found = with_layers(layer("main", "ada"), layer("new", "eve", shadow=True), User=mute)
    assert [one.responder for one in resolve((WEB,), found, NOW).found] == ["ada"]


def test_who_is_meant_by_another_target_as_well_is_no_shadow() -> None:
    for targets in ((WEB, Target(user="eve")), (Target(user="eve"), WEB)):
        found = {one.responder: one.is_shadow for one in resolve(targets, LEARNING, NOW).found}
        assert found == {"ada": False, "eve": False}


def test_a_level_of_which_only_the_shadow_is_reached_is_a_level_that_reached_nobody() -> None:
    climb = started(LEARNING)
    assert [page.responder for page in climb.pages] == ["ada", "eve"]
    ada, eve = climb.pages
    waiting = climb.unreachable(eve.page_id, NOW, LEARNING)
    assert waiting.facts == ()  # Ada may answer yet.
    gone_on = waiting.escalation.unreachable(ada.page_id, NOW, LEARNING)
    assert [one.responder for one in gone_on.facts if isinstance(one, PageRequested)] == ["max"]
    alone = climb.unreachable(ada.page_id, NOW, LEARNING)
    assert [one.responder for one in alone.facts if isinstance(one, PageRequested)] == ["max"]


def test_whoever_is_next_is_no_shadow_when_paged_as_the_next() -> None:
    found = with_layers(layer("main", "ada", "bob"), layer("new", "bob", [], shadow=True))
    both = resolve((Target(schedule="web", with_next=True),), found, NOW).found
    assert [(one.responder, one.is_shadow) for one in both] == [("ada", False), ("bob", False)]


def test_a_shadow_beside_whoever_has_the_turn_is_a_shadow_still() -> None:
    turns = {**level("schedule:web"), "round_robin": True}
    found = with_layers(
        layer("main", "ada", "bob"),
        layer("new", "eve", [], shadow=True),
        EscalationPolicy={"p": policy(turns, level("max"))},
    )
    ada, eve = (climb := started(found)).pages
    assert (ada.is_shadow, eve.is_shadow) == (False, True)
    alone = climb.unreachable(ada.page_id, NOW, found)
    assert [one.responder for one in alone.facts if isinstance(one, PageRequested)] == ["max"]
