"""A provider that hangs costs nobody else a moment, and its own people only their patience."""

import asyncio
from datetime import timedelta

from notifier.domain.retrying import LEASE, PATIENCE
from notifier.domain.states import Sending
from notifier.handlers.work import WHEN_FULL
from tests.unit.notifier.making import ada, asked, requested
from tests.unit.notifier.world import World

MAIL_ONLY = ada(("high", "mail", "0s"))
PHONE_THEN_MAIL = ada(("high", "phone", "0s"), ("high", "mail", "20s"))


async def turns() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def hanging(**users: object) -> World:
    """Return a world in which every call of the phone's provider hangs, with many under way."""
    world = World({"ada": PHONE_THEN_MAIL, **users})  # type: ignore[dict-item]
    world.phone.hold = asyncio.Event()
    await world.hears(*(asked(requested(f"page-{number}")) for number in range(100)))
    await turns()
    assert 0 < len(world.phone.told) < 100, "the rest waits in its lane"
    return world


async def test_other_channels_do_not_notice_a_provider_that_hangs() -> None:
    world = await hanging(bob=MAIL_ONLY)

    await world.hears(asked(requested("page-of-bob", responder="bob")))
    await turns()

    assert [doc.responder for doc in world.mail.pages] == ["bob"]


async def test_the_next_contact_method_goes_at_its_time_while_the_first_hangs() -> None:
    world = await hanging()

    for wait in (timedelta(seconds=20), WHEN_FULL):  # The mail's lane begins with a little room.
        world.clock.advance(wait)
        await world.fires()
        for _ in range(20):
            await turns()

    assert len(world.mail.pages) == 100


async def test_what_waited_in_the_lane_too_long_is_given_back_and_not_sent_beside_its_lease() -> (
    None
):
    world = await hanging()
    world.clock.advance(LEASE)
    begun = len(world.phone.told)
    assert world.phone.hold is not None
    world.phone.hold.set()
    await turns()

    assert len(world.phone.told) == begun, "a lease that has run out is no licence to call"
    assert LEASE >= PATIENCE
    assert any(isinstance(one.state, Sending) for one in world.all())
