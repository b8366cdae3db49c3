"""Pages that are late, many at once, and tried for longer than anybody has patience."""

import asyncio
from datetime import datetime, timedelta

import pytest

from notifier.domain.retrying import LEASE, MAX_ATTEMPTS
from notifier.domain.states import Delivered, Failed, Retrying, Withdrawn
from tests.unit.notifier.making import ada, asked, notification, requested
from tests.unit.notifier.world import World, acknowledged, said, triggered
from tocsin.catalog import User
from tocsin.channels import Accepted, Config, ExternalRef, Receipt, TargetGone, Transient, Unknown
from tocsin.events import Envelope, NotificationDelivered, NotificationSent, PageRequested
from tocsin.testing import START

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
PHONE_ONLY = {"ada": ada(("high", "phone", "0s"))}
FIRST_MAIL_LATER = {"ada": ada(("high", "phone", "0s"), ("high", "mail", "3h"))}


def waited(number: int, at: datetime = START, **more: object) -> Envelope[PageRequested]:
    given = {"incident_id": f"inc-{number}", "number": number, "title": f"Queue {number}"}
    return asked(requested(f"page-{number}", **(given | more)), at)


async def after_an_hour(world: World, count: int) -> None:
    """Let this many pages come an hour after they were requested."""
    world.clock.advance(HOUR)
    await world.hears(*(waited(number) for number in range(count)))
    await world.settles()


@pytest.mark.parametrize(
    ("late", "says", "seconds"),
    [
        (2 * MINUTE, "", 0),
        (3 * MINUTE, "late: this page was due at 09:00 UTC, 3 min ago", 180),
        (17 * HOUR, "late: this page was due at 2026-01-05 09:00 UTC, 17 h 0 min ago", 61205),
    ],
)
async def test_a_late_page_says_so_and_so_does_its_event(
    late: timedelta, says: str, seconds: int
) -> None:
    world = World(PHONE_ONLY)
    world.clock.advance(late)
    await world.hears(asked(requested(), START))
    await world.settles()
    await world.passes(6 * SECOND)

    (doc,) = world.phone.pages
    assert (doc.late, doc.late_seconds) == (says, seconds)
    assert says in doc.text
    (fact,) = await world.facts()
    assert isinstance(fact, NotificationDelivered)
    assert (fact.late_seconds, fact.summary_id) == (seconds, "")


async def test_lateness_counts_from_when_the_page_was_to_be_requested() -> None:
    world = World(PHONE_ONLY)
    await world.pages("page-1", due_at=START - 4 * MINUTE)

    assert world.phone.pages[0].late == "late: this page was due at 08:56 UTC, 4 min ago"


async def test_a_fresh_page_does_not_wait_for_those_that_are_stale() -> None:
    world = World(PHONE_ONLY)
    await after_an_hour(world, 5)
    await world.hears(waited(9, world.clock.now()))
    await world.settles()
    assert [doc.title for doc in world.phone.pages] == ["Queue 9"]

    await world.passes(6 * SECOND)
    assert [doc.title for doc in world.phone.pages] == ["Queue 9", "5 incidents need you"]


async def test_what_comes_in_several_batches_goes_together() -> None:
    world = World(PHONE_ONLY)
    world.clock.advance(HOUR)
    for number in range(12):
        await world.hears(waited(number))
        await world.passes(SECOND / 3)
    await world.passes(10 * SECOND)

    (doc,) = world.phone.pages
    assert doc.title == "12 incidents need you"
    assert {line.title for line in doc.incidents} == {f"Queue {number}" for number in range(12)}
    assert all(isinstance(one.state, Delivered) for one in world.all())
    facts = await world.facts()
    assert len({fact.notification_id for fact in facts}) == 12  # type: ignore[attr-defined]
    assert len({fact.summary_id for fact in facts}) == 1  # type: ignore[attr-defined]


