"""Each page owes an outcome; what nothing was heard of is requested again, and never twice anew."""

from datetime import datetime
from typing import Any

import pytest

from escalation.domain.escalation import Escalation
from escalation.domain.hearing import hear
from tests.unit.escalation.examples import (
    ADA,
    NOW,
    minutes,
    seconds,
    triggered,
    two_levels,
    user,
)
from tests.unit.escalation.test_climb_handlers import World
from tocsin.catalog import Catalog, NotificationRule, User
from tocsin.events import (
    Envelope,
    EscalationExhausted,
    IncidentAcknowledged,
    IncidentUnacknowledged,
    NotificationDelivered,
    NotificationFailed,
    NotificationSent,
    NotificationUncertain,
    PageRequested,
    PageWithdrawn,
    ResponderUnreachable,
)
from tocsin.obligations import Obligation


@pytest.fixture
def world() -> World:
    return World()


async def paged(world: World) -> PageRequested:
    """Let an incident be triggered; return the page that follows."""
    *_, last = await world.hears(triggered())
    assert isinstance(last.data, PageRequested)
    return last.data


async def owed(world: World) -> list[Obligation]:
    async with world.store.read() as uow:
        return await uow.ledger.listed(100)


async def overdue(world: World, at: datetime) -> list[Envelope[Any]]:
    """Let what is overdue be done again, as the auditor does."""
    async with world.store.begin() as uow:
        found = await uow.ledger.overdue(at, 100)
        await world.handlers.on_overdue(uow, found, at)
        await uow.ledger.acted(found, at)
    return await world.told()


def about(page: PageRequested, **more: Any) -> dict[str, Any]:
    return {
        "incident_id": page.incident_id,
        "notification_id": "n1",
        "page_id": page.page_id,
        "responder": page.responder,
        "contact_method": "mail",
        "channel": "email",
        **more,
    }


def failed(page: PageRequested, retry_at: datetime | None) -> NotificationFailed:
    return NotificationFailed(**about(page, kind="transient", reason="busy", retry_at=retry_at))


async def test_a_page_owes_an_outcome_within_five_minutes(world: World) -> None:
    page = await paged(world)
    (promise,) = await owed(world)
    assert promise.obligation_id == f"reached/{page.page_id}"
    assert (promise.subject, promise.due_at) == ("i1", NOW + minutes(5))
    assert promise.text == (
        "ada is reached, or known not to be, for incident #42 of checkout (critical):"
        " Checkout is down"
    )


async def test_a_person_who_wants_to_be_told_later_has_that_time_as_well() -> None:
    world = World()
    rules = tuple(
        NotificationRule(urgency="high", contact_method="mail", after=f"{count}m")
        for count in (20, 10)
    )
    specs = dict(two_levels().specs)
    user = specs["User", "ada"].model_copy(update={"notification_rules": rules})
    world.holder.replace(Catalog(8, {**specs, ("User", "ada"): user}))
    await paged(world)
    (promise,) = await owed(world)
    assert promise.due_at == NOW + minutes(15)


@pytest.mark.parametrize("kind", [NotificationSent, NotificationDelivered])
async def test_a_message_that_went_out_discharges_it(world: World, kind: Any) -> None:
    page = await paged(world)
    assert await world.hears(kind(**about(page)), kind="notifications") == []
    assert await owed(world) == []


async def test_that_nobody_can_be_reached_discharges_it_and_owes_the_next_page(
    world: World,
) -> None:
    page = await paged(world)
    nobody = ResponderUnreachable(
        incident_id="i1", page_id=page.page_id, responder="ada", reason="gone"
    )
    (following,) = await world.hears(nobody, kind="notifications")
    (promise,) = await owed(world)
    assert promise.obligation_id == f"reached/{following.data.page_id}"


async def test_a_failure_gives_it_time_until_the_next_attempt_and_beyond(world: World) -> None:
    page = await paged(world)
    world.now = NOW + minutes(4)
    await world.hears(failed(page, NOW + minutes(6)), kind="notifications")
    assert [one.due_at for one in await owed(world)] == [NOW + minutes(11)]
    await world.hears(failed(page, None), kind="notifications")
    assert [one.due_at for one in await owed(world)] == [NOW + minutes(9)]
    unsure = NotificationUncertain(**about(page, reason="no answer", retry_at=NOW + minutes(9)))
    await world.hears(unsure, kind="notifications")
    assert [one.due_at for one in await owed(world)] == [NOW + minutes(14)]


async def test_a_failure_beside_a_success_owes_nothing(world: World) -> None:
    page = await paged(world)
    sent = NotificationSent(**about(page))
    await world.hears(sent, failed(page, NOW + minutes(1)), kind="notifications")
    assert await owed(world) == []
    await world.hears(failed(page, NOW + minutes(1)), kind="notifications")
    assert await owed(world) == []


async def test_a_withdrawn_page_owes_nothing(world: World) -> None:
    await paged(world)
    told = await world.hears(IncidentAcknowledged(incident_id="i1", version=2, by=ADA))
    assert [type(one.data) for one in told] == [PageWithdrawn]
    assert await owed(world) == []


