"""Topics to handlers: the incidents' lives, what people ask for, the pages that reach nobody."""

from collections.abc import Sequence
from datetime import datetime

from escalation.domain import owing
from escalation.domain.hearing import HEARD
from escalation.handlers import ClimbHandlers, NoteHandlers, OverrideCommandHandlers
from escalation.ports import EscalationUnitOfWork
from tocsin import topics
from tocsin.application import Subscription
from tocsin.events import (
    Envelope,
    EscalateIncident,
    Event,
    LeaveHandoffNote,
    NoteAdded,
    OverrideCommand,
)

# Only a page that reaches nobody is in a hurry, and that is rare: larger batches are cheap.
RARE = 0.1
OUTCOMES = (*owing.ENDS, *owing.TRIES)


def subscriptions(
    handlers: ClimbHandlers, overrides: OverrideCommandHandlers, notes: NoteHandlers
) -> tuple[Subscription[EscalationUnitOfWork], ...]:
    """Return the topics that this service reads."""

    async def on_commands(
        uow: EscalationUnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
    ) -> None:
        # Who is asked for by name comes with an incident's event: intake decides that.
        wishes = [
            one for one in envelopes if isinstance(one.data, EscalateIncident) and not one.data.to
        ]
        if wishes:
            await handlers.on_commands(uow, wishes, now)
        await overrides.on_commands(uow, envelopes, now)
        await notes.on_commands(uow, envelopes, now)

    async def on_incidents(
        uow: EscalationUnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
    ) -> None:
        # Of notes only those by which somebody answers.
        heard = [
            one for one in envelopes if not isinstance(one.data, NoteAdded) or one.data.acknowledged
        ]
        if heard:
            await handlers.on_incidents(uow, heard, now)

    # What was answered, or given to others, while we were away is known before a step is taken for
    # somebody who asks for more or is not reached: the answer would withdraw whom they get.
    first = topics.INCIDENTS
    wishes = (EscalateIncident, OverrideCommand, LeaveHandoffNote)
    return (
        Subscription(first, on_incidents, HEARD),
        Subscription(topics.COMMANDS, on_commands, wishes, after=first),
        Subscription(topics.NOTIFICATIONS, handlers.on_notifications, OUTCOMES, RARE, after=first),
    )
