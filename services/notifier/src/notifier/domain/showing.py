"""A post as a neutral message: the incidents that it tells of, as they stand now."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from notifier.domain import overdue, rendering
from notifier.domain.incident import Incident
from notifier.domain.page import Page
from notifier.domain.post import Post
from tocsin.channels import Fact, IncidentLine, MessageDoc
from tocsin.events import AlertSummary

ORDER = ("triggered", "acknowledged", "resolved", "merged")


def shown(
    post: Post, incidents: Sequence[Incident], page: Page | None, *, token: str, url: str = ""
) -> MessageDoc:
    """Return what a post says. `token` is for its buttons; `url` is its own person's link."""
    known = [one for one in incidents if one.number]
    if post.is_shared or post.post_id.startswith("shared-"):
        return _shared(post, known)
    incident = known[0] if known else Incident(post.incidents[0])
    request = page.request if page else None
    is_asked = bool(
        page and not page.is_announcement and incident.is_asked_since(page.request.incident_version)
    )
    facts = [Fact("Service", incident.service), Fact("Severity", incident.severity)]
    if incident.status != "triggered":
        facts.append(Fact("Status", incident.answer))
    if request and request.level and not request.named:
        facts.append(Fact("Level", f"{request.level} of {request.policy}"))
    if request and request.reason:
        facts.append(Fact("Why you", " > ".join(request.reason)))
    return MessageDoc(
        purpose="update" if post.reference else "post",
        title=incident.title,
        text=f"#{incident.number} is {incident.status}: {incident.title}",
        incident_id=incident.incident_id,
        number=incident.number,
        status=incident.status,
        severity=incident.severity,
        urgency=incident.urgency,
        service=incident.service,
        responder=request.responder if request and page and not page.is_announcement else "",
        url=url,
        facts=tuple(facts),
        links=rendering.links(incident.alerts, request.runbook if request else None),
        actions=rendering.actions_of(incident.status, token, url, is_asked=is_asked),
        alerts=tuple(rendering.line(one) for one in incident.alerts),
        more=incident.more,
        repeat_possible=False,
    )


def _shared(post: Post, incidents: Sequence[Incident]) -> MessageDoc:
    ranked = sorted(incidents, key=_rank)
    first = ranked[0] if ranked else Incident(post.incidents[0])
    lines = tuple(_line(one, post.opened_at) for one in ranked[: overdue.MOST_LISTED])
    title = title_of([one.status for one in incidents])
    status = "resolved" if all(one.status not in ORDER[:2] for one in incidents) else "triggered"
    return MessageDoc(
        purpose="update" if post.reference else "post",
        title=title,
        text=title,
        incident_id=first.incident_id,
        number=first.number,
        status=status,
        severity=first.severity,
        urgency=first.urgency,
        service=first.service,
        responder="",
        more=len(ranked) - len(lines),
        incidents=lines,
    )


def title_of(statuses: Sequence[str]) -> str:
    """Return what a shared message is called: how many incidents, and how they stand."""
    counts: Mapping[str, int] = Counter(statuses)
    said = ", ".join(f"{counts[one]} {one}" for one in ORDER if counts.get(one))
    return f"{len(statuses)} incidents: {said}" if len(statuses) != 1 else f"1 incident: {said}"


def _rank(incident: Incident) -> tuple[int, bool, int, int]:
    return (
        ORDER.index(incident.status),
        incident.urgency != "high",
        overdue.WORST.index(incident.severity),
        -incident.number,
    )


def _line(incident: Incident, opened_at: datetime) -> IncidentLine:
    return IncidentLine(
        incident_id=incident.incident_id,
        number=incident.number,
        title=incident.title,
        service=incident.service,
        severity=incident.severity,
        urgency=incident.urgency,
        since=min([opened_at, *_received(incident.alerts)]),
        status="" if incident.status == "triggered" else incident.answer,
    )


def _received(alerts: Sequence[AlertSummary]) -> list[datetime]:
    return [one.received_at for one in alerts if one.received_at]
