"""A page as a neutral message: what is said, before any channel's markup."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from notifier.domain import overdue
from notifier.domain.incident import Incident
from notifier.domain.notification import Notification
from notifier.domain.page import Page
from notifier.domain.visible import shortened, visible
from tocsin.channels import AlertLine, Button, Fact, MessageDoc, Purpose
from tocsin.events import AlertSummary, Link, PageRequested, Severity, Urgency

MAX_ALERTS = 20
MAX_TITLE = 250
MAX_DESCRIPTION = 2000


@dataclass(frozen=True, slots=True)
class _Now:
    """The incident as it stands: from what is known last, the page or the projection."""

    status: str
    number: int
    title: str
    service: str
    severity: Severity
    urgency: Urgency
    alerts: tuple[AlertSummary, ...]
    more: int

    @property
    def alerts_to_name(self) -> tuple[AlertSummary, ...]:
        """The alerts whose titles say something: an only one often has the incident's own."""
        alone = len(self.alerts) == 1 and not self.more
        if alone and self.alerts[0].title == self.title:
            return ()
        return self.alerts[:MAX_ALERTS]


def render(
    notification: Notification,
    page: Page,
    incident: Incident | None,
    *,
    public_url: str = "",
    token: str = "",
) -> MessageDoc:
    """Return what a notification says. `token` makes this person's link to the incident's page."""
    request = page.request
    now = _present(request, incident)
    tells = page.is_announcement
    url = f"{public_url}/a/{token}" if public_url and token and not tells else ""
    return MessageDoc(
        purpose=_purpose(notification),
        title=now.title,
        text=_text(notification, now, request, url),
        incident_id=request.incident_id,
        number=now.number,
        status=now.status,
        severity=now.severity,
        urgency=now.urgency,
        service=now.service,
        responder="" if tells else notification.responder,
        url=url,
        facts=_facts(now, request, incident),
        links=links(now.alerts, request.runbook),
        buttons=_buttons(notification, url, token),
        actions=actions_of(now.status, token, url, is_asked=_purpose(notification) == "page"),
        alerts=tuple(line(alert) for alert in now.alerts[:MAX_ALERTS]),
        more=now.more + max(len(now.alerts) - MAX_ALERTS, 0),
        repeat_possible=notification.repeat_possible,
        late=overdue.words(notification),
        late_seconds=int(notification.late.total_seconds()),
    )


def _purpose(notification: Notification) -> Purpose:
    return "announcement" if notification.is_announcement else notification.purpose


def render_summary(
    parts: Sequence[overdue.Part], *, public_url: str = "", token_of: overdue.TokenOf
) -> MessageDoc:
    """Return one message for many pages; for many pages of one incident it is a page like any."""
    found = overdue.by_incident(parts)
    foremost, page, incident = found[0]
    repeat = any(one.repeat_possible for one, _, _ in parts)
    token = token_of(page.page_id)
    doc = replace(
        render(foremost, page, incident, public_url=public_url, token=token), repeat_possible=repeat
    )
    if len(found) == 1:
        return doc
    oldest = max((one for one, _, _ in parts), key=lambda one: one.late)
    lines = tuple(
        overdue.line_of(part, public_url, token_of) for part in found[: overdue.MOST_LISTED]
    )
    more, late = len(found) - len(lines), overdue.words(oldest)
    return replace(
        doc,
        title=overdue.title_of(len(found)),
        text=overdue.as_text(lines, more, late=late, repeat=repeat),
        url="",
        actions=tuple(
            Button("acknowledge", f"Acknowledge #{line.number}", line.token, line.url)
            for line in lines
            if line.token
        ),
        facts=(),
        links=(),
        buttons=tuple(
            Button("acknowledge", f"Acknowledge #{line.number}", line.token, line.url)
            for line in lines
            if line.url
        ),
        alerts=(),
        more=more,
        late=late,
        late_seconds=int(oldest.late.total_seconds()),
        incidents=lines,
    )


