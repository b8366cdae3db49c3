"""Whether a level takes part in a climb now; where it does not, why, and what would have had to be.

Both are a few words for each part of the condition that does not hold.
"""

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
    found = _unmet(condition, incident, labels, now) if condition else ()
    return tuple(reason for reason, _ in found)


def needed(
    condition: Condition | None, incident: Incident, labels: Mapping[str, str], now: datetime
) -> tuple[str, ...]:
    """Return what would have had to be, all of it, for a level to take part now."""
    found = _unmet(condition, incident, labels, now) if condition else ()
    return tuple(wanted for _, wanted in found)


def _unmet(
    condition: Condition, incident: Incident, labels: Mapping[str, str], now: datetime
) -> Iterator[tuple[str, str]]:
    if (urgency := condition.urgency) and incident.urgency != urgency:
        reason = f"it is for {urgency} urgency, and the incident's is {incident.urgency}"
        yield reason, f"urgency {urgency}"
    if condition.severity and incident.severity not in condition.severity:
        wanted = f"severity {' or '.join(condition.severity)}"
        yield f"it is for {wanted}, and the incident's is {incident.severity}", wanted
    if condition.hours:
        zone = ZoneInfo(condition.hours.time_zone)
        if not hours.are_on(condition.hours.windows, zone, now):
            reason = f"{now.astimezone(zone):%a %H:%M} ({zone.key}) is outside its hours"
            yield reason, _begun(condition.hours.windows, zone, now)
    for text in condition.labels:
        if not matching.parse(text).matches(labels):
            whose = f"labels of service {incident.service}"
            yield f"the {whose} do not match {text}", f"{whose} that match {text}"


def _begun(windows: hours.Windows, zone: ZoneInfo, now: datetime) -> str:
    begins = hours.begin_after(windows, zone, now)
    when = f" ({begins.astimezone(zone):%a %Y-%m-%d %H:%M}, {zone.key})" if begins else ""
    return f"its hours begun{when}"
