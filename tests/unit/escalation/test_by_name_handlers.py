"""People asked for by name, through the handlers: one transaction, one promise for each page."""

from typing import Any

import pytest

from escalation.domain import owing
from escalation.domain.status import Halted, Waiting
from escalation.entrypoints.kafka import subscriptions
from escalation.handlers import (
    CatalogHandlers,
    NoteHandlers,
    OverrideCommandHandlers,
    OverrideHandlers,
)
from tests.unit.escalation.examples import ADA, NOW, minutes, seconds, triggered
from tests.unit.escalation.test_climb_handlers import World, ack, names
from tocsin.bus import Consumer, Record
from tocsin.events import (
    Actor,
    Envelope,
    EscalateIncident,
    IncidentAcknowledged,
    IncidentEscalated,
    IncidentReassigned,
    NoteAdded,
    PageRequested,
    PageWithdrawn,
    encode,
)
from tocsin.testing import ManualClock
from tocsin.topics import INCIDENTS


@pytest.fixture
def world() -> World:
    return World()


def reassigned(to: str = "bob", version: int = 2) -> IncidentReassigned:
    return IncidentReassigned(incident_id="i1", version=version, by=ADA, to=(to,))


def escalated(to: str = "carol", version: int = 2) -> IncidentEscalated:
    return IncidentEscalated(incident_id="i1", version=version, by=ADA, to=(to,))


async def owed(world: World) -> set[str]:
    async with world.store.read() as uow:
        return {one.obligation_id for one in await uow.ledger.listed(10)}


async def test_a_reassignment_sets_a_deadline_of_its_own_and_the_old_one_does_nothing(
    world: World,
) -> None:
    await world.hears(triggered())
    world.now = NOW + minutes(1)
    told = await world.hears(reassigned())
    assert names(told) == ["PageWithdrawn", "PageRequested"]
    assert await world.reaches(NOW + minutes(5)) == []
    assert (await world.climb()).status == Waiting(1, 1, NOW + minutes(6))
    last = await world.reaches(NOW + minutes(6))
    assert names(last) == ["EscalationExhausted", "PageRequested"]
    assert last[1].data.responder == "carol"


async def test_a_page_by_name_owes_an_outcome_and_follows_from_who_asked(world: World) -> None:
    await world.hears(triggered())
    (page,) = await world.hears(escalated())
    assert page.data.named
    assert page.correlation_id == "the-alert"
    assert owing.identity(page.data.page_id) in await owed(world)


async def test_all_of_it_in_one_batch_is_what_it_is_one_by_one(world: World) -> None:
    events = (triggered(), escalated(version=2), reassigned(version=3), escalated(version=4))
    together = await world.hears(*events)
    alone = World()
    one_by_one = [envelope for event in events for envelope in await alone.hears(event)]
    assert [one.event_id for one in together] == [one.event_id for one in one_by_one]
    paged = [one.data.responder for one in together if isinstance(one.data, PageRequested)]
    assert paged == ["ada", "carol", "bob", "carol"]


def consuming(world: World, topic: str) -> Consumer[Any]:
    overriding = OverrideCommandHandlers(OverrideHandlers(CatalogHandlers(world.holder)))
    found = subscriptions(world.handlers, overriding, NoteHandlers())
    (subscription,) = [one for one in found if one.topic.name == topic]
    store: Any = world.store
    return Consumer("escalation", subscription, store, ManualClock(NOW))


async def test_at_a_start_an_answer_is_heard_before_whoever_asks_for_more(world: World) -> None:
    """Decided before an answer that came first, help would be one more page that it withdraws."""
    after = {
        name: consuming(world, name).subscription.after
        for name in ("incidents", "commands", "notifications")
    }
    assert after == {"incidents": None, "commands": INCIDENTS, "notifications": INCIDENTS}
    await world.hears(triggered())
    await world.hears(IncidentAcknowledged(incident_id="i1", version=2, by=ADA))
    (page,) = await world.hears(EscalateIncident(incident_id="i1", by=ADA), kind="commands")
    assert (page.data.responder, page.data.incident_version) == ("bob", 2)


@pytest.mark.parametrize(
    ("wished", "said", "helps"),
    [(2, 1, True), (1, 2, False), (2, None, False)],
    ids=["after the answer", "before it", "an answer of the release before"],
)
@pytest.mark.parametrize("waited", [0, 15], ids=["at a level", "at the last resort"])
async def test_help_that_is_asked_for_after_an_answer_is_given_whichever_is_heard_first(
    world: World, wished: int, said: int | None, helps: bool, waited: int
) -> None:
    await world.hears(triggered())
    for at in range(5, waited + 1, 5):
        await world.reaches(NOW + minutes(at))
    world.now = NOW + minutes(waited) + seconds(wished)
    (first,) = await world.hears(EscalateIncident(incident_id="i1", by=ADA), kind="commands")
    accepted_at = None if said is None else NOW + minutes(waited) + seconds(said)
    answer = ack().model_copy(update={"accepted_at": accepted_at})
    told = [one.data for one in await world.hears(answer)]
    withdrawn = [one.page_id for one in told if isinstance(one, PageWithdrawn)]
    assert first.data.page_id in withdrawn
    again = [one for one in told if isinstance(one, PageRequested)]
    assert [(one.responder, one.incident_version) for one in again] == (
        [(first.data.responder, 2)] if helps else []
    )
    assert not {one.page_id for one in again} & set(withdrawn)
    climb = await world.climb()
    assert isinstance(climb.status, Halted)
    assert [page.responder for page in climb.pages] == [one.responder for one in again]
    *_, more = await world.hears(EscalateIncident(incident_id="i1", by=ADA), kind="commands")
    assert more.data.responder == "carol"


async def test_who_answers_as_well_owes_and_is_owed_nothing_and_a_note_is_none(
    world: World,
) -> None:
    await world.hears(triggered())
    await world.hears(IncidentAcknowledged(incident_id="i1", version=2, by=ADA))
    (page,) = await world.hears(escalated(version=3))
    before = await world.climb()
    consumer = consuming(world, "incidents")
    carol = Actor(kind="user", name="carol")
    for number, answers in enumerate([False, True]):
        note = NoteAdded(
            incident_id="i1", version=4 + number, by=carol, text="mine", acknowledged=answers
        )
        record = Record("incidents", 0, number, b"i1", encode(Envelope(note, NOW, "intake")))
        await consumer.consume([record])
        assert names(await world.told()) == (["PageWithdrawn"] if answers else [])
        assert (await world.climb() == before) is not answers
        assert (owing.identity(page.data.page_id) in await owed(world)) is not answers
    assert (await world.climb()).status == before.status


async def test_a_command_that_names_people_is_intakes_and_no_wish_for_the_next_level(
    world: World,
) -> None:
    await world.hears(triggered())
    consumer = consuming(world, "commands")
    for number, to in enumerate([("bob",), ()]):
        wish = EscalateIncident(incident_id="i1", by=ADA, to=to)
        record = Record("commands", 0, number, b"i1", encode(Envelope(wish, NOW, "console")))
        await consumer.consume([record])
        assert len(await world.told()) == (not to)
