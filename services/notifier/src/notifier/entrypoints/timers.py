"""Timers to handler methods."""

from collections.abc import Sequence
from datetime import datetime

from notifier.handlers.notices import NOTICES, NoticeHandlers
from notifier.handlers.pages import PLAN, PageHandlers
from notifier.handlers.sending import SendingHandlers
from notifier.handlers.work import ALARM
from notifier.ports import NotifierUnitOfWork
from tocsin.unit_of_work import Timer


class TimerEntry:
    """Delayed rules, retries, lapsed leases; pages that came before their catalog; notices."""

    def __init__(
        self, pages: PageHandlers, sending: SendingHandlers, notices: NoticeHandlers
    ) -> None:
        """Hand timers to these."""
        self._pages = pages
        self._sending = sending
        self._notices = notices

    async def on_timers(
        self, uow: NotifierUnitOfWork, timers: Sequence[Timer], now: datetime
    ) -> None:
        """Work off timers that are due. One look serves any number of alarms."""
        if unplanned := [timer for timer in timers if timer.kind == PLAN]:
            await self._pages.on_plan_timers(uow, unplanned, now)
        if any(timer.kind == ALARM for timer in timers):
            await self._sending.on_alarm(uow, now)
        if any(timer.kind == NOTICES for timer in timers):
            await self._notices.on_timers(uow, now)
