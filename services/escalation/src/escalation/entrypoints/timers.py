"""Timers to handlers: levels whose time is over, the last resort's repeats, and hand-offs."""

from collections.abc import Sequence
from datetime import datetime

from escalation.handlers import ClimbHandlers, HandOffHandlers
from escalation.handlers.handing_off import HAND_OFF
from escalation.ports import EscalationUnitOfWork
from tocsin.application import TimerHandler
from tocsin.unit_of_work import Timer


def on_timers(
    climbs: ClimbHandlers, hand_offs: HandOffHandlers
) -> TimerHandler[EscalationUnitOfWork]:
    """Return what is called with the timers that are due, up to 500 in one transaction."""

    async def fire(uow: EscalationUnitOfWork, timers: Sequence[Timer], now: datetime) -> None:
        if handing_off := [timer for timer in timers if timer.kind == HAND_OFF]:
            await hand_offs.on_timers(uow, handing_off, now)
        if climbing := [timer for timer in timers if timer.kind != HAND_OFF]:
            await climbs.on_timers(uow, climbing, now)

    return fire