async def test_a_page_nothing_was_heard_of_is_requested_again_under_its_id(world: World) -> None:
    page = await paged(world)
    (again,) = await overdue(world, NOW + minutes(5))
    assert again.data.page_id == page.page_id
    assert again.data.incident_version == 1
    assert again.data.reason == (
        "level 1 of policy payments, loop 1",
        "requested again: nothing was heard of it",
    )
    (later,) = await overdue(world, NOW + minutes(10))
    assert again.event_id != later.event_id  # Or the inbox would pass it over.
    assert [one.attempts for one in await owed(world)] == [2]


async def test_an_obligation_of_a_page_that_is_not_open_is_struck_off(world: World) -> None:
    await paged(world)
    (promise,) = await owed(world)
    await world.hears(IncidentAcknowledged(incident_id="i1", version=2, by=ADA))
    unknown = Obligation("reached/p9", "reached", "i9", "x", NOW, NOW)
    async with world.store.begin() as uow:  # As an older backup would have it.
        await uow.ledger.owe([promise, unknown])
    assert await overdue(world, NOW + minutes(9)) == []
    assert await owed(world) == []


async def test_an_incident_that_escalation_lost_starts_its_climb(world: World) -> None:
    told = await world.hears(triggered(version=4, again=True))
    assert isinstance(told[-1].data, PageRequested)
    assert told[-1].data.incident_version == 4
    assert len(await owed(world)) == 1


async def test_one_that_is_climbed_already_is_only_paged_as_before(world: World) -> None:
    page = await paged(world)
    world.now = NOW + seconds(61)
    (again,) = await world.hears(triggered(version=1, again=True))
    assert again.data.page_id == page.page_id
    # Versions that escalation does not hear of, such as notes, make it no other climb.
    (third,) = await world.hears(triggered(version=6, again=True))
    assert third.data.page_id == page.page_id
    assert third.data.incident_version == 6
    assert [one.due_at for one in await owed(world)] == [NOW + minutes(5)]
    followed = await world.reaches(NOW + minutes(5))
    assert [(one.data.responder, one.data.level) for one in followed] == [("bob", 2)]


async def test_an_answered_incident_that_is_announced_late_stays_answered(world: World) -> None:
    await paged(world)
    await world.hears(IncidentAcknowledged(incident_id="i1", version=2, by=ADA))
    assert await world.hears(triggered(version=1, again=True)) == []
    assert await world.hears(triggered(version=2, again=True)) == []


async def test_an_answer_whose_end_was_lost_is_made_up_for(world: World) -> None:
    await paged(world)
    await world.hears(IncidentAcknowledged(incident_id="i1", version=2, by=ADA))
    told = await world.hears(triggered(version=3, again=True))  # 3 was the lost timeout.
    page = told[-1].data
    assert (page.responder, page.incident_version) == ("ada", 3)
    late = IncidentUnacknowledged(incident_id="i1", version=3, reason="acknowledgement-timeout")
    assert await world.hears(late) == []


async def test_where_nobody_can_be_paged_the_reason_is_said_again() -> None:
    world = World()
    specs = {key: one for key, one in two_levels().specs.items() if key[0] != "Settings"}
    world.holder.replace(Catalog(9, {**specs, ("Service", "other"): specs["Service", "checkout"]}))
    first = (await world.hears(triggered(service="unknown-thing")))[-1]
    assert isinstance(first.data, EscalationExhausted)
    assert (first.data.incident_version, first.data.last_resort) == (1, ())
    world.now = NOW + seconds(61)
    (again,) = await world.hears(triggered(service="unknown-thing", again=True))
    assert isinstance(again.data, EscalationExhausted)
    assert again.event_id != first.event_id


def test_it_says_again_who_is_paged_last() -> None:
    in_force = two_levels()
    climb = hear(exhausted(in_force), triggered(version=9, again=True), NOW, in_force)
    assert climb.facts == ()
    assert [page.responder for page in climb.repeated if isinstance(page, PageRequested)] == [
        "carol"
    ]


def exhausted(in_force: Catalog) -> Escalation:
    """Return a climb that has come to its last resort."""
    climb = hear(Escalation.unknown("i1"), triggered(), NOW, in_force).escalation
    for after in (5, 15):
        climb = climb.advance(NOW + minutes(after), in_force).escalation
    return climb


async def test_a_page_that_quiet_hours_hold_is_not_overdue_before_they_end(world: World) -> None:
    known = two_levels()
    night = {"from": "08:00", "until": "09:30"}  # NOW is 08:00.
    sleeper = User.model_validate({**user(), "quiet_hours": [night]})
    specs = {**known.specs, ("User", "ada"): sleeper}
    world.holder.replace(Catalog(known.version, specs))
    await world.hears(triggered("i1", severity="warning", urgency="low"), triggered("i2"))
    due = {one.subject: one.due_at for one in await owed(world)}
    assert due == {"i1": NOW + minutes(95), "i2": NOW + minutes(5)}