async def test_one_person_gets_one_message_of_more_than_a_batch_holds() -> None:
    world = World(PHONE_ONLY)
    await after_an_hour(world, 700)
    await world.passes(10 * SECOND)

    (doc,) = world.phone.pages
    assert (doc.title, len(doc.incidents), doc.more) == ("700 incidents need you", 20, 680)
    assert sum(isinstance(one.state, Delivered) for one in world.all()) == 700


async def test_a_crash_while_they_gather_loses_nothing() -> None:
    world = World(PHONE_ONLY)
    await after_an_hour(world, 6)
    world.start()
    await world.passes(10 * SECOND)

    assert [doc.title for doc in world.phone.pages] == ["6 incidents need you"]


async def test_after_a_stop_of_notifier_itself_they_go_together_too() -> None:
    """They waited for a rule's delay, here, while no process ran."""
    world = World({"ada": ada(("high", "phone", "10m"))})
    for number in range(6):
        await world.hears(waited(number))
    world.clock.advance(HOUR)
    world.start()
    await world.passes(10 * SECOND)

    assert [doc.title for doc in world.phone.pages] == ["6 incidents need you"]


async def test_a_crash_with_a_summary_in_hand_repeats_it_as_the_same_message() -> None:
    world = World(PHONE_ONLY)
    await after_an_hour(world, 6)
    world.phone.hold = asyncio.Event()
    world.clock.advance(6 * SECOND)
    await world.fires()
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(world.phone.told) == 1

    world.start()
    world.phone.hold = None
    await world.passes(LEASE + SECOND)

    (first, _, doc), (second, _, repeat) = world.phone.told
    assert first == second
    assert (doc.repeat_possible, repeat.repeat_possible) == (False, True)
    told = await world.told()
    assert told == ["NotificationUncertain"] * 6 + ["NotificationDelivered"] * 6


async def test_what_is_answered_before_the_call_is_not_in_it() -> None:
    world = World(PHONE_ONLY)
    await world.hears(*(said(triggered(f"inc-{number}")) for number in range(6)))
    await after_an_hour(world, 6)
    world.clock.advance(6 * SECOND)
    await world.fires()  # Claimed, and not begun.
    await world.hears(said(acknowledged(2, "inc-3")))
    await world.settles()

    (doc,) = world.phone.pages
    assert {line.incident_id for line in doc.incidents} == {f"inc-{n}" for n in (0, 1, 2, 4, 5)}
    states = {one.incident_id: one.state for one in world.all() if one.purpose == "page"}
    assert isinstance(states.pop("inc-3"), Withdrawn)
    assert all(isinstance(state, Delivered) for state in states.values())


async def test_a_summary_that_fails_for_good_goes_by_the_next_method() -> None:
    world = World(FIRST_MAIL_LATER)
    world.phone.script.append(TargetGone("HTTP 410"))
    await after_an_hour(world, 6)
    await world.passes(6 * SECOND)

    assert [doc.title for doc in world.mail.pages] == ["6 incidents need you"]
    states = [one.state for one in world.all() if one.contact.name == "phone"]
    assert all(isinstance(state, Failed) for state in states)


async def test_a_summary_that_is_refused_is_tried_again_as_one() -> None:
    world = World(PHONE_ONLY)
    world.phone.script.extend([Transient("HTTP 503"), Unknown("no answer")])
    await after_an_hour(world, 6)
    await world.passes(MINUTE)

    assert [doc.title for doc in world.phone.pages] == ["6 incidents need you"] * 3
    assert all(isinstance(one.state, Delivered) for one in world.all())


async def test_a_receipt_for_a_summary_counts_for_every_page_in_it() -> None:
    world = World(FIRST_MAIL_LATER)
    world.phone.script.append(Accepted(ExternalRef("m-1")))
    await after_an_hour(world, 5)
    await world.passes(6 * SECOND)
    (delivery_id, _, _), *_ = world.phone.told
    facts = await world.facts()
    assert all(isinstance(fact, NotificationSent) for fact in facts)

    handlers = world.app.workers[0]._handlers  # type: ignore[attr-defined]
    async with world.store.begin() as uow:
        gone = Receipt("r-1", delivery_id, TargetGone("no such number"))
        await handlers.on_receipts(uow, "webhook", [gone], world.clock.now())
    await world.settles()

    assert [doc.title for doc in world.mail.pages] == ["5 incidents need you"]
    states = [one.state for one in world.all() if one.contact.name == "phone"]
    assert [type(state) for state in states] == [Failed] * 5


