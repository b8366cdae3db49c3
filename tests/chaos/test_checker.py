"""The checker goes red: each promise broken by hand, and what may be either left alone."""

from dataclasses import replace

import pytest

from dev.chaos.checker import check, repeats
from dev.chaos.expectations import expectations
from dev.chaos.facts import Facts, PageFact
from dev.chaos.ledger import (
    Acknowledgement,
    Action,
    Answer,
    Broken,
    Entries,
    Entry,
    Intent,
    Outcome,
    Ring,
)

KEY = "steady 1"
INCIDENT = "inc_1"
PAGE = PageFact("page_1", INCIDENT, "ann", 1, "steady")
RING = Ring(2.0, "ann", "fine", "page", INCIDENT, "steady", "d1", 1, "ok", is_heard=True)


def sent(*steps: tuple[Action, Outcome]) -> list[Entry]:
    """Return the intents of one condition, each with its answer."""
    entries: list[Entry] = []
    for number, (action, outcome) in enumerate(steps):
        entries.append(Intent(float(number), number, KEY, "steady", action, persists=True))
        entries.append(Answer(number + 0.5, number, outcome, 202))
    return entries


def ledger(*more: Ring | Broken | Acknowledgement, rings: bool = True) -> Entries:
    return Entries([*sent(("trigger", "accepted")), *([RING] if rings else []), *more])


def all_well() -> Facts:
    facts = Facts()
    facts.alerts[KEY] = [("firing", INCIDENT, 1)]
    facts.incidents[INCIDENT] = {"id": INCIDENT, "service": "steady", "status": "triggered"}
    facts.opened[KEY].add(INCIDENT)
    facts.versions[INCIDENT] = [1]
    facts.pages[PAGE.page_id] = PAGE
    facts.outcomes[PAGE.page_id].add("tocsin.notification-delivered.v1")
    facts.timelines[INCIDENT] = "steady 1 triggered\nann paged by webhook"
    return facts


def kinds(entries: Entries, facts: Facts) -> list[str]:
    return [one.kind for one in check(entries, facts)]


def test_nothing_is_found_where_all_is_well() -> None:
    assert kinds(ledger(), all_well()) == []


def test_an_accepted_alert_without_an_alert_is_lost() -> None:
    facts = all_well()
    facts.alerts.clear()
    assert kinds(ledger(), facts) == ["lost"]


def test_an_accepted_alert_without_an_incident_is_lost() -> None:
    facts = all_well()
    facts.opened.clear()
    assert "lost" in kinds(ledger(), facts)


def test_an_answer_that_is_an_error_of_our_own_is_found() -> None:
    intent, _, ring = ledger().found
    crashed = Entries([intent, Answer(0.5, 0, "unknown", 500), ring])
    assert kinds(crashed, all_well()) == ["own error"]
    away = Entries([intent, Answer(0.5, 0, "unknown", 503), ring])
    assert kinds(away, all_well()) == []


def test_two_incidents_of_one_firing_are_a_duplicate() -> None:
    facts = all_well()
    facts.opened[KEY].add("inc_2")
    facts.incidents["inc_2"] = {**facts.incidents[INCIDENT], "id": "inc_2", "status": "resolved"}
    facts.versions["inc_2"] = [1, 2]
    facts.timelines["inc_2"] = "triggered"
    assert kinds(ledger(), facts) == ["duplicated"]


def test_an_alert_that_nobody_sent_is_a_phantom() -> None:
    facts = all_well()
    facts.alerts["steady 99"] = [("resolved", None, 1)]
    assert kinds(ledger(), facts) == ["phantom"]


def test_an_alert_that_ended_and_fires_again_by_itself_is_out_of_order() -> None:
    entries = Entries([*sent(("trigger", "accepted"), ("resolve", "accepted")), RING])
    assert kinds(entries, all_well()) == ["out of order"]


def test_an_incident_that_nobody_was_paged_for_is_lost() -> None:
    facts = all_well()
    facts.pages.clear()
    facts.outcomes.clear()
    facts.timelines[INCIDENT] = "triggered"
    assert kinds(ledger(rings=False), facts) == ["lost", "lost"]


def test_an_incident_that_was_answered_needs_no_page() -> None:
    facts = all_well()
    facts.pages.clear()
    facts.incidents[INCIDENT]["status"] = "acknowledged"
    assert kinds(ledger(rings=False), facts) == []


def test_a_page_without_an_outcome_is_lost() -> None:
    facts = all_well()
    facts.outcomes[PAGE.page_id] = {"tocsin.notification-uncertain.v1"}
    assert kinds(ledger(), facts) == ["lost"]


def test_a_delivery_that_the_provider_does_not_know_is_a_phantom() -> None:
    assert "phantom" in kinds(ledger(rings=False), all_well())


def test_two_pages_for_one_person_and_level_are_a_duplicate() -> None:
    facts = all_well()
    facts.pages["page_2"] = replace(PAGE, page_id="page_2")
    facts.outcomes["page_2"].add("tocsin.notification-delivered.v1")
    assert kinds(ledger(), facts) == ["duplicated"]


