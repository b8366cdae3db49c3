"""Pages in, messages out: the conversation with the sender, the clock and the database."""

import asyncio
from datetime import timedelta

import pytest

from notifier.adapters.lanes import FIRST_ROOM
from notifier.domain.retrying import LEASE, MAX_ATTEMPTS
from notifier.domain.states import Delivered, Failed, Retrying, Sending, Waiting, Withdrawn
from notifier.settings import NotifierSettings
from tests.unit.notifier.making import SECRET, ada, asked, requested
from tests.unit.notifier.world import TWO_WAYS, World, said, triggered, withdrawn
from tocsin.catalog import User
from tocsin.channels import RateLimited, TargetGone, Transient, Unknown
from tocsin.errors import Unavailable
from tocsin.events import (
    NotificationDelivered,
    NotificationFailed,
    NotificationUncertain,
    ResponderUnreachable,
)
from tocsin.testing import START

MINUTE = timedelta(minutes=1)


async def test_a_page_reaches_the_phone_at_once_and_the_mail_waits() -> None:
    world = World()
    await world.pages("page-1")

    assert [doc.title for doc in world.phone.pages] == ["Checkout is slow"]
    assert world.mail.told == []
    (fact,) = await world.facts()
    assert isinstance(fact, NotificationDelivered)
    assert (fact.responder, fact.contact_method, fact.attempt) == ("ada", "phone", 1)
    assert isinstance(world.notifications()["phone"].state, Delivered)


async def test_the_mail_follows_after_its_delay() -> None:
    world = World()
    await world.pages("page-1")
    await world.passes(5 * MINUTE - timedelta(seconds=1))
    assert world.mail.told == []

    await world.passes(timedelta(seconds=1))
    assert [doc.title for doc in world.mail.pages] == ["Checkout is slow"]


async def test_a_redelivered_page_is_sent_once() -> None:
    world = World()
    envelope = asked(requested())
    await world.hears(envelope)
    await world.hears(envelope)
    await world.settles()

    assert len(world.phone.told) == 1


async def test_a_page_decided_twice_is_sent_once() -> None:
    """The same page in two events, as after a replay that outlived the inbox."""
    world = World()
    await world.pages("page-1")
    await world.hears(said(requested(), identity="another-event"))
    await world.settles()

    assert len(world.phone.told) == 1


async def test_a_page_waits_for_the_catalog() -> None:
    world = World(loaded=False)
    with pytest.raises(Unavailable):
        await world.hears(asked(requested()))

    assert world.all() == []


async def test_a_page_that_is_ahead_of_the_catalog_is_planned_when_it_comes() -> None:
    world = World({})
    await world.pages("page-1", catalog_version=2)
    assert await world.told() == []

    world.catalog.replace(type(world.catalog.current)(2, {("User", "ada"): TWO_WAYS}))
    await world.passes(timedelta(seconds=1))
    assert len(world.phone.pages) == 1


async def test_a_person_that_never_comes_is_unreachable() -> None:
    world = World({})
    await world.pages("page-1", catalog_version=2)
    await world.passes(timedelta(seconds=16))

    (fact,) = await world.facts()
    assert isinstance(fact, ResponderUnreachable)


async def test_a_person_without_contact_method_is_unreachable_at_once() -> None:
    world = World({"ada": User()})
    await world.pages("page-1")

    (fact,) = await world.facts()
    assert isinstance(fact, ResponderUnreachable)
    assert (fact.responder, fact.reason) == ("ada", "has no contact method")


async def test_a_permanent_failure_sends_the_next_method_at_once() -> None:
    world = World()
    world.phone.script.append(TargetGone("HTTP 410"))
    await world.pages("page-1")

    assert len(world.mail.pages) == 1
    facts = await world.facts()
    assert [type(fact).__name__ for fact in facts] == [
        "NotificationFailed",
        "NotificationDelivered",
    ]
    assert isinstance(facts[0], NotificationFailed)
    assert facts[0].retry_at is None