async def test_many_pages_of_one_incident_are_one_page() -> None:
    world = World(PHONE_ONLY)
    world.clock.advance(HOUR)
    await world.hears(*(asked(requested(f"page-{number}"), START) for number in range(6)))
    await world.passes(6 * SECOND)

    (doc,) = world.phone.pages
    assert (doc.title, doc.incidents) == ("Checkout is slow", ())
    assert [button.label for button in doc.buttons] == ["Acknowledge"]
    assert sum(isinstance(one.state, Delivered) for one in world.all()) == 6


async def test_where_nothing_else_works_a_refusing_provider_is_tried_until_it_takes_it() -> None:
    world = World(PHONE_ONLY)
    world.phone.script.extend([Transient("HTTP 503")] * 40)
    await world.pages("page-1")
    await world.passes(10 * MINUTE)
    told = await world.told()
    assert told == ["NotificationFailed"] * MAX_ATTEMPTS + ["ResponderUnreachable"]
    assert isinstance(world.notifications()["phone"].state, Retrying)

    await world.passes(HOUR)
    assert await world.told() == ["NotificationDelivered"], "what is tried in vain is told once"
    one = world.notifications()["phone"]
    assert isinstance(one.state, Delivered)
    assert (one.attempt, len(one.attempts)) == (41, MAX_ATTEMPTS)


@pytest.mark.parametrize(("age", "ends"), [(23 * HOUR, False), (24 * HOUR, True)])
def test_it_is_given_up_after_a_day(age: timedelta, ends: bool) -> None:
    hoping = notification(due_since=START - age, attempt=500, last_hope=True, failed_over=True)
    decision = hoping.claim(START).notification.record(Transient("HTTP 503"), 1, START)

    assert isinstance(decision.notification.state, Failed if ends else Retrying)
    assert [type(fact).__name__ for fact in decision.facts] == ["NotificationFailed"] * ends
    assert not decision.fail_over, "that was said before"


async def test_an_answer_ends_what_is_tried_in_vain() -> None:
    world = World(PHONE_ONLY)
    await world.hears(said(triggered()))
    world.phone.script.extend([Transient("HTTP 503")] * 5000)
    await world.pages("page-1")
    await world.passes(20 * MINUTE)
    await world.hears(said(acknowledged()))
    tries = len(world.phone.told)
    await world.passes(HOUR)

    assert len(world.phone.told) == tries
    assert isinstance(world.notifications()["phone"].state, Withdrawn)


@pytest.mark.parametrize(("urgency", "hour"), [("low", 18), ("high", 10)])
async def test_what_can_wait_is_not_tried_in_vain_in_quiet_hours(urgency: str, hour: int) -> None:
    quiet = {"quiet_hours": [{"from": "10:00", "until": "18:00"}]}
    user = ada((urgency, "phone", "0s")).model_dump(mode="json") | quiet
    world = World({"ada": User.model_validate(user)})
    world.phone.script.extend([Transient("HTTP 503")] * 5000)
    await world.pages("page-1", urgency=urgency)
    await world.passes(HOUR)
    world.phone.script.clear()  # It is back a minute into them.
    await world.passes(10 * HOUR)
    state = world.notifications()["phone"].state
    assert isinstance(state, Delivered)
    assert timedelta(0) <= state.at - START.replace(hour=hour) < 2 * MINUTE


async def test_what_is_set_up_wrong_is_not_tried_again() -> None:
    world = World(PHONE_ONLY)
    world.phone.script.append(Config("HTTP 401"))
    await world.pages("page-1")
    await world.passes(HOUR)

    assert len(world.phone.told) == 1
