"""What became of each page, and of what could not be understood."""

from collections.abc import Iterable

from postmortem.domain.saying import Said, Story, say
from postmortem.domain.sentences import clock_time
from tocsin import events as e
from tocsin.why import Inputs


@say.register
def _(event: e.NotificationSent, story: Story) -> Iterable[Said]:
    text = f"{event.channel} took the message to {event.responder} at {story.at}{_rule(event)}."
    yield "sent", text, event.rule, _about(event)


@say.register
def _(event: e.NotificationDelivered, story: Story) -> Iterable[Said]:
    text = f"The message reached {event.responder} by {event.channel} at {story.at}{_rule(event)}."
    yield "delivered", text, event.rule, _about(event)


@say.register
def _(event: e.NotificationFailed, story: Story) -> Iterable[Said]:
    tried = f"{event.contact_method} ({event.channel}) of {event.responder}"
    if event.retry_at:
        then = f"it is tried again at {clock_time(event.retry_at)}"
        code = "attempt-failed"
    else:
        then, code = "the next contact method takes over", "method-failed"
    text = f"{tried} failed at {story.at}: {event.reason}; {then}."
    yield code, text, event.kind, _about(event)


@say.register
def _(event: e.NotificationUncertain, story: Story) -> Iterable[Said]:
    text = (
        f"Nobody can know whether {event.responder} got the message of {story.at}"
        f" by {event.channel}: {event.reason}; it is sent again under the same identity."
    )
    yield "uncertain", text, "better twice than not at all", _about(event)


@say.register
def _(event: e.NotificationWithdrawn, story: Story) -> Iterable[Said]:
    text = (
        f"{event.responder} was not told by {event.channel}:"
        f" withdrawn at {story.at}, {event.reason}."
    )
    yield "not-sent", text, event.reason, _about(event)


@say.register
def _(event: e.ResponderUnreachable, story: Story) -> Iterable[Said]:
    text = (
        f"No contact method reached {event.responder} at {story.at}: {event.reason};"
        " who is next is paged at once."
    )
    yield "unreachable", text, "escalate at once", {"responder": event.responder}


@say.register
def _(event: e.DeadLettered, story: Story) -> Iterable[Said]:
    text = (
        f"{event.consumer} could not handle a record of {event.topic} at {story.at}:"
        f" {event.reason}; see `tocsin dead-letters show {event.dead_letter_id}`."
    )
    inputs: Inputs = {"dead_letter": event.dead_letter_id, "error": event.error}
    yield "dead-letter", text, "what cannot be understood is kept", inputs


def _about(event: e.NotificationEvent) -> Inputs:
    return {
        "responder": event.responder,
        "contact_method": event.contact_method,
        "channel": event.channel,
        "attempt": event.attempt,
        "page_id": event.page_id,
    }


def _rule(event: e.NotificationEvent) -> str:
    return f" by the rule {event.rule}" if event.rule else ""
