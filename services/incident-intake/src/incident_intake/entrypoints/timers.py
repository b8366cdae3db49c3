"""Deadlines to their handler: acknowledgements, snoozes, expiries and silences in one."""

from incident_intake.handlers import Handlers
from incident_intake.ports import IntakeUnitOfWork
from tocsin.application import TimerHandler


def on_timers(handlers: Handlers) -> TimerHandler[IntakeUnitOfWork]:
    """Return who gets the timers that are due; the kinds are told apart in `handlers.due`."""
    return handlers.on_timers