async def test_when_every_method_has_failed_escalation_hears_of_it() -> None:
    world = World()
    world.phone.script.append(TargetGone("HTTP 410"))
    world.mail.script.append(TargetGone("SMTP 550"))
    await world.pages("page-1")

    facts = await world.facts()
    assert [type(fact).__name__ for fact in facts] == [
        "NotificationFailed",
        "NotificationFailed",
        "ResponderUnreachable",
    ]
    assert isinstance(facts[-1], ResponderUnreachable)
    assert facts[-1].reason == "phone: HTTP 410; mail: SMTP 550"


async def test_a_channel_that_nobody_set_up_fails_over() -> None:
    user = ada(("high", "phone", "0s"), ("high", "mail", "5m"))
    methods = tuple(
        method.model_copy(update={"channel": "fax"}) if method.name == "phone" else method
        for method in user.contact_methods
    )
    world = World({"ada": user.model_copy(update={"contact_methods": methods})})
    await world.pages("page-1")

    assert len(world.mail.pages) == 1


async def test_a_busy_endpoint_is_tried_again_until_it_answers() -> None:
    world = World()
    world.phone.script.extend([Transient("HTTP 503"), Transient("HTTP 503")])
    await world.pages("page-1")
    assert isinstance(world.notifications()["phone"].state, Retrying)

    await world.passes(timedelta(seconds=4))

    assert len({identity for identity, _, _ in world.phone.told}) == 1
    assert len(world.phone.told) == 3
    assert isinstance(world.notifications()["phone"].state, Delivered)
    assert await world.told() == [
        "NotificationFailed",
        "NotificationFailed",
        "NotificationDelivered",
    ]


async def test_an_endpoint_that_stays_busy_gives_way_and_is_given_up() -> None:
    world = World()
    world.phone.script.extend([Transient("HTTP 503")] * 20)
    await world.pages("page-1")
    await world.passes(timedelta(seconds=31))
    assert len(world.mail.pages) == 1, "the mail did not wait for its five minutes"

    await world.passes(10 * MINUTE)
    assert len(world.phone.told) == MAX_ATTEMPTS
    assert isinstance(world.notifications()["phone"].state, Failed)
    assert len(world.mail.pages) == 1
    assert "ResponderUnreachable" not in await world.told()


async def test_a_long_retry_after_sends_the_next_method_beside_it() -> None:
    world = World()
    world.phone.script.append(RateLimited("HTTP 429", timedelta(minutes=3)))
    await world.pages("page-1")
    assert len(world.mail.pages) == 1

    await world.passes(3 * MINUTE)
    assert len(world.phone.pages) == 2


async def test_no_answer_is_uncertain_and_sent_again_as_a_repeat() -> None:
    world = World()
    world.phone.script.append(Unknown("no answer within 10 s"))
    await world.pages("page-1")
    await world.passes(timedelta(seconds=2))

    (first, _, doc), (second, _, repeat) = world.phone.told
    assert first == second
    assert (doc.repeat_possible, repeat.repeat_possible) == (False, True)
    assert await world.told() == ["NotificationUncertain", "NotificationDelivered"]


async def test_a_crash_between_claim_and_record_is_noticed_and_repeated() -> None:
    world = World()
    world.phone.hold = asyncio.Event()
    await world.hears(asked(requested()))
    await asyncio.sleep(0)
    assert isinstance(world.notifications()["phone"].state, Sending)

    world.start()  # Killed in the answer window: the first process never records.
    world.phone.hold = None
    await world.passes(LEASE)

    (first, _, _), (second, _, repeat) = world.phone.told
    assert first == second
    assert repeat.repeat_possible
    facts = await world.facts()
    assert isinstance(facts[0], NotificationUncertain)
    assert isinstance(facts[1], NotificationDelivered)
    assert world.notifications()["phone"].fence == 2


async def test_leases_that_end_together_share_an_alarm_after_them() -> None:
    world = World({"ada": ada(("high", "phone", "0s"))})
    for number in range(3):  # Claimed at 0.08, 0.16 and 0.24 s.
        world.clock.advance(timedelta(milliseconds=80))
        await world.pages(f"page-{number}")

    assert await world.store.next_due() == START + timedelta(milliseconds=250) + LEASE
    async with world.store.begin() as uow:
        assert len(await uow.take_due(START + 2 * LEASE, 500)) == 1


