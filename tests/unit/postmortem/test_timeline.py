"""A timeline does not depend on the order or the number of arrivals, and loses nothing."""

import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postmortem.domain import sentences
from postmortem.domain.timeline import timeline
from tests.unit.postmortem.stories import (
    ADA,
    BOB,
    INCIDENT,
    acknowledged,
    alert,
    alert_ended,
    at,
    envelope,
    logs,
    night,
    notification,
    page,
    resolved,
    triggered,
)
from tocsin import events as e
from tocsin.events import ALL, Envelope, Event


def test_a_night_reads_as_a_story() -> None:
    assert [entry.text for entry in timeline(night())] == [
        "HighErrorRate triggered (checkout, critical)",
        "page for ada requested (level 1 of payments)",
        "ada paged by email",
        "page reached ada by email",
        "alert SlowQueries joined (critical)",
        "page for bob requested (level 2 of payments)",
        "bob paged by email",
        "bob asked to acknowledge",
        "acknowledged by bob",
        "alert HighErrorRate expired",
        "resolved by bob",
    ]


def test_a_thousand_shuffles_give_one_timeline() -> None:
    events = night()
    expected = timeline(events)
    shuffler = random.Random(7)
    for _ in range(1000):
        shuffler.shuffle(events)
        assert timeline(events) == expected


@settings(max_examples=300, deadline=None)
@given(logs(), st.data())
def test_any_log_gives_the_same_timeline_in_any_order_and_with_any_repeats(
    log: list[Envelope[Event]], data: st.DataObject
) -> None:
    repeats = data.draw(st.lists(st.sampled_from(log), max_size=5)) if log else []
    shuffled = data.draw(st.permutations([*log, *repeats]))
    assert timeline(shuffled) == timeline(log)


@settings(max_examples=200, deadline=None)
@given(logs())
def test_every_event_gives_exactly_one_entry(log: list[Envelope[Event]]) -> None:
    entries = timeline(log)
    assert sorted(entry.event_id for entry in entries) == sorted(item.event_id for item in log)
    assert all(entry.text for entry in entries)
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)


def test_versions_overrule_clocks_and_the_overruled_time_is_marked() -> None:
    events = [
        envelope("first", 10, triggered()),
        envelope("second", 4, acknowledged(2)),
        envelope("third", 3, resolved(3)),
    ]
    entries = timeline(events)
    assert [entry.event_id for entry in entries] == ["first", "second", "third"]
    assert [entry.moved for entry in entries] == [False, True, True]
    assert [entry.at - at(10) for entry in entries] == [
        timedelta(),
        timedelta(milliseconds=1),
        timedelta(milliseconds=2),
    ]
    assert entries[1].recorded_at == at(4)


def test_a_reply_stands_behind_its_cause_whatever_the_clocks_say() -> None:
    sent = envelope("sent", 1, notification(e.NotificationSent), cause="asked")
    asked = envelope("asked", 5, page())
    assert [entry.event_id for entry in timeline([sent, asked])] == ["asked", "sent"]


def test_ties_are_broken_by_commit_and_then_by_id() -> None:
    claimed = alert(started_at=at(0), received_at=at(9))
    events = [
        envelope("z", 1, triggered(incident_id="a", alert=claimed)),
        envelope("y", 2, triggered(incident_id="b", alert=claimed)),
        envelope("x", 2, triggered(incident_id="c", alert=claimed)),
    ]
    assert [entry.event_id for entry in timeline(events)] == ["z", "x", "y"]


def test_events_that_cause_each_other_are_still_all_told() -> None:
    events = [
        envelope("a", 1, page("ada"), cause="b"),
        envelope("b", 2, page("bob"), cause="a"),
        envelope("c", 3, page("carol"), cause="c"),
    ]
    assert sorted(entry.event_id for entry in timeline(events)) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("started", "received", "shown", "note"),
    [
        (-30, 0, -30, ""),
        (1, 0, 0, ""),
        (94, 0, 0, "clock of prometheus ran 94 s ahead; shown at our time"),
        (-86_400, 0, -86_400, ""),
        (-86_401, 0, 0, "prometheus dates it more than a day back; shown at our time"),
    ],
)
def test_a_claim_is_shown_where_it_is_credible_and_never_as_the_future(
    started: int, received: int, shown: int, note: str
) -> None:
    claim = alert(started_at=at(started), received_at=at(received))
    (entry,) = timeline([envelope("e1", 5, triggered(alert=claim))])
    assert (entry.at, entry.clock_note) == (at(shown), note)
    assert (entry.occurred_at, entry.observed_at, entry.recorded_at) == (
        at(started),
        at(received),
        at(5),
    )


def test_an_expired_alert_is_shown_when_we_noticed() -> None:
    data = alert_ended(2, "expired", ended_at=at(-40))
    (entry,) = timeline([envelope("e1", 5, data)])
    assert (entry.text, entry.at) == ("alert HighErrorRate expired", at(5))


