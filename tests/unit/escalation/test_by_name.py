"""People and teams who are asked for by name: instead of the levels, or in addition to them."""

from datetime import datetime
from typing import Any

import pytest

from escalation.adapters.sql import _CLIMB, _read
from escalation.domain.escalation import Decision, Escalation
from escalation.domain.hearing import hear
from escalation.domain.restating import requested_again
from escalation.domain.status import Exhausted, Halted, Waiting
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
from tocsin.catalog import Catalog
from tocsin.events import (
    Actor,
    IncidentAcknowledged,
    IncidentEscalated,
    IncidentEvent,
    IncidentReassigned,
    IncidentReopened,
    IncidentResolved,
    IncidentUnacknowledged,
    LevelSkipped,
    NoteAdded,
    PageRequested,
    PageWithdrawn,
    SeverityChanged,
)

AT = NOW + minutes(1)


def in_force(**more: Any) -> Catalog:
    """Ada for five minutes, bob for ten, carol at last; dan and eve are the team `databases`."""
    return catalog(
        User={**people("ada", "bob", "carol", "dan", "eve"), "mute": {}},
        Team={"databases": {"members": ["dan", "eve"]}},
        Service={"checkout": {"escalation_policy": "payments"}},
        EscalationPolicy={"payments": policy(level("ada"), level("bob", after="10m"), **more)},
        Settings={"installation": {"last_resort": {"user": "carol"}}},
    )


IN_FORCE = in_force()
BOTH = catalog(  # Dan and eve are the second level.
    User=people("ada", "carol", "dan", "eve"),
    Service={"checkout": {"escalation_policy": "payments"}},
    EscalationPolicy={"payments": policy(level("ada"), level("dan", "eve"))},
    Settings={"installation": {"last_resort": {"user": "carol"}}},
)


def heard(
    climb: Escalation, event: IncidentEvent, at: datetime = AT, by: Catalog = IN_FORCE
) -> Decision:
    return hear(climb, event, at, by)


def reassigned(*to: str, version: int = 2, reason: str = "they wrote it") -> IncidentReassigned:
    return IncidentReassigned(incident_id="i1", version=version, by=ADA, to=to, reason=reason)


def escalated(*to: str, version: int = 2, reason: str = "they wrote it") -> IncidentEscalated:
    return IncidentEscalated(incident_id="i1", version=version, by=ADA, to=to, reason=reason)


def ack(version: int = 2) -> IncidentAcknowledged:
    return IncidentAcknowledged(incident_id="i1", version=version, by=ADA)


def as_well(who: str, version: int) -> NoteAdded:
    by = Actor(kind="user", name=who)
    said = "has acknowledged it as well"
    return NoteAdded(incident_id="i1", version=version, by=by, text=said, acknowledged=True)


def pages(decision: Decision) -> list[PageRequested]:
    return [fact for fact in decision.facts if isinstance(fact, PageRequested)]


def paged(decision: Decision) -> list[str]:
    return [page.responder for page in pages(decision)]


def withdrawn(decision: Decision) -> list[str]:
    return [fact.responder for fact in decision.facts if isinstance(fact, PageWithdrawn)]


def test_a_reassignment_withdraws_what_was_asked_and_pages_those_named_at_once() -> None:
    decision = heard(started(IN_FORCE), reassigned("bob", "team:databases"))
    assert withdrawn(decision) == ["ada"]
    assert paged(decision) == ["bob", "dan", "eve"]
    assert all(page.named for page in pages(decision))
    assert pages(decision)[0].reason == ("reassigned by ada: they wrote it", "user bob")
    assert pages(decision)[1].reason[1:] == ("team databases", "user dan")


def test_the_last_resort_is_paged_when_those_named_do_not_answer() -> None:
    climb = heard(started(IN_FORCE), reassigned("bob")).escalation
    assert climb.status == Waiting(1, 1, AT + minutes(5))
    spent = climb.advance(AT + minutes(5), IN_FORCE)
    assert paged(spent) == ["carol"]
    assert [page.named for page in pages(spent)] == [False]
    assert isinstance(spent.escalation.status, Exhausted)


