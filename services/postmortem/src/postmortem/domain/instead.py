"""The nearest change that would have altered a decision: by its code, from what its event says.

Nothing is judged anew and nothing guessed. Where escalation knows more than its event shows, it
says so itself (`instead` of its events). A code that is not here has no such sentence.
"""

from collections.abc import Callable, Mapping
from typing import Any

from postmortem.domain.instead_pages import ANSWERS, OF_PAGES
from tocsin import events as e

SAME_ADDRESS = "tells the same address at the same moment"
HELD = ", held by quiet hours"
NO_RULE = "no rule for "


def of_code(code: str, event: e.Event, sentence: str) -> str:
    """Return what would have altered this decision, which says `sentence`; empty: nothing told."""
    found = BY_CODE.get(code)
    return found(event, sentence) if found else ""


def _opened(event: e.IncidentTriggered, _: str) -> str:
    if event.alert is None:
        return f"Had {event.by} not opened it, there would be none." if event.by else ""
    return "A silence that matches the alert would have held it back: nobody had been told."


def _announced_again(_event: e.IncidentTriggered, _: str) -> str:
    return "Had a page been heard of in time, it would have been announced once."


def _low(_event: e.IncidentTriggered, _: str) -> str:
    return "With urgency high, the high rules of each person had applied, and no quiet hours."


def _grouped(event: e.AlertAdded, _: str) -> str:
    if event.reopened:
        return "After the incident was resolved, it would have opened a new one."
    labels = event.rule.partition("grouped by ")[2]
    other = f"another {labels}" if labels else "another dedup key"
    return f"After the incident was resolved, or with {other}, it would have opened one of its own."


def _alert_ended(event: e.AlertResolved, _: str) -> str:
    if event.reason == "expired":
        return "Sent again in time, it would still have been firing."
    return "Had its tool not said so, it would still have been firing."


def _acknowledged(event: e.IncidentAcknowledged, _: str) -> str:
    return f"Had {event.by} not acknowledged it, the climb would have gone on."


def _snoozed(_event: e.IncidentSnoozed, _: str) -> str:
    return "Snoozed until an earlier time, it would have been triggered again then."


def _paging_again(event: e.IncidentUnacknowledged, _: str) -> str:
    if event.reason == "command":
        return f"Had {event.by or 'nobody'} not asked for it, it would have stayed quiet."
    return "Resolved before then, or snoozed for longer, it would have stayed quiet."


def _resolved(event: e.IncidentResolved, _: str) -> str:
    if event.reason == "alerts-resolved":
        return "Had one of its alerts still been firing, it would have stayed open."
    return f"Had {event.by} not resolved it, it would have stayed open."


def _merged(event: e.IncidentMerged, _: str) -> str:
    return f"Had {event.by} not merged it, its own climb would have gone on."


def _reopened(event: e.IncidentReopened, _: str) -> str:
    return f"Had {event.by} not reopened it, nobody would have been paged anew."


def _reassigned(event: e.IncidentReassigned, _: str) -> str:
    return f"Had {event.by} not reassigned it, it would have stayed with whom it was."


def _escalated(event: e.IncidentEscalated, _: str) -> str:
    return f"Had {event.by} not asked for them, they would not have been paged for that."


def _told(event: e.NotificationSent | e.NotificationDelivered, _: str) -> str:
    if event.rule.endswith(HELD):
        return "With urgency high it would have gone at once, whatever the quiet hours."
    if event.rule.startswith(NO_RULE):
        urgency = event.rule.removeprefix(NO_RULE).partition(" ")[0]
        return f"With a notification rule for {urgency} urgency, that would have chosen the method."
    return ""


def _not_sent(event: e.NotificationWithdrawn, _: str) -> str:
    if event.reason.endswith(SAME_ADDRESS):
        return "With an address of its own, it would have been sent as well."
    return _unanswered(event.reason, "sent")


def _unreachable(event: e.ResponderUnreachable, _: str) -> str:
    match event.reason:
        case "has no contact method":
            return f"With a contact method, {event.responder} would have been told."
        case "the catalog has no such person":
            return f"With {event.responder} in the catalog, they would have been told."
        case _:
            return "Had one of their contact methods worked, the climb would have waited for them."


def _announced(event: e.AnnouncementRequested, _: str) -> str:
    place = f"level {event.level} of policy {event.policy}"
    return f"Were it not named on {place}, {event.target} would not have been told."


def _announcement_withdrawn(event: e.AnnouncementWithdrawn, _: str) -> str:
    return _unanswered(event.reason, "told")


def _unanswered(reason: str, done: str) -> str:
    answer, _by, who = reason.partition(" by ")
    if answer not in ANSWERS or not who:
        return ""
    return f"Had {who} not {answer} the incident, it would have been {done}."


# Each takes the events that have its code alone: what the keys say, a type of the mapping cannot.
BY_CODE: Mapping[str, Callable[[Any, str], str]] = {
    "incident-opened": _opened,
    "announced-again": _announced_again,
    "low-urgency": _low,
    "alert-grouped": _grouped,
    "alert-ended": _alert_ended,
    "acknowledged": _acknowledged,
    "snoozed": _snoozed,
    "paging-again": _paging_again,
    "resolved": _resolved,
    "merged": _merged,
    "reopened": _reopened,
    "reassigned": _reassigned,
    "escalated": _escalated,
    "sent": _told,
    "delivered": _told,
    "not-sent": _not_sent,
    "unreachable": _unreachable,
    "announced": _announced,
    "announcement-withdrawn": _announcement_withdrawn,
    **OF_PAGES,
}