def sentence(data: Event) -> str:
    (entry,) = timeline([envelope("e1", 0, data)])
    return entry.text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (
            e.LevelSkipped(
                incident_id=INCIDENT,
                policy="payments",
                level=1,
                loop=1,
                reason="nobody is on call in payments",
            ),
            "level 1 skipped: nobody is on call in payments",
        ),
        (
            e.EscalationExhausted(
                incident_id=INCIDENT, policy="payments", loops=2, last_resort=("bob",), reason=""
            ),
            "policy payments exhausted; last resort: bob",
        ),
        (
            e.EscalationExhausted(
                incident_id=INCIDENT,
                policy="payments",
                loops=2,
                last_resort=(),
                reason="no last resort is configured",
            ),
            "policy payments exhausted: no last resort is configured",
        ),
        (notification(e.NotificationDelivered), "ada paged by email"),
        (notification(e.NotificationSent, late_seconds=1020), "ada paged by email, 17 min late"),
        (
            notification(e.NotificationDelivered, late_seconds=3900, summary_id="n.1"),
            "ada paged by email, 1 h 5 min late, in one message with others",
        ),
        (
            notification(e.NotificationFailed, kind="transient", reason="the server answered 503"),
            "paging ada by email failed: the server answered 503",
        ),
        (
            notification(e.NotificationUncertain, reason="no answer in 10 s"),
            "unknown whether ada was paged by email: no answer in 10 s",
        ),
        (
            notification(e.NotificationWithdrawn, reason="acknowledged by bob"),
            "page to ada by email withdrawn: acknowledged by bob",
        ),
        (resolved(2, reason="alerts-resolved"), "resolved: the last of its alerts ended"),
        (
            e.SeverityChanged(
                incident_id=INCIDENT,
                version=2,
                severity="critical",
                urgency="high",
                previous="warning",
            ),
            "severity rose from warning to critical",
        ),
        (
            e.SeverityChanged(
                incident_id=INCIDENT, version=2, severity="info", urgency="low", previous="error"
            ),
            "severity fell from error to info",
        ),
        (
            e.CommandRefused(
                incident_id=INCIDENT,
                command="tocsin.acknowledge-incident.v1",
                by=ADA,
                reason="it is resolved",
            ),
            "acknowledge-incident by ada refused: it is resolved",
        ),
        (
            e.IncidentUnacknowledged(
                incident_id=INCIDENT, version=3, reason="acknowledgement-timeout"
            ),
            "triggered again: the acknowledgement timed out",
        ),
        (
            e.IncidentSnoozed(incident_id=INCIDENT, version=3, by=BOB, until=at(60)),
            "snoozed by bob until 2026-03-03 02:15:00 UTC",
        ),
        (
            e.IncidentReassigned(incident_id=INCIDENT, version=3, by=BOB, to=("ada", "carol")),
            "reassigned to ada, carol by bob",
        ),
        (
            e.IncidentReassigned(
                incident_id=INCIDENT, version=3, by=BOB, to=("ada", "team:web"), reason="theirs"
            ),
            "reassigned to ada, team web by bob: theirs",
        ),
        (
            e.IncidentEscalated(
                incident_id=INCIDENT, version=3, by=BOB, to=("team:web",), reason="it lags"
            ),
            "escalated to team web by bob: it lags",
        ),
        (
            page().model_copy(
                update={"named": True, "reason": ("asked for by bob: it lags", "user ada")}
            ),
            "page for ada requested (asked for by bob: it lags)",
        ),
        (
            e.EscalateIncident(incident_id=INCIDENT, by=BOB),
            "bob asked to page the next level",
        ),
        (
            e.EscalateIncident(
                incident_id=INCIDENT, by=BOB, to=("user:ada", "team:web"), reason="it lags"
            ),
            "bob asked to page ada, team web as well: it lags",
        ),
        (
            e.ReassignIncident(incident_id=INCIDENT, by=BOB, to=("ada",)),
            "bob asked to reassign to ada",
        ),
        (e.AcknowledgeIncident(incident_id=INCIDENT, by=BOB), "bob asked to acknowledge"),
        (e.ResolveIncident(incident_id=INCIDENT, by=BOB), "bob asked to resolve"),
        (
            e.NoteAdded(incident_id=INCIDENT, version=3, by=BOB, text="rolled back"),
            "note by bob: rolled back",
        ),
    ],
)
def test_each_fact_is_a_plain_sentence(data: Event, text: str) -> None:
    assert sentence(data) == text


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (notification(e.NotificationSent), "contact method mail, attempt 1"),
        (
            notification(e.NotificationFailed, kind="transient", reason="503", retry_at=at(9)),
            "contact method mail, attempt 1; another attempt at 2026-03-03 02:14:09 UTC",
        ),
        (acknowledged(2, via="slack", until=at(60)), "via slack; until 2026-03-03 02:15:00 UTC"),
        (alert_ended(2), "received once"),
        (alert_ended(2, times_received=3), "received 3 times"),
        (resolved(2), ""),
    ],
)
def test_the_detail_says_how_and_until_when(data: Event, detail: str) -> None:
    (entry,) = timeline([envelope("e1", 0, data)])
    assert entry.detail == detail


def test_every_type_of_event_has_a_sentence_of_its_own() -> None:
    from_other_topics = {"alert-events", "catalog"}
    dispatch = {kind for kind in ALL if kind.TOPIC not in from_other_topics}
    # They belong to no incident.
    of_silences = {e.SilenceChanged, e.SilenceRefused, e.CreateSilence, e.ExpireSilence}
    of_schedules = {e.OverrideSchedule, e.EndOverride, e.LeaveHandoffNote}
    assert dispatch - known_sentences() == of_silences | of_schedules


def known_sentences() -> set[type[Event]]:
    return set(sentences._text.registry)
