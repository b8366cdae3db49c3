"""Escalation: always a deadline or an answer, nobody early, nobody twice, nobody after an answer."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from escalation.adapters.memory import MemoryEscalationUnitOfWork
from escalation.adapters.sql import SqlEscalationUnitOfWork
from escalation.domain.status import Halted
from escalation.entrypoints.kafka import subscriptions
from escalation.handlers import (
    CatalogHandlers,
    ClimbHandlers,
    NoteHandlers,
    OverrideCommandHandlers,
    OverrideHandlers,
)
from tests.stateful.climb_model import Climb, Directory, asked_id
from tests.stateful.machine import CRASHES, Backend, Crash, Feed, Machine, run_machine
from tests.unit.escalation.examples import ADA, catalog, level, people, policy, triggered
from tocsin.catalog import Catalog
from tocsin.events import (
    Actor,
    AlertAdded,
    AlertSummary,
    Envelope,
    EscalateIncident,
    EscalationExhausted,
    EscalationStarted,
    Event,
    IncidentAcknowledged,
    IncidentEscalated,
    IncidentEvent,
    IncidentMerged,
    IncidentReassigned,
    IncidentReopened,
    IncidentResolved,
    IncidentSnoozed,
    IncidentTriggered,
    IncidentUnacknowledged,
    LevelSkipped,
    NoteAdded,
    PageRequested,
    PageWithdrawn,
    ResponderUnreachable,
    SeverityChanged,
)
from tocsin.holder import CatalogHolder
from tocsin.testing import START
from tocsin.unit_of_work import Timer

EVERYBODY = ("ada", "bob", "eve")
directories = st.builds(
    Directory,
    alive=st.sets(st.sampled_from((*EVERYBODY, "carol")), min_size=1).map(frozenset),
    levels=st.lists(
        st.tuples(
            st.lists(st.sampled_from(EVERYBODY), max_size=2).map(tuple),
            st.sampled_from([0, 10, 60, 300]).map(lambda count: timedelta(seconds=count)),
            st.booleans(),
        ),
        min_size=1,
        max_size=3,
    ).map(tuple),
    repeat=st.integers(0, 1),
    resort=st.sampled_from(["carol", "carol", None]),
)
ALERT = AlertSummary(
    alert_id="a2", dedup_key="k2", title="more", severity="critical", source="generic"
)
LEADS = {  # What intake may say of an incident in each of its states, and where that leads.
    "triggered": (
        *("acknowledged", "snoozed", "resolved", "merged", "told", "urgent", "reassigned"),
        *("escalated", "escalated to eve"),
    ),
    "acknowledged": (
        *("unacknowledged", "snoozed", "resolved", "merged", "told", "urgent", "reassigned"),
        "answered as well",
        *("escalated", "escalated to eve"),
    ),
    "resolved": ("reopened",),
    "merged": (),
}


BOB = Actor(kind="user", name="bob")
BY_ADA: dict[str, Any] = {"by": ADA}
RISE = {"severity": "critical", "urgency": "high", "previous": "info"}
SAID: dict[str, tuple[type[Event], dict[str, Any]]] = {
    "acknowledged": (IncidentAcknowledged, BY_ADA),
    "snoozed": (IncidentSnoozed, {**BY_ADA, "until": START + timedelta(days=365)}),
    "unacknowledged": (IncidentUnacknowledged, {"reason": "acknowledgement-timeout"}),
    "resolved": (IncidentResolved, {**BY_ADA, "reason": "command"}),
    "merged": (IncidentMerged, {**BY_ADA, "into": "i9"}),
    "reopened": (IncidentReopened, BY_ADA),
    "reassigned": (IncidentReassigned, {**BY_ADA, "to": ("bob", "ada")}),
    "escalated": (IncidentEscalated, {**BY_ADA, "to": ("bob", "ada")}),
    "escalated to eve": (IncidentEscalated, {**BY_ADA, "to": ("eve",)}),
    "urgent": (SeverityChanged, RISE),
    "answered as well": (NoteAdded, {"by": BOB, "text": "mine", "acknowledged": True}),
    "told": (AlertAdded, {"alert": ALERT, "rule": "grouped"}),
}


def catalog_of(given: Directory, version: int) -> Catalog:
    last = {"last_resort": {"user": given.resort}} if given.resort else {}
    steps = [
        level(*who, after=f"{wait.seconds}s") | ({"when": {"urgency": "high"}} if urgent else {})
        for who, wait, urgent in given.levels
    ]
    return catalog(
        version,
        User={name: {} for name in (*EVERYBODY, "carol")} | people(*given.alive),
        Service={"checkout": {"escalation_policy": "payments"}},
        EscalationPolicy={"payments": policy(*steps, repeat=given.repeat)},
        Settings={"installation": last},
    )


class Climbing(Machine):
    """Two incidents, three topics in any order, timers late and doubled, a catalog that changes."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend, "escalation", MemoryEscalationUnitOfWork, SqlEscalationUnitOfWork)
        self.holder = CatalogHolder()
        handlers = ClimbHandlers(self.holder)
        overriding = OverrideCommandHandlers(OverrideHandlers(CatalogHandlers(self.holder)))
        incidents, commands, notifications = subscriptions(handlers, overriding, NoteHandlers())
        self.loop = self.timers(handlers.on_timers)
        self.incidents = {one: Feed(self.consumer("escalation", incidents)) for one in ("i1", "i2")}
        self.commands = Feed(self.consumer("escalation", commands))
        self.notifications = Feed(self.consumer("escalation", notifications))
        self.life = {"i1": ("", 0), "i2": ("", 0)}
        self.handled: set[str] = set()
        self.known = {"i1": False, "i2": False}
        self.expected: Counter[str] = Counter()
        self.pages: dict[str, PageRequested] = {}
        self.event_ids: set[str] = set()
        self.old_timers: dict[str, str] = {}

    @initialize(given=directories, lost=st.booleans())
    def begins(self, given: Directory, lost: bool) -> None:
        self.models = {one: Climb(one, given) for one in ("i1", "i2")}
        self.holder.replace(catalog_of(given, 1))
        for one in ("i1", "i2"):
            self.lives(one, "triggered")
        if lost:  # Its trigger was purged before escalation could read it.
            self.incidents["i2"].envelopes.clear()

    # ------------------------------------------------------------- what the world does
    @rule(given=directories)
    def catalog_changes(self, given: Directory) -> None:
        self.holder.replace(catalog_of(given, self.holder.current.version + 1))
        for model in self.models.values():
            model.catalog = given

    @rule(incident=st.sampled_from(["i1", "i2"]), choice=st.integers(0, 9))
    def happens(self, incident: str, choice: int) -> None:
        """Intake, whose incidents have versions without a gap, says one thing more of one."""
        if leads := LEADS[self.life[incident][0]]:
            self.lives(incident, leads[choice % len(leads)])

    def lives(self, incident: str, what: str) -> None:
        state, version = self.life[incident][0], self.life[incident][1] + 1
        states = {
            **dict.fromkeys(["unacknowledged", "reopened", "reassigned"], "triggered"),
            "snoozed": "acknowledged",
        }
        if what in {"told", "urgent", "answered as well"} or what.startswith("escalated"):
            states = {what: state}
        state = states.get(what, what)
        self.life[incident] = (state, version)
        event = _event(what, incident_id=incident, version=version)
        self.incidents[incident].append(Envelope(event, self.clock.now(), "incident-intake"))

    @rule(incident=st.sampled_from(["i1", "i2"]))
    def somebody_wants_more(self, incident: str) -> None:
        wish = EscalateIncident(incident_id=incident, by=ADA)
        self.commands.append(Envelope(wish, self.clock.now(), "cli"))

    @precondition(lambda self: self.pages)
    @rule(number=st.integers(0, 50))
    def page_reaches_nobody(self, number: int) -> None:
        """Told of any page ever asked for: late, doubled, withdrawn long ago."""
        page_id = [*self.pages][-1 - number % len(self.pages)]
        page = self.pages[page_id]
        told = ResponderUnreachable(
            incident_id=page.incident_id,
            page_id=page_id,
            responder=page.responder,
            reason="no method works",
        )
        self.notifications.append(Envelope(told, self.clock.now(), "notifier"))

    # ------------------------------------------------------------- what escalation hears
    @rule(
        source=st.sampled_from(["i1", "i2", "commands", "notifications"]),
        size=st.integers(1, 4),
        crash=st.sampled_from(CRASHES),
    )
    def hears(self, source: str, size: int, crash: Crash) -> None:
        feed = (
            self.incidents.get(source)
            or {
                "commands": self.commands,
                "notifications": self.notifications,
            }[source]
        )
        if feed.behind and crash != "before the commit":
            for envelope in feed.batch(size):
                if envelope.event_id not in self.handled:
                    self.handled.add(envelope.event_id)
                    self.expect(envelope.data.key, self.predicted(envelope.data))
        self.killed(feed.deliver(size), crash)
        self.check()

    def predicted(self, event: Event) -> list[str]:
        model, now = self.models[event.key], self.clock.now()
        match event:
            case EscalateIncident():
                return model.wished(now)
            case ResponderUnreachable(page_id=page_id):
                return model.hopeless(page_id, now)
            case NoteAdded(version=version, by=by):
                return model.answered_as_well(by.name) if version > model.seen else []
            case IncidentEvent(version=version):
                was_heard = model.seen > 0
                return self.lived(event, was_heard=was_heard) if model.is_news(version) else []
            case _:
                raise AssertionError(event)

    def lived(self, event: IncidentEvent, *, was_heard: bool) -> list[str]:
        model, now, known = self.models[event.key], self.clock.now(), self.known[event.key]
        match event:
            case IncidentAcknowledged() | IncidentSnoozed() | IncidentResolved() | IncidentMerged():
                return model.answered(event.TYPE.rpartition("incident-")[2].split(".")[0])
            case IncidentTriggered():
                self.known[event.key], model.is_urgent = True, False
                return model.start(now, known=True)
            case IncidentReassigned(to=to):
                return model.reassigned(to, now)
            case IncidentEscalated(to=to):
                first = [] if was_heard else model.start(now, known=known)
                return [*first, *model.asked(to, now)]
            case IncidentUnacknowledged() if model.cycle and model.has_policy:
                return model.again(now)
            case IncidentReopened() | IncidentUnacknowledged():
                return model.start(now, known=known)
            case SeverityChanged() if model.cycle:
                return model.rises(now)
            case _:  # What is heard first of an incident may be all that is left of its beginning.
                return [] if was_heard else model.start(now, known=known)

    @rule(source=st.sampled_from(["i1", "i2", "commands", "notifications"]), by=st.integers(1, 9))
    def old_offset_is_committed(self, source: str, by: int) -> None:
        others = {"commands": self.commands, "notifications": self.notifications}
        (self.incidents.get(source) or others[source]).rewind(by)

    # ------------------------------------------------------------- time
    @rule(
        seconds=st.sampled_from([1, 9, 30, 31, 60, 299, 301, 4000]), crash=st.sampled_from(CRASHES)
    )
    def time_passes(self, seconds: int, crash: Crash) -> None:
        """Any time, unseen: the timers fire once at its end, as after an outage."""
        self.clock.advance(timedelta(seconds=seconds))
        self.fires(crash)

    @rule(crash=st.sampled_from(CRASHES))
    def next_timer_fires_in_time(self, crash: Crash) -> None:
        if due := self.run(self.store.next_due()):
            self.clock.move_to(due)
            self.fires(crash)

    def fires(self, crash: Crash) -> None:
        """A climb has several timers; one that waits for nothing takes a step for each."""
        now = self.clock.now()
        due = [subject for subject, at in self.timers_set().values() if at <= now]
        if crash != "before the commit":
            for incident in due:
                self.expect(incident, self.models[incident].late(now))
        self.killed(self.loop.fire(), crash)
        self.check()

    @precondition(lambda self: self.old_timers)
    @rule()
    def old_timers_come_again(self) -> None:
        """Every timer that there ever was, at once."""

        async def set_again() -> None:
            async with self.store.begin() as uow:
                now = self.clock.now()
                await uow.set_timers(
                    [
                        Timer(one, "escalation", subject, now)
                        for one, subject in self.old_timers.items()
                        if one not in still_set
                    ]
                )

        still_set = self.timers_set()
        self.run(set_again())
        self.fires("")

    # ------------------------------------------------------------- what must hold
    def expect(self, incident: str, words: list[str]) -> None:
        self.expected.update(f"{incident} {word}" for word in words)

    def check(self) -> None:
        """What was published is what the model says; nothing is asked twice."""
        published = self.published()
        told = Counter(f"{one.data.key} {_words(one.data)}" for one in published)
        assert told == self.expected
        self.expected.clear()
        for one in published:
            assert one.event_id not in self.event_ids, one
            self.event_ids.add(one.event_id)
            if isinstance(one.data, PageRequested):
                assert one.data.page_id not in self.pages, "once for each place of a climb"
                self.pages[one.data.page_id] = one.data
        self.old_timers |= {name: subject for name, (subject, _) in self.timers_set().items()}

    @invariant()
    def a_climb_has_a_deadline_or_an_answer(self) -> None:
        timers = self.timers_set()
        for incident, model in getattr(self, "models", {}).items():
            climb = self.run(self.found(incident))
            if climb is None:
                assert model.answer == "nothing was heard"
                continue
            assert climb.deadline == model.due
            assert isinstance(climb.status, Halted) == bool(model.answer)
            if climb.deadline is not None:
                assert (incident, climb.deadline) in timers.values()
            assert {page.page_id for page in climb.pages} == set(model.open)

    async def found(self, incident: str) -> Any:
        async with self.store.read() as uow:
            return await uow.escalations.find(incident)

    def ends(self) -> None:
        """Delivered again from the beginning, nothing changes; unanswered, it goes on for ever."""
        if not hasattr(self, "models"):
            return
        for source in ("i1", "i2", "commands", "notifications"):
            self.hears(source, 10_000, "")
        for source in ("i1", "i2", "commands", "notifications"):
            self.old_offset_is_committed(source, 10_000)
            self.hears(source, 10_000, "")
        for model in self.models.values():
            if model.due is not None:
                assert self.clock.now() - model.due < timedelta(days=400)
                self.next_timer_fires_in_time("")


def _event(what: str, **place: Any) -> Event:
    if what == "triggered":
        return triggered(urgency="low", **place)
    kind, more = SAID[what]
    return kind(**more, **place)


def _words(event: Event) -> str:
    match event:
        case PageRequested(responder=who, page_id=page_id, incident_version=version) if (
            page_id == asked_id(event.key, version, who)
        ):
            return f"asked {who} {page_id}"
        case PageRequested(loop=loop, level=at, responder=who, page_id=page_id):
            return f"page {loop}.{at} {who} {page_id}"
        case PageWithdrawn(page_id=page_id):
            return f"withdrawn {page_id}"
        case LevelSkipped(loop=loop, level=at, passed_over=over):
            return f"{'passed over' if over else 'skipped'} {loop}.{at}"
        case EscalationStarted(levels=levels):
            return f"started {levels}"
        case EscalationExhausted():
            return "exhausted"
        case _:
            return str(event)


@pytest.mark.parametrize("backend", ["memory", "sqlite"])
def test_a_climb_does_what_the_charter_says(backend: Backend) -> None:
    run_machine(lambda: Climbing(backend), 40 if backend == "memory" else 10)
