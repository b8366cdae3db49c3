"""Each event as a plain sentence: what a person says who tells what happened."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import singledispatch

from postmortem.domain import afterwards, announced
from postmortem.domain.wishes import because, wish
from tocsin import events as e
from tocsin.catalog.naming import in_words
from tocsin.durations import spoken
from tocsin.events import Envelope, Event

WORSE = ("info", "warning", "error", "critical")


@dataclass(frozen=True, slots=True)
class Story:
    """What a sentence needs to know of the other events: which notifications were `sent`."""

    sent: frozenset[str] = frozenset()

    @staticmethod
    def of(envelopes: Iterable[Envelope[Event]]) -> "Story":
        """Return what these events tell of each other."""
        data = [envelope.data for envelope in envelopes]
        sent = (item for item in data if isinstance(item, e.NotificationSent))
        return Story(frozenset(item.notification_id for item in sent))


def sentence(event: Event, story: Story) -> str:
    """Return what happened, in one plain sentence."""
    if isinstance(event, e.NotificationDelivered) and event.notification_id in story.sent:
        return f"page reached {event.responder} by {event.channel}"
    return _text(event)


def clock_time(at: datetime) -> str:
    """Return an instant as the timeline writes it: UTC, to the second."""
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")


def _level(level: int) -> str:
    return f"level {level}" if level else "last resort"


@singledispatch
def _text(event: Event) -> str:
    """Say the type of an event that has no sentence of its own, so that none is unaccounted."""
    return event.TYPE.removeprefix("tocsin.").rpartition(".v")[0].replace("-", " ")


@_text.register
def _(event: e.IncidentTriggered) -> str:
    how = "announced again" if event.again else "triggered"
    return f"{event.title} {how} ({event.service}, {event.severity})"


@_text.register
def _(event: e.AlertAdded) -> str:
    fired = "fired again" if event.reopened else "joined"
    return f"alert {event.alert.title} {fired} ({event.alert.severity})"


@_text.register
def _(event: e.AlertResolved) -> str:
    return f"alert {event.title} {event.reason}"


@_text.register
def _(event: e.AlertSuppressed) -> str:
    return f"alert {event.title} suppressed by {event.reason}: {event.rule}"


@_text.register
def _(event: e.SeverityChanged) -> str:
    if event.severity == event.previous:
        return f"urgency is {event.urgency} now: {event.reason}"
    rose = WORSE.index(event.severity) > WORSE.index(event.previous)
    return f"severity {'rose' if rose else 'fell'} from {event.previous} to {event.severity}"


@_text.register
def _(event: e.IncidentAcknowledged) -> str:
    return f"acknowledged by {event.by}"


@_text.register
def _(event: e.IncidentUnacknowledged) -> str:
    match event.reason:
        case "acknowledgement-timeout":
            return "triggered again: the acknowledgement timed out"
        case "snooze-ended":
            return "triggered again: the snooze ended"
        case "command":
            return f"triggered again by {event.by}" if event.by else "triggered again"


@_text.register
def _(event: e.IncidentSnoozed) -> str:
    return f"snoozed by {event.by} until {clock_time(event.until)}"


@_text.register
def _(event: e.IncidentReassigned) -> str:
    return f"reassigned to {in_words(event.to)} by {event.by}{because(event.reason)}"


@_text.register
def _(event: e.IncidentEscalated) -> str:
    return f"escalated to {in_words(event.to)} by {event.by}{because(event.reason)}"


@_text.register
def _(event: e.NoteAdded) -> str:
    return f"note by {event.by}: {event.text}"


@_text.register
def _(event: e.IncidentMerged) -> str:
    return f"merged into {event.into} by {event.by}"


@_text.register
def _(event: e.IncidentResolved) -> str:
    if event.reason == "alerts-resolved":
        return "resolved: the last of its alerts ended"
    return f"resolved by {event.by}"


@_text.register
def _(event: e.IncidentReopened) -> str:
    return f"reopened by {event.by}"


@_text.register
def _(event: e.CommandRefused) -> str:
    command = event.command.removeprefix("tocsin.").partition(".v")[0]
    return f"{command} by {event.by} refused: {event.reason}"


@_text.register
def _(event: e.EscalationStarted) -> str:
    return f"escalation started by policy {event.policy}"


@_text.register
def _(event: e.PageRequested) -> str:
    place = f"{_level(event.level)} of {event.policy}"
    why = event.reason[0] if event.named and event.reason else place
    return f"page for {event.responder} requested ({why})"


@_text.register
def _(event: e.PageWithdrawn) -> str:
    return f"page for {event.responder} withdrawn: {event.reason}"


@_text.register
def _(event: e.LevelSkipped) -> str:
    how = "passed over" if event.passed_over else "skipped"
    return f"{_level(event.level)} {how}: {event.reason}"


@_text.register
def _(event: e.EscalationExhausted) -> str:
    if event.last_resort:
        return f"policy {event.policy} exhausted; last resort: {', '.join(event.last_resort)}"
    return f"policy {event.policy} exhausted: {event.reason}"


@_text.register
def _(event: e.NotificationSent | e.NotificationDelivered) -> str:
    late = f", {spoken(timedelta(seconds=event.late_seconds))} late" if event.late_seconds else ""
    together = ", in one message with others" if event.summary_id else ""
    return f"{event.responder} paged by {event.channel}{late}{together}"


@_text.register
def _(event: e.NotificationFailed) -> str:
    return f"paging {event.responder} by {event.channel} failed: {event.reason}"


@_text.register
def _(event: e.NotificationUncertain) -> str:
    return f"unknown whether {event.responder} was paged by {event.channel}: {event.reason}"


@_text.register
def _(event: e.NotificationWithdrawn) -> str:
    return f"page to {event.responder} by {event.channel} withdrawn: {event.reason}"


@_text.register
def _(event: e.ResponderUnreachable) -> str:
    return f"{event.responder} unreachable: {event.reason}"


@_text.register
def _(event: e.SnoozeIncident) -> str:
    return f"{event.by} asked to snooze until {clock_time(event.until)}"


@_text.register(e.AcknowledgeIncident)
@_text.register(e.ResolveIncident)
@_text.register(e.EscalateIncident)
@_text.register(e.ReassignIncident)
@_text.register(e.AddNote)
@_text.register(e.OpenIncident)
def _(event: e.Command) -> str:
    return f"{event.by} asked to {wish(event)}"


@_text.register
def _(event: e.DeadLettered) -> str:
    return f"{event.consumer} could not handle a record of {event.topic}: {event.reason}"


for kind, said in (*announced.SENTENCES.items(), *afterwards.SENTENCES.items()):
    _text.register(kind, said)
