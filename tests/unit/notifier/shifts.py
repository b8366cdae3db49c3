"""Shifts as escalation foresees them, said in hours of one Monday."""

from datetime import UTC, datetime, timedelta

from notifier.domain.leads import Due
from notifier.domain.outlook import Outlook
from tocsin import durations
from tocsin.events import ForeseenShift, ShiftsForeseen

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)


def hour(hours: float) -> datetime:
    """Return an instant of that Monday, or so many hours after its beginning."""
    return MONDAY + timedelta(hours=hours)


def event(schedule: str, *shifts: tuple[float | str, ...], version: int = 1) -> ShiftsForeseen:
    """Return the event: each shift with its first hour and its people, the last one only ends."""
    begins = [hour(float(one[0])) for one in shifts]
    return ShiftsForeseen(
        schedule=schedule,
        catalog_version=version,
        since=begins[0],
        until=begins[-1],
        shifts=tuple(
            ForeseenShift(begins=at, until=until, responders=tuple(str(one) for one in shift[1:]))
            for at, until, shift in zip(begins, begins[1:], shifts, strict=False)
        ),
    )


def foreseen(
    schedule: str, *shifts: tuple[float | str, ...], looked_at: datetime = MONDAY
) -> Outlook:
    """Return what is kept of it, looked at last at that instant."""
    return Outlook.of(event(schedule, *shifts), looked_at, looked_at)


def told_of(due: Due) -> str:
    """Return a handoff that is due, in a line."""
    one = due.handoff
    lead = durations.text(due.lead)
    return f"{one.person} {one.kind} {one.schedule} {one.at:%H:%M} by {lead}"
