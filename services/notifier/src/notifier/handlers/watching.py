"""Who is on call: taken from what escalation announces."""

from collections.abc import Sequence
from datetime import datetime

from notifier.domain.on_call import OnCall
from notifier.ports import NotifierUnitOfWork
from tocsin.events import Envelope, Event, OnCallChanged


async def on_catalog(
    uow: NotifierUnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
) -> None:
    """Take up who is on call; the last announcement of a schedule counts."""
    del now
    last = {one.data.schedule: one.data for one in envelopes if isinstance(one.data, OnCallChanged)}
    await uow.on_call.save([OnCall.of(one) for one in last.values() if not one.removed])
    await uow.on_call.remove([one.schedule for one in last.values() if one.removed])