async def test_alone_on_its_database_a_restart_takes_over_at_once() -> None:
    world = World()
    world.settings = NotifierSettings(secret=SECRET, database="sqlite:///alone.db")
    world.phone.hold = asyncio.Event()
    await world.hears(asked(requested()))
    await asyncio.sleep(0)

    world.clock.advance(timedelta(seconds=2))
    world.start()
    world.phone.hold = None
    await world.settles()

    assert [doc.repeat_possible for doc in world.phone.pages] == [False, True]
    assert await world.told() == ["NotificationUncertain", "NotificationDelivered"]

    await world.passes(2 * LEASE)  # And what this process claimed itself is left alone.
    assert len(world.phone.pages) == 2


async def test_a_crash_before_the_call_loses_nothing() -> None:
    world = World()
    await world.hears(asked(requested()))  # Claimed and committed; the sender has not begun.
    world.start()
    await world.passes(LEASE)

    assert len(world.phone.told) >= 1
    assert isinstance(world.notifications()["phone"].state, Delivered)


async def test_a_result_that_comes_after_the_lease_writes_nothing() -> None:
    world = World()
    world.phone.hold = asyncio.Event()
    await world.hears(asked(requested()))
    await asyncio.sleep(0)
    paused = world.app.workers[0]
    release = world.phone.hold

    world.start()
    world.phone.hold = None
    await world.passes(LEASE)
    await world.told()
    after = world.notifications()["phone"]

    release.set()  # The paused process wakes up and wants to record.
    for _ in range(20):
        await asyncio.sleep(0)
    assert await paused.run_once()
    assert not await paused.run_once()
    assert world.notifications()["phone"] == after
    assert await world.told() == []


async def test_a_channel_that_raises_is_an_uncertain_attempt_not_a_crash() -> None:
    world = World()
    world.phone.script.append(RuntimeError("a bug in a plugin"))
    await world.pages("page-1")
    await world.passes(timedelta(seconds=2))

    assert await world.told() == ["NotificationUncertain", "NotificationDelivered"]


async def test_a_withdrawn_page_is_not_sent() -> None:
    world = World()
    await world.pages("page-1")
    await world.hears(said(withdrawn()))
    await world.passes(10 * MINUTE)

    assert world.mail.told == []
    assert isinstance(world.notifications()["mail"].state, Withdrawn)
    assert "NotificationWithdrawn" in await world.told()


async def test_those_who_were_told_hear_of_the_withdrawal() -> None:
    world = World()
    await world.pages("page-1")
    await world.hears(said(withdrawn()))
    await world.settles()

    assert [doc.purpose for doc in world.phone.updates] == ["withdrawn"]


async def test_requested_and_withdrawn_in_one_batch_nobody_is_told() -> None:
    world = World()
    await world.hears(asked(requested()), said(withdrawn()))
    await world.settles()
    await world.passes(10 * MINUTE)

    assert (world.phone.told, world.mail.told) == ([], [])
    assert await world.told() == ["NotificationWithdrawn", "NotificationWithdrawn"]


async def test_a_batch_is_planned_whole() -> None:
    world = World({f"user-{n}": TWO_WAYS for n in range(FIRST_ROOM)})
    await world.hears(
        *(
            asked(requested(f"page-{n}", responder=f"user-{n}", incident_id=f"inc-{n}"))
            for n in range(FIRST_ROOM)
        )
    )
    await world.settles()

    assert len(world.phone.told) == FIRST_ROOM
    assert len(set(await world.told())) == 1
    assert sum(isinstance(one.state, Waiting) for one in world.all()) == FIRST_ROOM


async def test_the_message_tells_the_incident_as_it_stands() -> None:
    world = World()
    await world.hears(said(triggered(version=1)))
    await world.pages("page-1", title="An older title")

    assert world.phone.pages[0].title == "Checkout is slow"
