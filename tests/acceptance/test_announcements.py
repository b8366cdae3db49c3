"""Channels and webhooks of a level, through all four services: told, and never taken for somebody."""

import pytest

from tests.acceptance.dsl import CrashMoment, Service, World, hours, minutes, seconds


async def test_a_level_tells_a_channel_and_a_webhook_beside_its_people(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    room, board = world.channel("ops"), world.webhook("board")
    world.policy("checkout").pages(alice, room, board, within=minutes(5)).then(bob)
    incident = await world.fires("HighErrorRate", service="checkout")

    alice.is_paged("HighErrorRate", after=minutes(0))
    room.is_told("HighErrorRate")
    board.is_told("HighErrorRate")
    await world.passes(minutes(5))
    bob.is_paged("HighErrorRate", after=minutes(5))
    await bob.acknowledges(incident)

    room.is_told("HighErrorRate", times=1)
    board.knows_that("HighErrorRate", "acknowledged")
    await incident.reads(
        "channel ops to be told (level 1 of checkout)", "channel ops told by device"
    )
    await incident.reads(
        "webhook board to be told (level 1 of checkout)", "webhook board told by webhook"
    )
    await incident.says_why(
        "…webhook board was to be told, because level 1 of policy checkout names it",
        "announcement-delivered: The message reached webhook board by webhook",
    )


async def test_a_channel_alone_keeps_nobody_waiting(world: World) -> None:
    (alice,) = world.responders("alice")
    room = world.channel("ops")
    world.policy("checkout").pages(room, within=hours(1)).then(alice, within=hours(1))
    incident = await world.fires("HighErrorRate", service="checkout")

    alice.is_paged("HighErrorRate", after=minutes(0))
    room.is_told("HighErrorRate")
    await incident.reads("level 1 skipped: it names nobody, and only tells channel ops")


async def test_a_policy_of_channels_alone_wakes_the_last_resort_at_once(world: World) -> None:
    (carol,) = world.responders("carol")
    world.turns_to(carol)
    room, board = world.channel("ops"), world.webhook("board")
    world.policy("checkout").pages(room).then(board).repeats(2)
    incident = await world.fires("HighErrorRate", service="checkout")

    carol.is_paged("HighErrorRate", after=minutes(0))
    await world.passes(minutes(5))
    carol.is_paged("HighErrorRate", after=minutes(5))
    room.is_told("HighErrorRate", times=1)
    board.is_told("HighErrorRate", times=1)
    await incident.reads("policy checkout exhausted; last resort: carol")


async def test_each_time_a_level_rings_it_tells_once(world: World) -> None:
    (alice,) = world.responders("alice")
    room = world.channel("ops")
    world.policy("checkout").pages(alice, room, within=minutes(5)).repeats(1)
    await world.fires("HighErrorRate", service="checkout")

    alice.is_paged("HighErrorRate")
    room.is_told("HighErrorRate", times=1)
    await world.passes(minutes(5))
    alice.is_paged("HighErrorRate")
    room.is_told("HighErrorRate", times=2)
    await world.redelivers()
    await world.passes(hours(1))
    room.is_told("HighErrorRate", times=2)


async def test_what_cannot_be_told_is_given_up_and_hastens_nobody(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    board = world.webhook("board")
    board.device.is_gone()
    world.policy("checkout").pages(alice, board, within=minutes(5)).then(bob)
    incident = await world.fires("HighErrorRate", service="checkout")

    alice.is_paged("HighErrorRate")
    await world.passes(minutes(5))
    bob.is_paged("HighErrorRate", after=minutes(5))
    await incident.reads("webhook board not told, and given up: the device is gone")


async def test_what_was_not_told_before_the_answer_is_withdrawn(world: World) -> None:
    (alice,) = world.responders("alice")
    room = world.channel("ops")
    room.device.refuses(times=1)
    world.policy("checkout").pages(alice, room, within=minutes(5))
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")
    await alice.acknowledges(incident)
    await world.passes(hours(1))

    room.is_told("HighErrorRate", times=0)
    await incident.reads(
        "telling channel ops by device failed: the device refuses",
        "telling channel ops by device withdrawn: acknowledged by alice",
    )


@pytest.mark.parametrize("nth", range(1, 6))
@pytest.mark.parametrize("moment", ["before save", "after save", "after publish"])
@pytest.mark.parametrize("service", ["escalation", "notifier", "postmortem"])
async def test_whatever_is_killed_and_when_everybody_and_everything_is_told(
    world: World, service: Service, moment: CrashMoment, nth: int
) -> None:
    alice, bob = world.responders("alice", "bob")
    room, board = world.channel("ops"), world.webhook("board")
    world.policy("checkout").pages(alice, room, within=minutes(5)).then(bob, board)

    world.may_crash(service, moment, nth)
    incident = await world.fires("HighErrorRate", service="checkout")
    await alice.is_paged_in_the_end("HighErrorRate", within=minutes(1))
    await world.passes(minutes(5))
    await bob.is_paged_in_the_end("HighErrorRate", within=minutes(1))
    await world.passes(minutes(1))
    await bob.acknowledges(incident)

    room.is_told("HighErrorRate", times=1)
    board.is_told("HighErrorRate", times=1)
    await incident.reads("channel ops to be told", "channel ops told by device")
    await incident.reads("webhook board to be told", "webhook board told by webhook")


async def test_a_notifier_that_dies_before_it_tells_tells_when_its_lease_is_over(
    world: World,
) -> None:
    room = world.channel("ops")
    world.policy("checkout").pages(room, within=minutes(30))

    world.crashes("notifier", after="claim")
    incident = await world.fires("HighErrorRate", service="checkout")
    await world.passes(seconds(31))

    room.is_told("HighErrorRate", times=1)
    await incident.reads(
        "unknown whether channel ops was told by device", "channel ops told by device"
    )
