"""Where an incident stands: the same whatever order its events arrive in, and in what batches."""

import random
from collections.abc import Iterable, Sequence
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postmortem.adapters.memory import MemoryPostmortemUnitOfWork
from postmortem.domain.order import Order, answered
from postmortem.domain.standings import Standing, standing
from postmortem.entrypoints.console.catching_up import CatchingUp
from postmortem.handlers import Handlers
from postmortem.handlers.projecting import catch_up
from tests.unit.postmortem.stories import (
    ADA,
    BOB,
    INCIDENT,
    START,
    acknowledged,
    added,
    alert,
    alert_ended,
    at,
    envelope,
    logs,
    night,
    reopened,
    resolved,
    triggered,
)
from tocsin import events as e
from tocsin.errors import Unavailable
from tocsin.events import Envelope, Event
from tocsin.testing import ManualClock, MemoryStore


async def heard(batches: Iterable[Sequence[Envelope[Event]]]) -> Standing | None:
    store = MemoryStore(MemoryPostmortemUnitOfWork)
    for batch in batches:
        async with store.begin() as uow:
            await Handlers().on_events(uow, batch, START)
    async with store.read() as uow:
        return (await uow.standings.load([INCIDENT])).get(INCIDENT)


def test_a_night_ends_with_what_a_person_would_say_of_it() -> None:
    assert standing(INCIDENT, night()) == Standing(
        incident_id=INCIDENT,
        version=5,
        number=7,
        title="HighErrorRate",
        service="checkout",
        severity="critical",
        urgency="high",
        status="resolved",
        holder="bob",
        triggered_at=START,
        resolved_at=at(1500),
        alerts=2,
        firing=1,
    )


@pytest.mark.parametrize(
    ("last", "status", "holder", "until"),
    [
        (
            e.IncidentSnoozed(incident_id=INCIDENT, version=3, by=ADA, until=at(9)),
            "acknowledged",
            "ada",
            at(9),
        ),
        (
            e.IncidentUnacknowledged(incident_id=INCIDENT, version=3, reason="snooze-ended"),
            "triggered",
            "",
            None,
        ),
        (
            e.IncidentReassigned(incident_id=INCIDENT, version=3, by=BOB, to=("ada", "team:web")),
            "triggered",
            "ada, team web",
            None,
        ),
        (
            e.IncidentMerged(incident_id=INCIDENT, version=3, by=BOB, into="inc-9"),
            "merged",
            "bob",
            None,
        ),
        (reopened(3), "triggered", "", None),
        (
            e.NoteAdded(incident_id=INCIDENT, version=3, by=ADA, text="hm"),
            "acknowledged",
            "bob",
            None,
        ),
    ],
)
def test_each_event_moves_it_on(last: Event, status: str, holder: str, until: object) -> None:
    found = standing(
        INCIDENT,
        [
            envelope("e3", 3, last),
            envelope("e1", 1, triggered()),
            envelope("e2", 2, acknowledged(2)),
        ],
    )
    assert (found.status, found.holder, found.until, found.version) == (status, holder, until, 3)


def test_alerts_are_counted_as_they_join_end_and_fire_again() -> None:
    events = [
        envelope("e1", 1, triggered(alert=alert())),
        envelope("e2", 2, added(2)),
        envelope("e3", 3, alert_ended(3)),
        envelope("e4", 4, added(4, alert(), reopened=True)),
        envelope(
            "e5",
            5,
            e.SeverityChanged(
                incident_id=INCIDENT, version=5, severity="info", urgency="low", previous="critical"
            ),
        ),
    ]
    found = standing(INCIDENT, events)
    assert (found.alerts, found.firing, found.severity, found.urgency) == (2, 2, "info", "low")
    assert standing(INCIDENT, events[:3]).firing == 1


def test_what_is_announced_again_is_no_news_but_opens_what_was_unknown() -> None:
    again = envelope("e9", 9, triggered(version=3, again=True, title="Later"))
    known = standing(
        INCIDENT, [envelope("e1", 1, triggered()), envelope("e2", 2, acknowledged(2)), again]
    )
    assert (known.title, known.status) == ("HighErrorRate", "acknowledged")
    unknown = standing(INCIDENT, [again])
    assert (unknown.title, unknown.status, unknown.number) == ("Later", "triggered", 7)


async def test_any_order_and_any_batches_give_one_standing() -> None:
    shuffler, events = random.Random(11), night()
    for _ in range(30):
        shuffler.shuffle(events)
        cut = shuffler.randint(0, len(events))
        assert await heard([events[:cut], events[cut:]]) == standing(INCIDENT, night())


@given(log=logs(), data=st.data())
@settings(max_examples=60, deadline=None)
async def test_what_is_kept_is_what_all_events_say(
    log: list[Envelope[Event]], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(log))
    size = data.draw(st.integers(1, 4))
    batches = [order[start : start + size] for start in range(0, len(order), size)]
    found = await heard(batches)
    assert found == (standing(INCIDENT, log) if log else None)


async def test_what_a_release_without_a_console_had_is_caught_up_with() -> None:
    store = MemoryStore(MemoryPostmortemUnitOfWork)
    async with store.begin() as uow:
        await uow.incidents.lock([INCIDENT], START)
        await uow.log.add([(INCIDENT, one) for one in night()], START)
    async with store.begin() as uow:
        assert await catch_up(uow, START)
        assert not await catch_up(uow, START)
        assert (await uow.standings.load([INCIDENT]))[INCIDENT] == standing(INCIDENT, night())


async def test_an_event_that_an_older_release_took_is_missed_and_made_up_for() -> None:
    """Beside an older replica, some events are in the log alone."""
    store = MemoryStore(MemoryPostmortemUnitOfWork)
    events = [
        envelope("e1", 1, triggered()),
        envelope("e2", 2, acknowledged(2)),
        envelope("e3", 3, resolved(3)),
    ]
    async with store.begin() as uow:
        await Handlers().on_events(uow, events[:1], START)
        await uow.log.add([(INCIDENT, events[1])], START)
        await Handlers().on_events(uow, events[2:], START)
        assert (await uow.standings.load([INCIDENT]))[INCIDENT] == standing(INCIDENT, events)


def test_an_order_waits_until_it_is_answered_or_a_minute_is_over() -> None:
    order = Order("c1", INCIDENT, "acknowledge", "bob", START)
    assert order.is_waiting(START + timedelta(seconds=59))
    assert not order.is_waiting(START + timedelta(seconds=60))
    other = envelope("e1", 1, acknowledged(2), cause="c0")
    assert answered([order], [other], at(1)) == []
    (done,) = answered([order], [other, envelope("e2", 1, acknowledged(2), cause="c1")], at(1))
    assert (done.answered_at, done.refusal, done.is_waiting(at(1))) == (at(1), "", False)
    refused = e.CommandRefused(incident_id=INCIDENT, command="x", by=BOB, reason="It is resolved.")
    (no,) = answered([order], [envelope("e3", 1, refused, cause="c1")], at(1))
    assert no.refusal == "It is resolved."


async def test_catching_up_waits_for_a_database_that_is_away() -> None:
    class Away:
        def begin(self) -> object:
            raise Unavailable("away")

    assert await CatchingUp(Away(), ManualClock()).run_once() is False  # type: ignore[arg-type]
