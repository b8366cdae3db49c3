"""Somebody who was asked after the incident had been answered, and answers for themselves."""

from collections.abc import Sequence
from datetime import datetime

from notifier.domain.incident import Incident
from notifier.domain.notification import Notification
from notifier.handlers.work import Work
from notifier.ports import Dispatcher, NotifierUnitOfWork
from tocsin.events import Command, Envelope


async def asked_since(
    uow: NotifierUnitOfWork, incident: Incident | None, responder: str
) -> list[Notification]:
    """Return what this person is told of an incident that another has, by pages after that."""
    if incident is None:
        return []
    found = await uow.notifications.of_incidents([incident.incident_id])
    theirs = [one for one in found if (one.responder, one.purpose) == (responder, "page")]
    return [one for one in theirs if incident.is_asked_since(one.incident_version)]


async def withdraw_the_rest(
    uow: NotifierUnitOfWork,
    dispatcher: Dispatcher,
    asked: Sequence[Notification],
    answer: Envelope[Command],
    now: datetime,
) -> None:
    """Withdraw what was not sent yet of what the answer is to."""
    if not asked:
        return
    work = Work(dispatcher, now)
    for one in asked:
        work.withdraw(one, f"acknowledged by {answer.data.by} as well", answer)
    await work.write(uow)