def test_those_named_are_paged_as_often_as_the_policy_repeats() -> None:
    twice = in_force(repeat=1)
    climb = hear(started(twice), reassigned("bob"), AT, twice).escalation
    again = climb.advance(AT + minutes(5), twice)
    assert pages(again)[0].reason[0] == "reassigned by ada: they wrote it, loop 2"
    assert paged(again.escalation.advance(AT + minutes(10), twice)) == ["carol"]


def test_of_two_reassignments_the_last_in_order_counts_and_a_repeat_changes_nothing() -> None:
    first = heard(started(IN_FORCE), reassigned("bob", version=2)).escalation
    decision = heard(first, reassigned("dan", version=3))
    assert (withdrawn(decision), paged(decision)) == (["bob"], ["dan"])
    for late in (reassigned("bob", version=2), reassigned("dan", version=3)):
        assert heard(decision.escalation, late) == Decision(decision.escalation)


def test_whoever_had_it_is_not_asked_when_their_answer_would_have_ended() -> None:
    climb = heard(started(IN_FORCE), ack()).escalation
    climb = heard(climb, reassigned("bob", version=3)).escalation
    climb = heard(climb, ack(4)).escalation
    lost = IncidentUnacknowledged(incident_id="i1", version=5, reason="acknowledgement-timeout")
    assert paged(heard(climb, lost)) == ["bob"], "it is theirs, until it is reassigned again"


def test_reopened_it_begins_with_its_policy_again() -> None:
    climb = heard(started(IN_FORCE), reassigned("bob")).escalation
    over = IncidentResolved(incident_id="i1", version=3, by=ADA, reason="command")
    climb = heard(climb, over).escalation
    decision = heard(climb, IncidentReopened(incident_id="i1", version=4, by=ADA))
    assert paged(decision) == ["ada"]
    assert not pages(decision)[0].named


def test_where_none_of_those_named_is_there_any_more_the_last_resort_is_paged_at_once() -> None:
    decision = heard(started(IN_FORCE), reassigned("gone", "team:gone"))
    assert paged(decision) == ["carol"]
    told = [fact.reason for fact in decision.facts if isinstance(fact, LevelSkipped)]
    assert told == ["user gone is not in the catalog; team gone is not in the catalog"]


def test_of_an_incident_whose_trigger_was_lost_those_named_are_paged() -> None:
    climb = Escalation.unknown("i1")
    decision = heard(climb, reassigned("bob", version=4))
    assert paged(decision) == ["bob"]
    assert paged(decision.escalation.advance(AT + minutes(5), IN_FORCE)) == ["carol"]


def test_who_is_asked_for_as_well_is_paged_at_once_and_the_climb_goes_on() -> None:
    before = started(IN_FORCE)
    decision = heard(before, escalated("dan"))
    (page,) = pages(decision)
    assert (page.responder, page.named, page.incident_version) == ("dan", True, 2)
    assert page.reason == ("asked for by ada: they wrote it", "user dan")
    assert withdrawn(decision) == []
    assert decision.escalation.status == before.status
    (following,) = pages(decision.escalation.advance(NOW + minutes(5), IN_FORCE))
    assert (following.responder, following.named) == ("bob", False)


def test_who_has_it_keeps_it_and_the_page_is_withdrawn_when_it_is_over() -> None:
    climb = heard(started(IN_FORCE), ack()).escalation
    decision = heard(climb, escalated("team:databases", version=3))
    assert paged(decision) == ["dan", "eve"]
    assert decision.escalation.status == Halted("acknowledged", 1, 1)
    assert decision.escalation.deadline is None
    over = IncidentResolved(incident_id="i1", version=4, by=ADA, reason="command")
    assert withdrawn(heard(decision.escalation, over)) == ["dan", "eve"]


def test_asked_for_again_it_is_another_page_and_a_repeat_is_none() -> None:
    first = heard(started(IN_FORCE), escalated("dan", version=2))
    second = heard(first.escalation, escalated("dan", version=3))
    assert pages(first)[0].page_id != pages(second)[0].page_id
    assert heard(second.escalation, escalated("dan", version=3)).facts == ()


