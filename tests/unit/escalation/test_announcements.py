"""Channels and webhooks of a level: told each time it is reached, and never taken for somebody."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from escalation.domain.effects import effects
from escalation.domain.escalation import Decision, Escalation
from escalation.domain.hearing import hear
from escalation.domain.status import Exhausted, Waiting
from escalation.handlers.announcing import fact_id, held_up
from tests.unit.escalation.examples import (
    ADA,
    NOW,
    catalog,
    level,
    minutes,
    people,
    policy,
    started,
    triggered,
)
from tocsin.catalog import Catalog, Level, Target
from tocsin.events import (
    AnnouncementRequested,
    EscalationExhausted,
    IncidentAcknowledged,
    IncidentReassigned,
    IncidentUnacknowledged,
    LevelSkipped,
    PageEvent,
    PageRequested,
)

ROOM, BOARD = "channel:ops", "webhook:board"
CLIMB = TypeAdapter(Escalation)  # As the table of climbs keeps one.


def in_force(*levels: dict[str, Any], **more: Any) -> Catalog:
    return catalog(
        User=people("ada", "bob", "carol"),
        Team={"ops": {"chat": {"slack": "C1"}}},
        Webhook={"board": {"url": "https://hooks.example.org/board"}},
        Service={"checkout": {"escalation_policy": "payments"}},
        EscalationPolicy={"payments": policy(*levels, **more)},
        Settings={"installation": {"last_resort": {"user": "carol"}}},
    )


def begun(known: Catalog) -> Decision:
    return hear(Escalation.unknown("i1"), triggered(), NOW, known)


def told(facts: tuple[PageEvent, ...]) -> list[str]:
    return [one.target for one in facts if isinstance(one, AnnouncementRequested)]


def paged(facts: tuple[PageEvent, ...]) -> list[str]:
    return [one.responder for one in facts if isinstance(one, PageRequested)]


def test_a_level_tells_its_channels_and_webhooks_beside_its_people() -> None:
    found = begun(in_force(level("ada", ROOM, BOARD), level("bob")))
    assert (told(found.facts), paged(found.facts)) == (["channel ops", "webhook board"], ["ada"])
    (asked, _) = [one for one in found.facts if isinstance(one, AnnouncementRequested)]
    assert (asked.level, asked.loop, asked.policy) == (1, 1, "payments")
    assert (asked.incident_version, asked.number, asked.title) == (1, 42, "Checkout is down")
    assert asked.catalog_version == 7
    # Nobody is waited for but ada: there is no page of theirs to answer, or to withdraw.
    assert [one.responder for one in found.escalation.pages] == ["ada"]


def test_what_is_told_is_one_event_however_often_it_is_decided() -> None:
    known = in_force(level("ada", ROOM, ROOM))
    first, again = begun(known), begun(known)
    ids = [fact_id(one, 1) for one in first.facts if isinstance(one, AnnouncementRequested)]
    assert len(ids) == 1
    assert ids == [fact_id(one, 1) for one in again.facts if isinstance(one, AnnouncementRequested)]


def test_each_time_a_level_is_reached_it_tells_anew() -> None:
    known = in_force(level("ada", ROOM), repeat=1)
    first = begun(known)
    second = first.escalation.advance(NOW + minutes(5), known)
    last = second.escalation.advance(NOW + minutes(10), known)
    ids = [
        one.announcement_id
        for decision in (first, second, last)
        for one in decision.facts
        if isinstance(one, AnnouncementRequested)
    ]
    assert len(set(ids)) == len(ids) == 2
    # The last resort is somebody, and rings alone: every five minutes, for ever.
    assert paged(last.facts) == ["carol"]
    later = last.escalation.advance(NOW + minutes(15), known)
    assert (told(later.facts), paged(later.facts)) == ([], ["carol"])


def test_an_answer_that_ends_lets_the_level_tell_again() -> None:
    known = in_force(level("ada", ROOM))
    acked = IncidentAcknowledged(incident_id="i1", version=2, by=ADA)
    ended = IncidentUnacknowledged(incident_id="i1", version=3, reason="acknowledgement-timeout")
    halted = hear(started(known), acked, NOW, known)
    assert told(halted.facts) == []
    assert told(hear(halted.escalation, ended, NOW, known).facts) == ["channel ops"]


@pytest.mark.parametrize("targets", [(ROOM,), (ROOM, BOARD)])
def test_a_level_that_only_tells_does_not_keep_the_next_one_waiting(
    targets: tuple[str, ...],
) -> None:
    found = begun(in_force(level(*targets, after="1h"), level("bob")))
    assert (len(told(found.facts)), paged(found.facts)) == (len(targets), ["bob"])
    assert found.escalation.status == Waiting(2, 1, NOW + minutes(5))
    (skipped,) = [one for one in found.facts if isinstance(one, LevelSkipped)]
    assert skipped.reason.startswith("it names nobody, and only tells channel ops")


def test_where_only_channels_are_told_the_last_resort_is_paged_at_once() -> None:
    found = begun(in_force(level(ROOM), level(BOARD), repeat=3))
    assert (told(found.facts), paged(found.facts)) == (["channel ops", "webhook board"], ["carol"])
    assert isinstance(found.escalation.status, Exhausted)
    (spent,) = [one for one in found.facts if isinstance(one, EscalationExhausted)]
    assert spent.reason == "no level has anybody to page"


def test_a_level_whose_people_cannot_be_paged_tells_and_is_skipped() -> None:
    known = in_force(level("gone", ROOM), level("bob"))
    found = begun(known)
    assert (told(found.facts), paged(found.facts)) == (["channel ops"], ["bob"])


def test_a_level_that_takes_no_part_tells_nobody() -> None:
    found = begun(in_force({**level("ada", ROOM), "when": {"urgency": "low"}}, level("bob")))
    assert (told(found.facts), paged(found.facts)) == ([], ["bob"])


def test_channels_take_no_turns() -> None:
    found = begun(in_force({**level("ada", "bob", ROOM), "round_robin": True}))
    assert (told(found.facts), paged(found.facts)) == (["channel ops"], ["ada"])


def test_people_who_are_reassigned_to_are_paged_alone() -> None:
    known = in_force(level("ada", ROOM))
    to_bob = IncidentReassigned(incident_id="i1", version=2, by=ADA, to=("bob",))
    found = hear(started(known), to_bob, NOW, known)
    assert (told(found.facts), paged(found.facts)) == ([], ["bob"])


def test_an_outage_that_held_an_announcement_up_is_told() -> None:
    found = begun(in_force(level("ada", ROOM)))
    (asked,) = [one for one in found.facts if isinstance(one, AnnouncementRequested)]
    late = held_up(asked, NOW, NOW + minutes(2))
    assert isinstance(late, AnnouncementRequested)
    assert late.due_at == NOW
    assert held_up(asked, NOW, NOW) == asked


def test_a_climb_is_kept_with_what_its_levels_tell() -> None:
    climb = started(in_force(level("ada", ROOM), level("bob")))
    kept = CLIMB.dump_python(climb, mode="json", exclude_defaults=True)
    assert CLIMB.validate_python(kept, extra="ignore") == climb
    # The previous release reads the levels, and pages the same people.
    targets = [Level.model_validate(one).targets for one in kept["policy"]["levels"]]
    assert targets == [(Target(user="ada"),), (Target(user="bob"),)]
    # And what it keeps is read here: nothing is told by that climb any more, and nobody is lost.
    del kept["policy"]["told"]
    older = CLIMB.validate_python(kept, extra="ignore").advance(
        NOW + minutes(5), in_force(level("ada"))
    )
    assert (told(older.facts), paged(older.facts)) == ([], ["bob"])


def test_a_climb_that_tells_nobody_is_kept_as_it_always_was() -> None:
    climb = started(in_force(level("ada")))
    assert "told" not in CLIMB.dump_python(climb, mode="json", exclude_defaults=True)["policy"]


def test_a_plan_names_what_a_level_tells() -> None:
    before, after = in_force(level("ada")), in_force(level("ada", ROOM, BOARD))
    found = [one for one in effects(before, after, NOW) if one.kind == "telling"]
    text = "level 1: tells channel ops, webhook board, before no channel or webhook"
    assert [one.text for one in found] == [f"policy payments, {text}", f"service checkout, {text}"]
    assert found[0].after == ("channel ops", "webhook board")
    back = [one.text for one in effects(after, before, NOW)]
    text = "level 1: tells no channel or webhook, before channel ops, webhook board"
    assert back == [f"policy payments, {text}", f"service checkout, {text}"]
    assert effects(after, after, NOW) == []
