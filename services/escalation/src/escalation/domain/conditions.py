"""Whether a level takes part in a climb now; and where it does not, why: a sentence for each."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from escalation.domain.incident import Incident
from escalation.domain.restriction import Restriction
from escalation.domain.wall_clock import moment
from tocsin import matching
from tocsin.catalog import Condition, Hours


def against(
    condition: Condition | None, incident: Incident, labels: Mapping[str, str], now: datetime
) -> tuple[str, ...]:
    """Return what speaks against a level now; nothing where it takes part."""
    return () if condition is None else tuple(_against(condition, incident, labels, now))


def are_open(hours: Hours, now: datetime) -> bool:
    """Return whether one of the windows is in progress."""
    here = moment(now, ZoneInfo(hours.time_zone))
    return any(Restriction.of(one).open_since(here) is not None for one in hours.windows)


def _against(
    condition: Condition, incident: Incident, labels: Mapping[str, str], now: datetime
) -> Iterator[str]:
    if condition.urgency and incident.urgency != condition.urgency:
        yield f"it is for {condition.urgency} urgency, and the incident's is {incident.urgency}"
    if condition.severity and incident.severity not in condition.severity:
        wanted = " or ".join(condition.severity)
        yield f"it is for severity {wanted}, and the incident's is {incident.severity}"
    if condition.hours and not are_open(condition.hours, now):
        zone = ZoneInfo(condition.hours.time_zone)
        yield f"{now.astimezone(zone):%a %H:%M} ({zone.key}) is outside its hours"
    for text in condition.labels:
        if not matching.parse(text).matches(labels):
            yield f"the labels of service {incident.service} do not match {text}"
