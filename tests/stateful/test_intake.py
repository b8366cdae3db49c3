"""Intake: one open incident for each identity, versions without a gap, counts that are right."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from incident_intake.adapters.memory import MemoryIntakeUnitOfWork
from incident_intake.adapters.sql import SqlIntakeUnitOfWork
from incident_intake.domain.alert import alert_id
from incident_intake.domain.suppression import Silence
from incident_intake.entrypoints.kafka import subscriptions
from incident_intake.handlers import Handlers
from incident_intake.handlers.silences import Who
from incident_intake.ports import IncidentFilter
from tests.stateful.intake_model import RANKED, Alert, Intake, Key
from tests.stateful.machine import AT_ONCE, CRASHES, Backend, Crash, Feed, Machine, run_machine
from tests.unit.incident_intake.world import catalog, message
from tocsin.events import (
    AcknowledgeIncident,
    Actor,
    AddNote,
    AlertEvent,
    AlertSuppressed,
    Command,
    CommandRefused,
    Envelope,
    Event,
    IncidentEvent,
    ResolveIncident,
    SilenceChanged,
    SnoozeIncident,
)
from tocsin.holder import CatalogHolder
from tocsin.topics import ALERT_EVENTS, COMMANDS

SERVICES: dict[str, Any] = {
    "single": {"acknowledgement_timeout": "10m"},
    "grouped": {"grouping": {"by": ["cluster"], "window": "1h"}},
    "kept": {"auto_resolve": False},
}
KEYS: st.SearchStrategy[Key] = st.sampled_from(
    [("single", "a"), ("grouped", "b"), ("grouped", "c"), ("grouped", "b"), ("kept", "e")]
)
WHO = Who(Actor(kind="user", name="ada"))
LEFT, STAYS = ("grouped", "b"), ("grouped", "c")
COMMANDS_OF: dict[str, type[Command]] = {
    "acknowledge": AcknowledgeIncident,
    "resolve": ResolveIncident,
    "snooze": SnoozeIncident,
    "note": AddNote,
}


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


class Receiving(Machine):
    """Alerts repeated, overtaken and split at random; commands late and doubled; silences."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend, "incident_intake", MemoryIntakeUnitOfWork, SqlIntakeUnitOfWork)
        self.handlers = Handlers(CatalogHolder(catalog(**SERVICES)), self.clock.now())
        self.clock.advance(timedelta(hours=1))
        by_topic = {one.topic.name: one for one in subscriptions(self.handlers)}
        self.events = Feed(self.consumer("incident-intake", by_topic[ALERT_EVENTS.name]))
        self.commands = Feed(self.consumer("incident-intake", by_topic[COMMANDS.name]))
        self.loop = self.timers(self.handlers.on_timers)
        self.model = Intake()
        self.handled: set[str] = set()
        self.facts: dict[str, list[IncidentEvent]] = defaultdict(list)

    @initialize(keys=st.sets(KEYS))
    def begins(self, keys: set[Key]) -> None:
        for key in sorted(keys):
            self.tool_says(key, True, "error", 0, None, at_once=True)

    # ------------------------------------------------------------- what arrives
    @rule(
        key=KEYS,
        is_trigger=st.sampled_from([True, True, False]),
        severity=st.sampled_from(RANKED),
        lag=st.sampled_from([0, 0, 0, 1]),
        expires=st.sampled_from([None, None, 5, 20]),
        at_once=AT_ONCE,
    )
    def tool_says(
        self,
        key: Key,
        is_trigger: bool,
        severity: Any,
        lag: int,
        expires: int | None,
        at_once: bool,
    ) -> None:
        """A message about an alert; with a lag it was overtaken on its way."""
        at = self.clock.now() - minutes(lag)
        event = message(
            key[1],
            "trigger" if is_trigger else "resolve",
            at=at,
            service=key[0],
            severity=severity,
            expires_at=at + minutes(expires) if expires else None,
            labels={"cluster": "eu"},
        )
        self.events.append(Envelope(event, self.clock.now(), "incident-intake"))
        if at_once:
            self.hears(is_alerts=True, size=self.events.behind, crash="")

    @precondition(lambda self: self.model.incidents)
    @rule(
        what=st.sampled_from(["acknowledge", "acknowledge", "resolve", "snooze", "snooze", "note"]),
        number=st.integers(0, 3),
        by=st.sampled_from(["ada", "bob"]),
        later=st.sampled_from([-1, 5, 30]),
        twice=st.booleans(),
        at_once=AT_ONCE,
    )
    def person_says(
        self, what: str, number: int, by: str, later: int, twice: bool, at_once: bool
    ) -> None:
        names = [*self.model.incidents]
        more: dict[str, Any] = {"snooze": {"until": self.clock.now() + minutes(later)}}
        more["note"] = {"text": "looking"}
        command = COMMANDS_OF[what](
            incident_id=names[-1 - number % len(names)],
            by=Actor(kind="user", name=by),
            **more.get(what, {}),
        )
        for _ in range(1 + twice):
            self.commands.append(Envelope(command, self.clock.now(), "cli"))
        if at_once:
            self.hears(is_alerts=False, size=self.commands.behind, crash="")

    @rule(key=KEYS, lasting=st.sampled_from([3, 15, 90]), begins=st.sampled_from([0, 0, 2]))
    def silence_is_added(self, key: Key, lasting: int, begins: int) -> None:
        now = self.clock.now()
        name = f"silence-{len(self.model.silences) + 1:03}"
        span = (now + minutes(begins), now + minutes(begins + lasting))
        matchers = (f'dedup_key="{key[1]}"',)
        self.run(self.adds(Silence(name, matchers, *span, created_by="ada", created_at=now)))
        self.model.silences[name] = (key, *span)

    async def adds(self, silence: Silence) -> None:
        async with self.store.begin() as uow:
            await self.handlers.on_silence_added(uow, silence, WHO, self.clock.now())

    @precondition(lambda self: self.model.silences)
    @rule(number=st.integers(0, 9))
    def silence_is_ended(self, number: int) -> None:
        """At once: what fires behind it is judged anew."""
        name = [*self.model.silences][number % len(self.model.silences)]
        now = self.clock.now()
        self.run(self.expires(name))
        key, since, until = self.model.silences[name]
        if now < until:
            self.model.silences[name] = (key, min(since, now), now)
        self.time_passes(0, "")

    async def expires(self, name: str) -> None:
        async with self.store.begin() as uow:
            await self.handlers.on_silence_expired(uow, name, WHO, self.clock.now())

    # ------------------------------------------------------------- what intake hears
    @rule(is_alerts=st.booleans(), size=st.integers(1, 7), crash=st.sampled_from(CRASHES))
    def hears(self, is_alerts: bool, size: int, crash: Crash) -> None:
        feed = self.events if is_alerts else self.commands
        expected: list[str] = []
        if crash != "before the commit":
            for envelope in feed.batch(size):
                if envelope.event_id not in self.handled:
                    self.handled.add(envelope.event_id)
                    expected += self.predicted(envelope)
        self.killed(feed.deliver(size), crash)
        self.check(expected)

    def predicted(self, envelope: Envelope[Event]) -> list[str]:
        data, now = envelope.data, self.clock.now()
        if isinstance(data, AlertEvent):
            key = (data.service, data.dedup_key)
            if data.action == "resolve":
                return self.model.resolve(key, data.received_at)
            said = Alert(data.severity, data.received_at, data.expires_at)
            return self.model.trigger(key, said, envelope.event_id, now)
        assert isinstance(data, Command)
        what = {kind: name for name, kind in COMMANDS_OF.items()}[type(data)]
        until = data.until if isinstance(data, SnoozeIncident) else now
        return self.model.command(what, data.incident_id, data.by.name, until, now)

    @rule(is_alerts=st.booleans(), by=st.integers(1, 9))
    def old_offset_is_committed(self, is_alerts: bool, by: int) -> None:
        (self.events if is_alerts else self.commands).rewind(by)

    @rule(passed=st.sampled_from([0.5, 2, 6, 16, 61]), crash=st.sampled_from(CRASHES))
    def time_passes(self, passed: float, crash: Crash) -> None:
        """Any time, unseen: what ran out in it runs out at its end."""
        self.clock.advance(minutes(passed))
        self.fires(crash)

    @rule(crash=st.sampled_from(CRASHES))
    def next_timer_fires_in_time(self, crash: Crash) -> None:
        if due := self.run(self.store.next_due()):
            self.clock.move_to(due)
            self.fires(crash)

    def fires(self, crash: Crash) -> None:
        expected: list[str] = []
        if crash != "before the commit":
            expected = self.model.due(self.clock.now())
        self.killed(self.loop.fire(), crash)
        self.check(expected)

    # ------------------------------------------------------------- what must hold
    def check(self, expected: list[str]) -> None:
        """What is published is what the model says, and its versions have no gap."""
        published = [one.data for one in self.published()]
        told = [fact for fact in published if not isinstance(fact, SilenceChanged)]
        assert Counter(_words(fact) for fact in told) == Counter(expected)
        for fact in published:
            if isinstance(fact, IncidentEvent):
                self.facts[fact.incident_id].append(fact)
                assert fact.version == len(self.facts[fact.incident_id])

    @invariant()
    def all_is_well(self) -> None:
        incidents, alerts, members = self.run(self.stored())
        assert incidents.keys() == self.model.incidents.keys()
        for name, incident in incidents.items():
            wanted = self.model.incidents[name]
            assert (incident.status, incident.version) == (wanted.status, wanted.version)
            assert incident.version == len(self.facts[name])
            assert incident.severity == wanted.severity
            assert incident.wakes_at == wanted.wakes
            assert members[name] == {alert_id(*key): how for key, how in wanted.members.items()}
            assert incident.alerts.by_status() == wanted.counts()
        unique = [one.group_key for one in incidents.values() if one.is_open]
        unique = [one for one in unique if not one.startswith("grouped")]
        assert len(unique) == len(set(unique)), "one open incident for each identity"
        assert {one: how for one, (how, _) in alerts.items()} == {
            alert_id(*key): alert.status for key, alert in self.model.alerts.items()
        }
        self.deadlines_are_set(incidents, alerts)

    def deadlines_are_set(self, incidents: Any, alerts: dict[str, tuple[str, Any]]) -> None:
        """Whatever ends by itself has a timer that is not too late."""
        due: dict[str, list[datetime]] = defaultdict(list)
        for subject, at in self.timers_set().values():
            due[subject].append(at)
        for name, incident in incidents.items():
            assert incident.wakes_at is None or incident.wakes_at in due[name]
        for name, (how, expires) in alerts.items():
            assert how == "over" or expires is None or expires in due[name]
        for key, alert in self.model.alerts.items():
            if alert.status == "suppressed":
                assert min(due[alert_id(*key)]) <= self.model.silences[alert.silence][2]

    async def stored(self) -> tuple[Any, dict[str, tuple[str, Any]], dict[str, dict[str, str]]]:
        async with self.store.read() as uow:
            incidents = {
                one.incident_id: one
                for one in await uow.incidents.listed(IncidentFilter(), None, 99)
            }
            found = await uow.alerts.load([alert_id(*key) for key in self.model.alerts])
            members = {
                name: {part.alert_id: part.status for part, _ in await uow.alerts.members(name, 99)}
                for name in incidents
            }
        over = {"resolved": "over", "expired": "over"}
        alerts = {
            name: (over.get(one.status, one.status), one.expires_at) for name, one in found.items()
        }
        return incidents, alerts, members

    def ends(self) -> None:
        """Delivered again from the beginning, nothing changes."""
        for is_alerts in (True, False, True):
            self.hears(is_alerts, 10_000, "")
        self.all_is_well()
        for is_alerts in (True, False):
            self.old_offset_is_committed(is_alerts, 10_000)
            self.hears(is_alerts, 10_000, "")
        self.all_is_well()


