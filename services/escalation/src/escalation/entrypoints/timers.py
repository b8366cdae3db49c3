"""Timers to handlers: levels whose time to answer is over, and the last resort's repeats."""

from escalation.handlers import ClimbHandlers
from escalation.ports import EscalationUnitOfWork
from tocsin.application import TimerHandler


def on_timers(handlers: ClimbHandlers) -> TimerHandler[EscalationUnitOfWork]:
    """Return what is called with the timers that are due, up to 500 in one transaction."""
    return handlers.on_timers
