"""Give commands in somebody's name: kept, and handed to the outbox, in one transaction."""

from datetime import datetime

from postmortem.domain.order import Order
from postmortem.ports import PostmortemUnitOfWork
from tocsin import ids
from tocsin.events import Command, Envelope, LeaveHandoffNote, OverrideCommand, SilenceCommand

Given = Command | SilenceCommand | OverrideCommand | LeaveHandoffNote

SOURCE = "postmortem"


async def give_again(
    uow: PostmortemUnitOfWork, command: Given, command_id: str, now: datetime
) -> bool:
    """Give a command that does no harm twice: anew as well, where nothing came of it before."""
    while (before := await uow.orders.get(command_id)) and before.is_in_vain(now):
        command_id = ids.derived("again", command_id)
    return await give(uow, command, command_id, now)


async def give(uow: PostmortemUnitOfWork, command: Given, command_id: str, now: datetime) -> bool:
    """Give a command; False where it was given before: pressed twice is once.

    A kill before the commit leaves nothing, and the page that was posted tells of no answer; after
    it, the relay publishes the command.
    """
    if isinstance(command, Command):
        await uow.incidents.lock([command.incident_id], now)
    verb = command.TYPE.removeprefix("tocsin.").partition("-")[0]
    is_new = await uow.orders.add(Order(command_id, command.key, verb, command.by.name, now))
    if is_new:
        await uow.publish([Envelope(command, now, SOURCE, command_id, correlation_id=command_id)])
    return is_new