def test_asked_for_while_the_last_resort_is_paged_both_are() -> None:
    climb = started(IN_FORCE).advance(NOW + minutes(5), IN_FORCE).escalation
    climb = climb.advance(NOW + minutes(15), IN_FORCE).escalation
    decision = heard(climb, escalated("dan"), NOW + minutes(16))
    assert paged(decision) == ["dan"]
    assert paged(decision.escalation.advance(NOW + minutes(20), IN_FORCE)) == ["carol"]


@pytest.mark.parametrize("has_it", [False, True])
def test_where_none_of_those_asked_for_can_be_paged_the_next_level_is(has_it: bool) -> None:
    climb = started(IN_FORCE)
    climb = heard(climb, ack()).escalation if has_it else climb
    decision = heard(climb, escalated("mute", version=3))
    (page,) = pages(decision)
    assert (page.responder, page.level, page.incident_version) == ("bob", 2, 3)
    assert page.reason[-1] == "not paged: user mute has no contact method"
    assert isinstance(decision.escalation.status, Halted if has_it else Waiting)


def test_once_none_of_those_asked_for_together_is_reached_the_next_level_is_paged() -> None:
    climb = heard(started(IN_FORCE), ack()).escalation
    decision = heard(climb, escalated("team:databases", version=3))
    dan, eve = pages(decision)
    first = decision.escalation.unreachable(dan.page_id, AT, IN_FORCE)
    assert first.facts == ()
    second = first.escalation.unreachable(eve.page_id, AT, IN_FORCE)
    assert paged(second) == ["bob"]
    assert second.escalation.unreachable(eve.page_id, AT, IN_FORCE).facts == ()


def test_who_is_asked_for_as_well_does_not_hold_up_a_level_that_reaches_nobody() -> None:
    climb = started(IN_FORCE)
    (ada,) = climb.pages
    climb = heard(climb, escalated("dan")).escalation
    assert paged(climb.unreachable(ada.page_id, AT, IN_FORCE)) == ["bob"]


def test_out_of_the_blue_those_asked_for_are_paged_and_the_worst_is_assumed() -> None:
    decision = heard(Escalation.unknown("i1"), escalated("dan", version=4))
    assert paged(decision) == ["carol", "dan"]


def test_becoming_urgent_pages_them_once_more() -> None:
    climb = started(IN_FORCE, severity="warning", urgency="low")
    climb = heard(climb, escalated("dan")).escalation
    worse = SeverityChanged(
        incident_id="i1", version=3, severity="critical", urgency="high", previous="warning"
    )
    decision = heard(climb, worse)
    assert sorted(withdrawn(decision)) == ["ada", "dan"]
    assert [(page.responder, page.urgency, page.named) for page in pages(decision)] == [
        ("ada", "high", False),
        ("dan", "high", True),
    ]


WORSE = SeverityChanged(
    incident_id="i1", version=4, severity="critical", urgency="high", previous="warning"
)


def test_becoming_urgent_pages_whoever_was_asked_for_although_somebody_has_it() -> None:
    climb = heard(started(IN_FORCE, severity="warning", urgency="low"), ack()).escalation
    asked = heard(climb, escalated("dan", version=3))
    decision = heard(asked.escalation, WORSE)
    assert withdrawn(decision) == ["dan"]
    (page,) = pages(decision)
    assert (page.responder, page.urgency, page.named) == ("dan", "high", True)
    assert page.page_id != pages(asked)[0].page_id
    assert page.incident_version == 4
    assert decision.escalation.status == Halted("acknowledged", 1, 1)
    assert [one.page_id for one in decision.escalation.pages] == [page.page_id]
    assert heard(decision.escalation, WORSE).facts == ()


def test_so_is_the_next_level_that_was_asked_for_by_whoever_has_it() -> None:
    climb = heard(started(IN_FORCE, severity="warning", urgency="low"), ack()).escalation
    helped = climb.escalate_now(AT, IN_FORCE)
    decision = heard(helped.escalation, WORSE)
    assert (withdrawn(decision), paged(decision)) == (["bob"], ["bob"])
    assert isinstance(decision.escalation.status, Halted)


