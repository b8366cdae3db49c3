"""What intake decided: opened, grouped, answered, ended."""

from collections.abc import Iterable

from postmortem.domain.saying import Said, Story, say, via
from postmortem.domain.sentences import clock_time
from postmortem.domain.wishes import because
from tocsin import events as e
from tocsin.catalog.naming import in_words
from tocsin.why import Inputs


@say.register
def _(event: e.IncidentTriggered, story: Story) -> Iterable[Said]:
    if event.again:
        text = "It was announced once more: no page was heard of within its time."
        yield "announced-again", text, "a page is owed within a minute", {}
        return
    story.answered = ""
    rule = event.rule or "each alert is its own incident"
    text = (
        f"Incident #{event.number} was opened at {story.at} for service {event.service}:"
        f" {event.title} ({event.severity}, urgency {event.urgency}); {rule}."
    )
    inputs: Inputs = {
        "service": event.service,
        "severity": event.severity,
        "urgency": event.urgency,
        "group_key": event.group_key,
        "escalation_policy": event.escalation_policy,
        "alert": event.alert.alert_id if event.alert else None,
        "opened_by": event.by.name if event.by else None,
    }
    yield "incident-opened", text, rule, inputs
    if event.urgency == "low":
        by_severity = f"because its severity is {event.severity}"
        is_mild = event.severity in {"warning", "info"}
        why = by_severity if is_mild else "by the urgency of its service, or its support hours"
        low = f"Its urgency is low, {why}: it can wait."
        yield "low-urgency", low, "the urgency of the service", {"severity": event.severity}


@say.register
def _(event: e.AlertAdded, story: Story) -> Iterable[Said]:
    how = "fired again in the incident" if event.reopened else "joined the incident"
    rule = event.rule or "its incident was still open"
    text = f"Alert {event.alert.title} {how} at {story.at}: {rule}. That alone pages nobody"
    because = f"; {story.answered}." if story.answered else ": those who are paged are told."
    inputs: Inputs = {"alert": event.alert.alert_id, "dedup_key": event.alert.dedup_key}
    yield "alert-grouped", text + because, rule, inputs


@say.register
def _(event: e.AlertResolved, story: Story) -> Iterable[Said]:
    how = "its tool said so" if event.reason == "resolved" else "it was not sent again in time"
    text = f"Alert {event.title} ended at {story.at}: {how}."
    inputs: Inputs = {"alert": event.alert_id, "times_received": event.times_received}
    yield "alert-ended", text, event.reason, inputs


@say.register
def _(event: e.SeverityChanged, story: Story) -> Iterable[Said]:
    if event.severity == event.previous:
        text = f"Its urgency became {event.urgency} at {story.at}: {event.reason}."
        yield "urgency-changed", text, event.reason, {"urgency": event.urgency}
        return
    text = (
        f"Its severity went from {event.previous} to {event.severity} at {story.at};"
        f" its urgency is {event.urgency}."
    )
    inputs: Inputs = {"severity": event.severity, "urgency": event.urgency}
    yield "severity-changed", text, "the worst of its alerts", inputs


@say.register
def _(event: e.IncidentAcknowledged, story: Story) -> Iterable[Said]:
    story.answered = f"{event.by} acknowledged the incident at {story.at}"
    until = f", until {clock_time(event.until)}" if event.until else ""
    text = f"Paging stopped at {story.at}: {event.by} acknowledged{via(event.via)}{until}."
    yield "acknowledged", text, "an acknowledgement halts the climb", {"by": event.by.name}


@say.register
def _(event: e.IncidentSnoozed, story: Story) -> Iterable[Said]:
    until = clock_time(event.until)
    story.answered = f"{event.by} snoozed the incident until {until}"
    text = f"Paging stopped at {story.at}: {event.by} snoozed it until {until}{via(event.via)}."
    yield "snoozed", text, "a snooze halts the climb", {"by": event.by.name, "until": until}


@say.register
def _(event: e.IncidentUnacknowledged, story: Story) -> Iterable[Said]:
    story.answered = ""
    reasons = {
        "acknowledgement-timeout": "the acknowledgement timed out",
        "snooze-ended": "the snooze ended",
        "command": "somebody asked for it",
    }
    text = f"Paging began again at {story.at}: {reasons[event.reason]}."
    by = event.by.name if event.by else None
    yield "paging-again", text, event.reason, {"by": by}


@say.register
def _(event: e.IncidentResolved, story: Story) -> Iterable[Said]:
    over = "the last of its alerts ended" if event.reason == "alerts-resolved" else event.by
    story.answered = f"the incident was resolved at {story.at}"
    text = f"Paging ended at {story.at}: resolved, {over}{via(event.via)}."
    yield "resolved", text, event.reason, {"by": event.by.name}


@say.register
def _(event: e.IncidentMerged, story: Story) -> Iterable[Said]:
    story.answered = f"the incident became part of {event.into} at {story.at}"
    text = f"Paging ended at {story.at}: {event.by} merged it into {event.into}."
    inputs: Inputs = {"into": event.into, "by": event.by.name}
    yield "merged", text, "a merge halts the climb", inputs


@say.register
def _(event: e.IncidentReopened, story: Story) -> Iterable[Said]:
    story.answered = ""
    text = f"Paging began at {story.at}: {event.by} reopened it."
    yield "reopened", text, "a reopening pages", {"by": event.by.name}


@say.register
def _(event: e.IncidentReassigned, story: Story) -> Iterable[Said]:
    story.answered = ""
    whom = in_words(event.to) + because(event.reason)
    text = f"At {story.at} {event.by} made it the business of {whom}."
    yield "reassigned", text, "a reassignment replaces the levels", _named(event)


@say.register
def _(event: e.IncidentEscalated, story: Story) -> Iterable[Said]:
    whom = f"{in_words(event.to)} as well{because(event.reason)}"
    text = f"At {story.at} {event.by} asked for {whom}."
    yield "escalated", text, "people asked for by name are paged in addition", _named(event)


def _named(event: e.IncidentReassigned | e.IncidentEscalated) -> Inputs:
    return {"to": list(event.to), "by": event.by.name, "reason": event.reason}


@say.register
def _(event: e.CommandRefused, story: Story) -> Iterable[Said]:
    command = event.command.removeprefix("tocsin.").partition(".v")[0]
    text = f"{event.by} asked for {command} at {story.at}, and was refused: {event.reason}"
    inputs: Inputs = {"command": event.command, "by": event.by.name}
    yield "refused", text, "the incident's state", inputs
