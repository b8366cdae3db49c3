"""Keep who is on call and what is silenced; each event is the whole truth of its subject."""

from collections.abc import Sequence
from datetime import datetime

from postmortem.domain.handoff_note import HandoffNote
from postmortem.domain.order import answered
from postmortem.domain.outlook import Outlook
from postmortem.domain.watch import Hush, Watch
from postmortem.ports import PostmortemUnitOfWork
from tocsin.events import (
    Envelope,
    Event,
    HandoffNoteLeft,
    OnCallChanged,
    OverrideAnswered,
    ShiftsForeseen,
    SilenceChanged,
    SilenceRefused,
)
from tocsin.events.commands import of_schedule


async def hear_silences(
    uow: PostmortemUnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
) -> bool:
    """Keep the silences as they are told; whether any was."""
    heard = [one for one in envelopes if isinstance(one.data, SilenceChanged | SilenceRefused)]
    if not heard:
        return False
    latest = {
        one.data.silence_id: Hush.of(one.data)
        for one in heard
        if isinstance(one.data, SilenceChanged)
    }
    await uow.silences.save(list(latest.values()))
    waiting = await uow.orders.waiting([one.data.key for one in heard])
    await uow.orders.save(answered(waiting, heard, now))
    return True


async def hear_schedules(
    uow: PostmortemUnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
) -> None:
    """Keep who is on call, and who will be, as it is told; and what became of our commands."""
    await _hear_outlooks(uow, envelopes)
    notes = [HandoffNote.of(one) for one in envelopes if isinstance(one.data, HandoffNoteLeft)]
    await uow.handoff_notes.add(notes)
    await _hear_answers(uow, envelopes, now)
    latest = {
        one.data.schedule: one.data for one in envelopes if isinstance(one.data, OnCallChanged)
    }
    await uow.watches.save([Watch.of(one) for one in latest.values() if not one.removed])
    removed = [name for name, one in latest.items() if one.removed]
    await uow.watches.remove(removed)
    await uow.outlooks.remove(removed)


async def _hear_outlooks(uow: PostmortemUnitOfWork, envelopes: Sequence[Envelope[Event]]) -> None:
    """Keep the newest of each schedule: a process whose catalog is behind may tell it later."""
    heard = [Outlook.of(one.data) for one in envelopes if isinstance(one.data, ShiftsForeseen)]
    if not heard:
        return
    known = await uow.outlooks.told(sorted({one.schedule for one in heard}))
    newest: dict[str, Outlook] = {}
    for one in sorted(heard, key=lambda outlook: outlook.told):
        if one.schedule not in known or one.told >= known[one.schedule]:
            newest[one.schedule] = one
    await uow.outlooks.save(list(newest.values()))


async def _hear_answers(
    uow: PostmortemUnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
) -> None:
    asked = {
        of_schedule(one.data.schedule)
        for one in envelopes
        if isinstance(one.data, OverrideAnswered | HandoffNoteLeft)
    }
    if asked:
        waiting = await uow.orders.waiting(sorted(asked))
        await uow.orders.save(answered(waiting, envelopes, now))
