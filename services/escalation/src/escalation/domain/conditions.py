"""Whether a level takes part in a climb now; and where it does not, why: a sentence for each."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from escalation.domain.incident import Incident
from tocsin import hours, matching
from tocsin.catalog import Condition


def against(
    condition: Condition | None, incident: Incident, labels: Mapping[str, str], now: datetime
) -> tuple[str, ...]:
    """Return what speaks against a level now; nothing where it takes part."""
    return () if condition is None else tuple(_against(condition, incident, labels, now))


def _against(
    condition: Condition, incident: Incident, labels: Mapping[str, str], now: datetime
) -> Iterator[str]:
    if condition.urgency and incident.urgency != condition.urgency:
        yield f"it is for {condition.urgency} urgency, and the incident's is {incident.urgency}"
    if condition.severity and incident.severity not in condition.severity:
        wanted = " or ".join(condition.severity)
        yield f"it is for severity {wanted}, and the incident's is {incident.severity}"
    if condition.hours:
        zone = ZoneInfo(condition.hours.time_zone)
        if not hours.are_on(condition.hours.windows, zone, now):
            yield f"{now.astimezone(zone):%a %H:%M} ({zone.key}) is outside its hours"
    for text in condition.labels:
        if not matching.parse(text).matches(labels):
            yield f"the labels of service {incident.service} do not match {text}"