def _words(fact: Event) -> str:
    match fact:
        case AlertSuppressed(dedup_key=key):
            return f"AlertSuppressed {key}"
        case CommandRefused(incident_id=name):
            return f"CommandRefused {name}"
        case IncidentEvent(incident_id=name, version=version):
            return f"{type(fact).__name__} {name} v{version}"
        case _:
            return str(fact)


@pytest.mark.parametrize("backend", ["memory", "sqlite"])
def test_incidents_are_what_tools_and_people_said(backend: Backend) -> None:
    run_machine(lambda: Receiving(backend), 40 if backend == "memory" else 10)


@pytest.fixture(params=["memory", "sqlite"])
def receiving(request: pytest.FixtureRequest) -> Iterator[Receiving]:
    """The machine, driven by hand: one alert of a group has ended, the other still fires."""
    machine = Receiving(request.param)
    for key, is_trigger in ((LEFT, True), (STAYS, True)):
        says(machine, key, is_trigger=is_trigger)
    yield machine
    machine.teardown()


def says(machine: Receiving, key: Key, *, is_trigger: bool, expires: int | None = None) -> None:
    machine.tool_says(key, is_trigger, "critical", 0, expires, at_once=True)


def test_an_alert_that_returns_from_behind_a_silence_is_counted_once(receiving: Receiving) -> None:
    says(receiving, LEFT, is_trigger=False)
    receiving.silence_is_added(LEFT, lasting=15, begins=0)
    says(receiving, LEFT, is_trigger=True)
    receiving.time_passes(16, "")
    receiving.all_is_well()
    (incident,) = receiving.model.incidents.values()
    assert incident.counts() == {"firing": 2, "resolved": 0, "expired": 0}


def test_an_alert_that_ran_out_and_was_resolved_late_is_counted_once(receiving: Receiving) -> None:
    says(receiving, LEFT, is_trigger=True, expires=5)
    receiving.time_passes(6, "")
    says(receiving, LEFT, is_trigger=False)
    says(receiving, LEFT, is_trigger=True)
    receiving.all_is_well()
    (incident,) = receiving.model.incidents.values()
    assert incident.counts() == {"firing": 2, "resolved": 0, "expired": 0}
