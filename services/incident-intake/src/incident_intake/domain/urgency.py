"""Urgency: how to notify about an incident of this severity, by its service's rule and hours."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tocsin import hours
from tocsin.catalog import Service, SupportHours
from tocsin.events import Severity, Urgency

# The catalog may have changed since: nobody waits longer than this for it to be looked at.
LOOK_AGAIN = timedelta(days=1)


def urgency(service: Service | None, severity: Severity, now: datetime) -> Urgency:
    """Return the urgency. A service that the catalog does not know goes by severity."""
    wanted = _wanted(service, severity)
    support = service.support_hours if service else None
    if support is None or severity in support.always or _are_on(support, now):
        return wanted
    return "low"


def rises_at(service: Service | None, severity: Severity, now: datetime) -> datetime | None:
    """Return when to look whether it has become urgent, where only the hour keeps it from that."""
    support = service.support_hours if service else None
    if support is None or _wanted(service, severity) == urgency(service, severity, now):
        return None
    begins = hours.begin_after(support.windows, ZoneInfo(support.time_zone), now)
    return min(begins, now + LOOK_AGAIN) if begins else now + LOOK_AGAIN


def _wanted(service: Service | None, severity: Severity) -> Urgency:
    if service is not None and severity in service.urgency_of:
        return service.urgency_of[severity]
    if service is not None and service.urgency != "by_severity":
        return service.urgency
    return "high" if severity in {"critical", "error"} else "low"


def _are_on(support: SupportHours, now: datetime) -> bool:
    return hours.are_on(support.windows, ZoneInfo(support.time_zone), now)
