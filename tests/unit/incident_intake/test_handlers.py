"""Alert events, commands and timers, through the handlers, over a store in memory."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_intake.adapters.memory import MemoryIntakeUnitOfWork
from incident_intake.handlers import Handlers
from tests.unit.incident_intake.world import World, catalog, message, names, seconds
from tocsin.events import (
    AcknowledgeIncident,
    Actor,
    AddNote,
    AlertAdded,
    CommandRefused,
    DeadLettered,
    Envelope,
    IncidentAcknowledged,
    IncidentResolved,
    IncidentTriggered,
    OpenIncident,
    RawPayload,
    ResolveIncident,
    SeverityChanged,
    SnoozeIncident,
    UnreadableAlert,
)
from tocsin.holder import CatalogHolder
from tocsin.testing import START, MemoryStore

ADA = Actor(kind="user", name="ada")
MINUTE = timedelta(minutes=1)
GROUPED: dict[str, Any] = {
    "grouping": {"by": ["cluster"], "window": "1h"},
    "escalation_policy": "payments",
    "team": "payments",
    "runbook": "https://runbooks.example.org",
    "acknowledgement_timeout": "30m",
}


def grouped() -> World:
    return World(CatalogHolder(catalog(checkout=GROUPED)))


async def test_a_trigger_opens_an_incident_with_all_that_escalation_needs() -> None:
    world = grouped()
    (fact,) = await world.rings(message(labels={"cluster": "eu"}, severity="warning"))
    assert isinstance(fact, IncidentTriggered)
    assert (fact.version, fact.number, fact.service) == (1, 1, "checkout")
    assert (fact.severity, fact.urgency) == ("warning", "low")
    assert (fact.escalation_policy, fact.team) == ("payments", "payments")
    assert fact.runbook == "https://runbooks.example.org"
    assert fact.alert is not None
    assert fact.alert.dedup_key == "disk"
    assert fact.rule == "grouped by cluster"
    assert fact.catalog_version == 1


async def test_repeats_are_counted_and_tell_nobody() -> None:
    world = World()
    await world.rings(message())
    for count in range(5):
        assert await world.rings(message(at=START + seconds(count))) == []
    assert world.alert().times_received == 6
    assert len(world.incidents()) == 1


async def test_an_incident_resolves_with_the_last_of_its_alerts() -> None:
    world = grouped()
    await world.rings(message("a", labels={"cluster": "eu"}))
    (joined,) = await world.rings(message("b", labels={"cluster": "eu"}))
    assert isinstance(joined, AlertAdded)
    assert names(await world.rings(message("a", "resolve"))) == ["AlertResolved"]
    assert names(await world.rings(message("b", "resolve"))) == [
        "AlertResolved",
        "IncidentResolved",
    ]
    (incident,) = world.incidents()
    assert incident.alerts.by_status() == {"firing": 0, "resolved": 2, "expired": 0}
    assert incident.version == 5


async def test_a_service_can_keep_its_incidents_open() -> None:
    world = World(CatalogHolder(catalog(checkout={"auto_resolve": False})))
    await world.rings(message())
    assert names(await world.rings(message(action="resolve"))) == ["AlertResolved"]
    (again,) = await world.rings(message(at=START + MINUTE))
    assert isinstance(again, AlertAdded)
    assert again.reopened


async def test_past_its_window_a_group_opens_a_new_incident() -> None:
    world = grouped()
    await world.rings(message("a", labels={"cluster": "eu"}))
    world.clock.advance(timedelta(hours=1))
    facts = await world.rings(message("b", labels={"cluster": "eu"}, at=world.clock.now()))
    assert names(facts) == ["IncidentTriggered"]
    assert [incident.number for incident in world.incidents()] == [1, 2]


async def test_the_incident_is_as_severe_as_the_worst_of_its_alerts() -> None:
    world = grouped()
    await world.rings(message("a", labels={"cluster": "eu"}, severity="warning"))
    added, worse = await world.rings(message("b", labels={"cluster": "eu"}, severity="critical"))
    assert isinstance(worse, SeverityChanged)
    assert (added.version, worse.version) == (2, 3)  # type: ignore[attr-defined]
    assert (worse.previous, worse.severity, worse.urgency) == ("warning", "critical", "high")
    facts = await world.rings(message("b", "resolve"))
    assert names(facts) == ["AlertResolved", "SeverityChanged"]
    assert world.incidents()[0].urgency == "low"


async def test_a_repeat_that_is_worse_changes_the_severity() -> None:
    world = World()
    await world.rings(message(severity="warning"))
    (fact,) = await world.rings(message(severity="critical"))
    assert isinstance(fact, SeverityChanged)


async def test_after_a_resolve_a_trigger_opens_anew() -> None:
    world = World()
    await world.rings(message(), message(action="resolve"))
    (fact,) = await world.rings(message(at=START + MINUTE))
    assert isinstance(fact, IncidentTriggered)
    assert fact.number == 2
    first, second = world.incidents()
    parts = world.store.tables["memberships"]
    alert_id = world.alert().alert_id
    assert parts[first.incident_id, alert_id].status == "resolved"
    assert parts[second.incident_id, alert_id].status == "firing"


async def test_a_tool_acknowledges() -> None:
    world = grouped()
    await world.rings(message())
    (fact,) = await world.rings(message(action="acknowledge"))
    assert isinstance(fact, IncidentAcknowledged)
    assert fact.by == Actor(kind="integration", name="tests")
    assert fact.until == START + timedelta(minutes=30)
    assert await world.rings(message(), message(action="acknowledge")) == []


async def test_resolve_and_acknowledge_of_nothing_open_nothing() -> None:
    world = World()
    assert await world.rings(message(action="resolve"), message(action="acknowledge")) == []
    assert world.incidents() == []


async def test_an_acknowledgement_runs_out() -> None:
    world = grouped()
    await world.rings(message(), message(action="acknowledge"))
    assert await world.passes(timedelta(minutes=29)) == []
    (fact,) = await world.passes(MINUTE)
    assert names([fact]) == ["IncidentUnacknowledged"]
    assert await world.passes(timedelta(days=1)) == []


async def test_a_resolved_incident_forgets_its_timers() -> None:
    world = grouped()
    await world.rings(message(), message(action="acknowledge"), message(action="resolve"))
    assert await world.store.next_due() is None


async def test_commands() -> None:
    world = World()
    await world.rings(message())
    identity = world.incidents()[0].incident_id
    until = START + timedelta(hours=2)
    facts = await world.rings(
        AcknowledgeIncident(incident_id=identity, by=ADA, via="slack"),
        SnoozeIncident(incident_id=identity, by=ADA, until=until),
        AddNote(incident_id=identity, by=ADA, text="looking"),
    )
    assert names(facts) == ["IncidentAcknowledged", "IncidentSnoozed", "NoteAdded"]
    assert names(await world.passes(timedelta(hours=2))) == ["IncidentUnacknowledged"]
    (resolved,) = await world.rings(ResolveIncident(incident_id=identity, by=ADA))
    assert isinstance(resolved, IncidentResolved)
    assert world.alert().status == "resolved"
    (refused,) = await world.rings(AcknowledgeIncident(incident_id=identity, by=ADA))
    assert isinstance(refused, CommandRefused)
    assert "already resolved by ada" in refused.reason
    (unknown,) = await world.rings(ResolveIncident(incident_id="inc_0", by=ADA))
    assert isinstance(unknown, CommandRefused)


async def test_an_incident_opened_by_hand_once() -> None:
    world = World()
    command = OpenIncident(incident_id="inc_hand", by=ADA, title="Smoke", service="checkout")
    (fact,) = await world.rings(command, command)
    assert isinstance(fact, IncidentTriggered)
    assert (fact.source, fact.alert, fact.by) == ("manual", None, ADA)
    assert await world.rings(ResolveIncident(incident_id="inc_hand", by=ADA)) != []


async def test_what_fires_on_after_a_person_resolved_opens_anew() -> None:
    world = World()
    await world.rings(message())
    world.clock.advance(MINUTE)
    await world.rings(ResolveIncident(incident_id=world.incidents()[0].incident_id, by=ADA))
    assert await world.rings(message(at=START)) == [], "it was in the backlog"
    facts = await world.rings(message(at=world.clock.now() + seconds(1)))
    assert names(facts) == ["IncidentTriggered"]


async def test_an_alert_that_is_not_sent_again_expires() -> None:
    world = World()
    await world.rings(message(expires_at=START + 5 * MINUTE))
    await world.rings(message(at=START + MINUTE, expires_at=START + 6 * MINUTE))
    assert await world.passes(5 * MINUTE) == []
    ended, resolved = await world.passes(MINUTE)
    assert getattr(ended, "reason", "") == "expired"
    assert isinstance(resolved, IncidentResolved)
    assert resolved.by.kind == "tocsin"
    assert world.alert().status == "expired"


async def test_nothing_expires_for_our_own_absence() -> None:
    """While we were away nobody could send again; each sender gets five minutes first."""
    world = World()
    await world.rings(message(expires_at=START + 5 * MINUTE))
    back = START + timedelta(hours=1)
    world.clock.move_to(back)
    handlers = Handlers(world.catalog, back)

    async def fires_timers() -> None:
        async with world.store.begin() as uow:
            due = await uow.take_due(world.clock.now(), 10)
            await handlers.on_timers(uow, due, world.clock.now())

    await fires_timers()
    assert await world.facts() == []
    assert await world.store.next_due() == back + 5 * MINUTE
    world.clock.move_to(back + 5 * MINUTE)
    await fires_timers()
    assert names(await world.facts()) == ["AlertResolved", "IncidentResolved"]


async def test_an_unreadable_body_opens_one_incident_and_is_kept() -> None:
    world = World()
    body = UnreadableAlert(
        integration="tests",
        source="alertmanager",
        service="checkout",
        reason="alerts: must be an array",
        received_at=START,
        raw=RawPayload(body="{}"),
    )
    facts = await world.rings(body, body)
    assert sorted(names(facts)) == ["DeadLettered", "DeadLettered", "IncidentTriggered"]
    (incident,) = world.incidents()
    assert incident.source == "tocsin"
    assert "tests" in incident.title
    assert "alerts: must be an array" in incident.description
    assert len(world.store.tables["dead_letters"]) == 2


async def test_a_dead_letter_of_any_service_wakes_somebody() -> None:
    world = World()
    letter = DeadLettered(
        dead_letter_id="1",
        consumer="notifier.pages",
        topic="pages",
        partition=0,
        offset=4,
        origin_key="inc_1",
        reason="data.level: is missing",
        error="Undecodable",
        payload="",
        first_seen_at=START,
    )
    own = letter.model_copy(update={"error": "UnreadableAlert"})
    loop = letter.model_copy(update={"consumer": "incident-intake.dead-letters"})
    (fact,) = await world.rings(letter, letter, own, loop)
    assert isinstance(fact, IncidentTriggered)
    assert (fact.source, fact.service) == ("tocsin", "checkout")


async def test_a_replay_of_the_same_events_opens_nothing_twice() -> None:
    """The inbox may have forgotten them: the ids of incidents come from the events."""
    world = World()
    events = [Envelope(message(), START, "tests"), Envelope(message(action="resolve"), START, "t")]
    await world.store_handles(events)
    assert len(await world.facts()) == 3
    await world.store_handles(events)
    assert await world.facts() == []
    assert len(world.incidents()) == 1


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=25))
async def test_one_batch_is_the_same_as_one_by_one(steps: list[tuple[str, bool]]) -> None:
    envelopes = [
        Envelope(
            message(
                key,
                "trigger" if fires else "resolve",
                at=START + seconds(count),
                labels={"cluster": "eu"},
            ),
            START,
            "tests",
            event_id=f"event-{count}",
        )
        for count, (key, fires) in enumerate(steps)
    ]
    handlers = Handlers(CatalogHolder(catalog(checkout=GROUPED)), START)
    batched, single = MemoryStore(MemoryIntakeUnitOfWork), MemoryStore(MemoryIntakeUnitOfWork)
    async with batched.begin() as uow:
        await handlers.on_alert_events(uow, envelopes, START)
    for envelope in envelopes:
        async with single.begin() as uow:
            await handlers.on_alert_events(uow, [envelope], START)
    for table in ("alerts", "incidents", "memberships", "counters", "timers"):
        assert batched.tables.get(table, {}) == single.tables.get(table, {})
    assert await batched.take_outbox(1000) == await single.take_outbox(1000)


@pytest.mark.parametrize("service", ["gone", "unrouted"])
async def test_a_service_that_the_catalog_does_not_know_still_opens(service: str) -> None:
    world = World()
    (fact,) = await world.rings(message(service=service))
    assert isinstance(fact, IncidentTriggered)
    assert (fact.service, fact.escalation_policy) == (service, None)
