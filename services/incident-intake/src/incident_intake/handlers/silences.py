"""Silences: added and expired by people; what they held back is judged anew when they end."""

from datetime import datetime

from incident_intake.domain.suppression import Silence
from incident_intake.handlers.desk import SILENCE
from incident_intake.ports import IntakeUnitOfWork
from tocsin.unit_of_work import Timer


async def add(uow: IntakeUnitOfWork, silence: Silence) -> Silence:
    """Keep a silence; one with this id that exists stays as it is."""
    existing = await uow.silences.load([silence.silence_id])
    if silence.silence_id in existing:
        return existing[silence.silence_id]
    await uow.silences.save([silence])
    return silence


async def expire(uow: IntakeUnitOfWork, silence_id: str, now: datetime) -> Silence | None:
    """End a silence now; what still fires behind it is judged by a timer that is due at once."""
    found = (await uow.silences.load([silence_id])).get(silence_id)
    if found is None or found.ends_at <= now:
        return found
    ended = found.expired(now)
    await uow.silences.save([ended])
    await uow.set_timers([Timer(f"{SILENCE}:{silence_id}", SILENCE, silence_id, now)])
    # Whoever suppresses an alert holds the counter. Taking it last waits for those that still
    # saw the silence, so that the timer finds all of their alerts.
    await uow.incidents.last_number()
    return ended