@pytest.mark.parametrize("answers", [[ack()], [ack(), as_well("dan", 4)]])
def test_nobody_is_woken_who_was_not_asked_for_or_has_answered(
    answers: list[IncidentEvent],
) -> None:
    climb = started(IN_FORCE, severity="warning", urgency="low")
    for answer in answers:
        climb = heard(climb, answer).escalation
        if answer.version == 2 and len(answers) > 1:
            climb = heard(climb, escalated("dan", version=3)).escalation
    assert heard(climb, WORSE.model_copy(update={"version": 5})).facts == ()


def test_who_answers_as_well_is_asked_no_more_and_the_others_are() -> None:
    climb = heard(started(IN_FORCE), ack()).escalation
    climb = heard(climb, escalated("team:databases", version=3)).escalation
    decision = heard(climb, as_well("dan", 4))
    assert withdrawn(decision) == ["dan"]
    assert [page.responder for page in decision.escalation.pages] == ["eve"]
    assert decision.escalation.status == climb.status
    assert heard(decision.escalation, as_well("dan", 4)).facts == ()


def test_once_one_of_those_asked_together_has_answered_nobody_else_is_woken() -> None:
    climb = heard(started(IN_FORCE), ack()).escalation
    climb = heard(climb, escalated("team:databases", version=3)).escalation
    climb = heard(climb, as_well("dan", 4)).escalation
    (eve,) = climb.pages
    assert climb.unreachable(eve.page_id, AT, IN_FORCE).facts == ()


def test_so_it_is_with_a_level_that_was_asked_for_help() -> None:
    climb = heard(started(BOTH), ack()).escalation
    climb = climb.escalate_now(AT, BOTH).escalation
    dan, eve = climb.pages
    alone = climb.unreachable(dan.page_id, AT, BOTH).escalation
    assert paged(alone.unreachable(eve.page_id, AT, BOTH)) == ["carol"]
    climb = heard(climb, as_well("dan", 4), by=BOTH).escalation
    assert climb.unreachable(eve.page_id, AT, BOTH).facts == ()


def test_an_answer_that_is_older_than_the_question_answers_nothing() -> None:
    climb = heard(started(IN_FORCE), ack()).escalation
    climb = heard(climb, escalated("dan", version=5)).escalation
    assert heard(climb, as_well("dan", 4)) == Decision(climb)


def test_who_is_asked_for_again_in_the_words_of_then_is_paged_whoever_answered_since() -> None:
    climb = heard(heard(started(IN_FORCE), ack()).escalation, as_well("bob", 4)).escalation
    assert paged(heard(climb, escalated("dan", version=3))) == ["dan"]


def test_a_note_is_no_answer_and_of_an_unknown_incident_it_pages_nobody() -> None:
    climb = heard(started(IN_FORCE), escalated("dan")).escalation
    note = as_well("dan", 3).model_copy(update={"acknowledged": False})
    tool = as_well("dan", 3).model_copy(update={"by": Actor(kind="integration", name="dan")})
    for said in (note, tool):
        assert heard(climb, said) == Decision(climb)
    unknown = Escalation.unknown("i1")
    assert heard(unknown, as_well("dan", 3)) == Decision(unknown)


def test_said_again_a_page_keeps_its_id_and_that_it_was_asked_for() -> None:
    climb = heard(started(IN_FORCE), escalated("dan")).escalation
    ids = {page.page_id for page in climb.pages}
    told = requested_again(climb, ids, AT, IN_FORCE)
    assert {page.page_id for page in told} == ids
    named = {page.responder: (page.named, page.reason[0]) for page in told}
    assert named == {
        "ada": (False, "level 1 of policy payments, loop 1"),
        "dan": (True, "asked for by name"),
    }


def test_a_climb_is_kept_and_read_with_whom_it_asks_by_name() -> None:
    climb = heard(started(IN_FORCE), reassigned("bob")).escalation
    climb = heard(climb, escalated("dan", version=3)).escalation
    assert _read(_CLIMB.dump_python(climb, mode="json", exclude_defaults=True)) == climb


def test_a_late_trigger_says_what_it_is_about_and_pages_nobody_else() -> None:
    climb = heard(Escalation.unknown("i1"), reassigned("bob", version=4)).escalation
    late = heard(climb, triggered())
    assert late.facts == ()
    assert late.escalation.incident.title == "Checkout is down"
