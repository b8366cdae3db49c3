"""Timers: this service sets none until people review and promise."""

from collections.abc import Sequence
from datetime import datetime

from postmortem.ports import PostmortemUnitOfWork
from tocsin.unit_of_work import Timer


async def on_timers(uow: PostmortemUnitOfWork, timers: Sequence[Timer], now: datetime) -> None:
    """Let a timer of another release pass: nothing here waits for it."""
    del uow, timers, now
