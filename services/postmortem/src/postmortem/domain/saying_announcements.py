"""Which channels and webhooks were told beside people, and what became of it."""

from collections.abc import Iterable

from postmortem.domain.announced import late
from postmortem.domain.saying import Said, Story, say
from postmortem.domain.sentences import clock_time
from tocsin import events as e
from tocsin.why import Inputs


@say.register
def _(event: e.AnnouncementRequested, story: Story) -> Iterable[Said]:
    text = (
        f"At {story.at} {event.target} was to be told, because level {event.level} of policy"
        f" {event.policy} names it; that wakes nobody, and nobody waits for its answer."
    )
    if event.due_at:
        text += f" It was due at {clock_time(event.due_at)}; an outage held it up."
    inputs: Inputs = {
        "target": event.target,
        "level": event.level,
        "loop": event.loop,
        "announcement_id": event.announcement_id,
    }
    yield "announced", text, f"policy {event.policy}", inputs


@say.register
def _(event: e.AnnouncementAttempted, story: Story) -> Iterable[Said]:
    given_up = event.outcome == "failed" and event.retry_at is None
    code = "announcement-given-up" if given_up else f"announcement-{event.outcome}"
    yield code, _attempted(event, story.at), event.reason, _about(event)


def _attempted(event: e.AnnouncementAttempted, at: str) -> str:
    match event.outcome:
        case "sent":
            return f"{event.channel} took the message to {event.target} at {at}{late(event)}."
        case "delivered":
            return f"The message reached {event.target} by {event.channel} at {at}{late(event)}."
        case "failed" if event.retry_at is None:
            return f"{event.target} could not be told at {at}: {event.reason}; it is given up."
        case "failed":
            return f"Telling {event.target} failed at {at}: {event.reason}{_again(event)}."
        case "uncertain":
            return (
                f"Nobody can know whether {event.target} was told at {at}:"
                f" {event.reason}{_again(event)}."
            )


@say.register
def _(event: e.AnnouncementWithdrawn, story: Story) -> Iterable[Said]:
    text = f"{event.target} was not told: withdrawn at {story.at}, {event.reason}."
    yield "announcement-withdrawn", text, event.reason, _about(event)


def _again(event: e.AnnouncementAttempted) -> str:
    return f"; it is tried again at {clock_time(event.retry_at)}" if event.retry_at else ""


def _about(event: e.AnnouncementEvent) -> Inputs:
    return {
        "target": event.target,
        "channel": event.channel,
        "attempt": event.attempt,
        "announcement_id": event.announcement_id,
    }