def _present(request: PageRequested, incident: Incident | None) -> _Now:
    behind = incident is None or incident.version < request.incident_version
    if incident is None or behind or not incident.title:
        return _Now(
            "triggered" if incident is None or behind else incident.status,
            request.number,
            request.title,
            request.service,
            request.severity,
            request.urgency,
            request.alerts,
            request.more,
        )
    return _Now(
        incident.status,
        incident.number,
        incident.title,
        incident.service,
        incident.severity,
        incident.urgency,
        incident.alerts or request.alerts,
        incident.more if incident.alerts else request.more,
    )


def _text(notification: Notification, now: _Now, request: PageRequested, url: str) -> str:
    title = shortened(visible(now.title), MAX_TITLE)
    if notification.purpose != "page":
        return f"#{now.number} is {now.status}: {title}"
    lines = [f"#{now.number} {now.severity.upper()} {visible(now.service)}: {title}"]
    if late := overdue.words(notification):
        lines.append(late)
    if notification.repeat_possible:
        lines.append("(You may have had this message before: we could not see whether it arrived.)")
    lines += [f"- {shortened(visible(alert.title), MAX_TITLE)}" for alert in now.alerts_to_name]
    hidden = now.more + max(len(now.alerts) - MAX_ALERTS, 0)
    if hidden:
        lines.append(f"and {hidden} more")
    if request.reason:
        lines.append("Why you: " + visible(" > ".join(request.reason)))
    if url:
        lines.append(url)
    return "\n".join(lines)


def _facts(now: _Now, request: PageRequested, incident: Incident | None) -> tuple[Fact, ...]:
    facts = [Fact("Service", now.service), Fact("Severity", now.severity)]
    if now.status != "triggered" and incident:
        facts.append(Fact("Status", incident.answer))
    if request.level and not request.named:
        facts.append(Fact("Level", f"{request.level} of {request.policy}"))
    if request.reason:
        facts.append(Fact("Why you", " > ".join(request.reason)))
    return tuple(facts)


def links(alerts: Sequence[AlertSummary], runbook: str | None) -> tuple[Link, ...]:
    """Return the addresses that help, each once."""
    own = (Link(href=runbook, text="Runbook"),) if runbook else ()
    found = own + tuple(link for alert in alerts for link in alert.links)
    by_address = {link.href: link for link in reversed(found) if _is_web(link.href)}
    return tuple(reversed(by_address.values()))[:MAX_ALERTS]


def _is_web(href: str) -> bool:
    # A link from outside is clicked by somebody half asleep: no javascript:, no file:.
    return href.startswith(("https://", "http://"))


def _buttons(notification: Notification, url: str, token: str) -> tuple[Button, ...]:
    if notification.purpose != "page" or not url:
        return ()
    return (Button("acknowledge", "Acknowledge", token, url),)


def actions_of(
    status: str, token: str, url: str = "", *, is_asked: bool = False
) -> tuple[Button, ...]:
    """Return what may be asked for in this state; to acknowledge also by whom it `is_asked` of."""
    if not token or status not in {"triggered", "acknowledged"}:
        return ()
    acknowledge = (Button("acknowledge", "Acknowledge", token, url),)
    return (
        *(acknowledge if is_asked or status == "triggered" else ()),
        Button("resolve", "Resolve", token, ""),
        Button("snooze", "Snooze", token, ""),
        Button("escalate", "Escalate", token, ""),
        Button("note", "Add note", token, ""),
    )


def line(alert: AlertSummary) -> AlertLine:
    """Return what a message tells of one alert."""
    return AlertLine(
        title=alert.title,
        severity=alert.severity,
        source=alert.source,
        dedup_key=alert.dedup_key,
        description=shortened(alert.description, MAX_DESCRIPTION),
        labels=alert.labels,
        links=alert.links,
        started_at=alert.started_at,
    )