def test_somebody_else_is_the_wrong_person() -> None:
    facts = all_well()
    wrong = replace(RING, person="bea")
    assert kinds(ledger(wrong), facts) == ["wrong person"]


def test_the_last_resort_is_right_only_where_somebody_was_given_up() -> None:
    facts = all_well()
    facts.pages["page_2"] = PageFact("page_2", INCIDENT, "ada", 0, "steady")
    facts.pages["page_3"] = PageFact("page_3", INCIDENT, "ada", 0, "steady")
    facts.outcomes["page_2"].add("tocsin.notification-sent.v1")
    facts.outcomes["page_3"].add("tocsin.notification-sent.v1")
    assert kinds(ledger(), facts) == ["wrong person", "wrong person"]
    facts.outcomes[PAGE.page_id].add("tocsin.responder-unreachable.v1")
    assert kinds(ledger(), facts) == []


def test_a_second_ring_without_a_cause_is_unexplained() -> None:
    assert kinds(ledger(replace(RING, at=9.0, attempt=2)), all_well()) == ["repeated unexplained"]


def test_a_second_ring_after_an_answer_was_lost_is_explained() -> None:
    entries = ledger(replace(RING, behaviour="cut"), replace(RING, at=9.0, attempt=2), rings=False)
    assert kinds(entries, all_well()) == []


@pytest.mark.parametrize("is_told", [True, False])
def test_a_second_ring_after_a_death_is_explained_if_it_says_so(*, is_told: bool) -> None:
    facts = all_well()
    facts.uncertain.add(RING.delivery)
    kill = Broken(2.1, 0, "kill", "notifier", until=2.1)
    again = replace(RING, at=9.0, attempt=2, repeat_possible=is_told)
    assert kinds(ledger(kill, again), facts) == ([] if is_told else ["repeated unexplained"])


def test_an_older_attempt_after_a_newer_one_is_a_zombie() -> None:
    entries = ledger(
        replace(RING, at=3.0, attempt=2, behaviour="cut"), replace(RING, at=9.0, attempt=1)
    )
    assert "out of order" in kinds(entries, all_well())


@pytest.mark.parametrize("versions", [[1, 3], [2, 1], [1, 1]])
def test_versions_that_jump_or_fall_are_out_of_order(versions: list[int]) -> None:
    facts = all_well()
    facts.versions[INCIDENT] = versions
    assert kinds(ledger(), facts) == ["out of order"]


def test_one_event_with_two_contents_is_a_duplicate() -> None:
    facts = all_well()
    facts.differing.append("event 1")
    assert kinds(ledger(), facts) == ["duplicated"]


def test_an_acknowledgement_that_was_taken_and_is_nowhere_is_lost() -> None:
    pressed = Acknowledgement(3.0, INCIDENT, "ann", "accepted", 200)
    assert kinds(ledger(pressed), all_well()) == ["lost"]


def test_a_timeline_that_does_not_tell_of_the_page_is_lost() -> None:
    facts = all_well()
    facts.timelines[INCIDENT] = "triggered"
    assert kinds(ledger(), facts) == ["lost"]


def test_an_answer_that_never_came_may_mean_either() -> None:
    unknown = Entries(sent(("trigger", "unknown")))
    (expected,) = expectations(unknown).values()
    assert (expected.fewest, expected.most, expected.status) == (0, 1, None)
    assert kinds(unknown, Facts()) == []
    assert kinds(Entries([*unknown.found, RING]), all_well()) == []


def test_what_was_refused_opens_nothing() -> None:
    assert "duplicated" in kinds(Entries([*sent(("trigger", "refused")), RING]), all_well())


def test_an_alert_event_that_counts_twice_is_a_duplicate() -> None:
    facts = all_well()
    facts.alerts[KEY] = [("firing", INCIDENT, 2)]
    assert kinds(ledger(), facts) == ["duplicated"]


def test_a_repeat_that_was_accepted_and_does_not_count_is_lost() -> None:
    entries = Entries([*sent(("trigger", "accepted"), ("trigger", "accepted")), RING])
    assert kinds(entries, all_well()) == ["lost"]


def test_events_that_are_there_twice_though_nothing_was_broken_are_duplicates() -> None:
    facts = all_well()
    facts.copies = 1
    assert kinds(ledger(), facts) == ["duplicated"]
    assert kinds(ledger(Broken(1.0, 0, "kill", "escalation")), facts) == []


def test_each_firing_after_an_end_is_an_incident_of_its_own() -> None:
    steps: list[tuple[Action, Outcome]] = [
        ("trigger", "accepted"),
        ("trigger", "accepted"),
        ("resolve", "accepted"),
        ("resolve", "accepted"),
        ("trigger", "accepted"),
    ]
    (expected,) = expectations(Entries([*sent(*steps)])).values()
    assert (expected.fewest, expected.most, expected.status) == (2, 2, "firing")


def test_repeats_are_counted_per_person_and_incident() -> None:
    rings = [
        RING,
        replace(RING, at=3.0),
        replace(RING, at=4.0, person="bea"),
        replace(RING, at=5.0, is_heard=False),
    ]
    assert [one.at for one in repeats(rings)] == [3.0]
