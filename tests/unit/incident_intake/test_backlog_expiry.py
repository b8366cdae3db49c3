"""Silence is no end while what was said is still in our own outbox."""

from datetime import timedelta

from tests.unit.incident_intake.world import World, message, seconds
from tocsin.events import Envelope


async def test_an_alert_whose_repeats_wait_in_the_outbox_does_not_expire() -> None:
    """Kafka is away: the tool's repeats were answered 202 and wait; the alert still fires."""
    world = World()
    world.clock.advance(timedelta(hours=1))
    now = world.clock.now()
    await world.rings(message(at=now, expires_at=now + seconds(300)))
    for count in range(1, 9):
        at = now + seconds(60 * count)
        repeat = message(at=at, expires_at=at + seconds(300))
        async with world.store.begin() as uow:
            await uow.publish([Envelope(repeat, at, "tests")])
    world.clock.move_to(now + seconds(301))
    async with world.store.begin() as uow:
        timers = await uow.take_due(world.clock.now(), 100)
        await world.app.on_timers(uow, timers, world.clock.now())

    assert [each.status for each in world.incidents()] == ["triggered"]

    await world.relays()
    assert [type(each).__name__ for each in await world.passes(timedelta(minutes=5))] == [
        "AlertResolved",
        "IncidentResolved",
    ]
