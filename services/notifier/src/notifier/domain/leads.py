"""Which notice of a handoff is due: the person's leads, their quiet hours, and what is too late.

A lead is how long before the handoff somebody wants to be told. Of several that are due the
shortest stands for all of them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.domain.outlook import Handoff, Outlook
from tocsin import hours
from tocsin.catalog import Catalog, User


@dataclass(frozen=True, slots=True)
class Due:
    """A handoff that somebody is to be told of now, because of this lead."""

    handoff: Handoff
    lead: timedelta


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at an outlook finds. `late` counts what was due since the last one, in vain."""

    due: tuple[Due, ...]
    late: int
    look_at: datetime | None


def look(outlook: Outlook, catalog: Catalog, now: datetime) -> Look:
    """Return which handoffs are to be told of now, and when the next one is."""
    due: list[Due] = []
    late = 0
    later: list[datetime] = []
    for handoff in outlook.handoffs():
        if handoff.at <= outlook.looked_at:
            continue
        moments = _moments(handoff, catalog.user(handoff.person))
        later += [at for at in moments.values() if now < at < handoff.at]
        lead = lead_due(moments, handoff.at, now)
        if lead is not None:
            due.append(Due(handoff, lead))
        elif any(outlook.looked_at < min(at, handoff.at) <= now for at in moments.values()):
            late += 1
    return Look(tuple(due), late, min(later, default=None))


def lead_due(
    moments: dict[timedelta, datetime], handoff_at: datetime, now: datetime
) -> timedelta | None:
    """Return the lead that is due, of these with their moments; None if none is, or it is stale.

    It is stale when its moment passed by more than is left until the handoff.
    """
    passed = [lead for lead, at in moments.items() if at <= now]
    if not passed:
        return None
    lead = min(passed)
    return lead if now - moments[lead] <= handoff_at - now and now < handoff_at else None


def _moments(handoff: Handoff, user: User | None) -> dict[timedelta, datetime]:
    """Return when a person is to be told, by each of their leads: in quiet hours, after them."""
    if user is None or user.handoff_notices is None or user.notice_method() is None:
        return {}
    wanted = user.handoff_notices
    leads = wanted.on_call if handoff.kind == "on_call" else wanted.off_call
    return {lead: hours.heard_from(user, "low", handoff.at - lead) for lead in leads}
