"""What a message says of being late, and of many pages at once."""

from collections.abc import Callable, Sequence

from notifier.domain.incident import Incident
from notifier.domain.notification import Notification
from notifier.domain.page import Page
from notifier.domain.retrying import LEASE
from notifier.domain.states import Sending
from notifier.domain.visible import shortened, visible
from tocsin.channels import IncidentLine
from tocsin.durations import spoken

MOST_LISTED = 20
MAX_TITLE = 250
WORST = ("critical", "error", "warning", "info")
Part = tuple[Notification, Page, Incident | None]
TokenOf = Callable[[str], str]


def words(notification: Notification) -> str:
    """Return the sentence that a late page carries; nothing for one that is in time."""
    late = notification.late
    if not late or not isinstance(notification.state, Sending):
        return ""
    due, now = notification.due_since, notification.state.lease_until - LEASE
    form = "%H:%M UTC" if due.date() == now.date() else "%Y-%m-%d %H:%M UTC"
    what = "message" if notification.is_announcement else "page"
    return f"late: this {what} was due at {due.strftime(form)}, {spoken(late)} ago"


def by_incident(parts: Sequence[Part]) -> list[Part]:
    """Return the latest page of each incident: the most urgent first, then the newest."""
    latest: dict[str, Part] = {}
    for part in sorted(parts, key=lambda part: (part[1].envelope.time, part[0].notification_id)):
        latest[part[0].incident_id] = part
    return sorted(latest.values(), key=_rank)


def _rank(part: Part) -> tuple[bool, int, float]:
    line = line_of(part, "", lambda _: "")
    return line.urgency != "high", WORST.index(line.severity), -line.since.timestamp()


def line_of(part: Part, public_url: str, token_of: TokenOf) -> IncidentLine:
    """Return what a summary says of one incident."""
    notification, page, incident = part
    request = page.request
    known = incident if incident and incident.title else request
    token = token_of(page.page_id)
    first = [one.received_at for one in request.alerts if one.received_at]
    return IncidentLine(
        incident_id=request.incident_id,
        number=known.number,
        title=known.title,
        service=known.service,
        severity=known.severity,
        urgency=known.urgency,
        since=min([notification.due_since, *first]),
        token=token,
        url=f"{public_url}/a/{token}" if public_url and token else "",
    )


def as_text(lines: Sequence[IncidentLine], more: int, *, late: str, repeat: bool) -> str:
    """Return a summary for a plain sink."""
    said = [title_of(len(lines) + more) + ":"]
    if late:
        said.append(late.replace("this page", "the oldest of these pages", 1))
    if repeat:
        said.append("(You may have had some of these before: we could not see what arrived.)")
    for line in lines:
        name = shortened(visible(line.title), MAX_TITLE)
        since = line.since.strftime("%Y-%m-%d %H:%M UTC")
        said.append(
            f"#{line.number} {line.severity.upper()} {visible(line.service)}: {name}, since {since}"
        )
        if line.url:
            said.append(line.url)
    if more:
        said.append(f"and {more} more")
    return "\n".join(said)


def title_of(count: int) -> str:
    """Return what a summary is called."""
    return f"{count} incidents need you" if count != 1 else "1 incident needs you"
