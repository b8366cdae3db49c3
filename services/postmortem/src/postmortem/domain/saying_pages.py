"""What escalation decided: whom to page, by which policy, and why nobody."""

import re
from collections.abc import Iterable

from pydantic import JsonValue

from postmortem.domain.saying import Said, Story, names, say, times
from postmortem.domain.sentences import clock_time
from tocsin import events as e
from tocsin.why import Inputs

NOT_PAGED = "not paged: "
_UNPAGED = re.compile(r"user (\S+) (?:has no contact method|is not in the catalog)")


@say.register
def _(event: e.EscalationStarted, story: Story) -> Iterable[Said]:
    story.started = True
    inputs: Inputs = {"levels": event.levels, "repeat": event.repeat}
    if not event.levels:
        text = f"At {story.at} there was no escalation policy with a level to page."
        yield "no-policy", text, f"policy {event.policy}", inputs
        return
    text = (
        f"Policy {event.policy} was taken at {story.at}, as of catalog {event.catalog_version}:"
        f" {event.levels} levels, gone through {times(1 + event.repeat)}."
    )
    yield "policy-taken", text, f"policy {event.policy}", inputs


@say.register
def _(event: e.LevelSkipped, story: Story) -> Iterable[Said]:
    story.nobody = event.reason
    if event.passed_over:
        text = (
            f"Level {event.level} of policy {event.policy} was passed over at {story.at},"
            f" because its condition did not hold: {event.reason}."
        )
        yield "level-passed-over", text, f"policy {event.policy}", {"level": event.level}
        return
    text = (
        f"Level {event.level} of policy {event.policy} was skipped at {story.at},"
        f" because there is nobody to page: {event.reason}."
    )
    inputs: Inputs = {"level": event.level, "not_paged": _unpaged(event.reason)}
    yield "level-skipped", text, f"policy {event.policy}", inputs


@say.register
def _(event: e.PageRequested, story: Story) -> Iterable[Said]:
    because, *chain = [one for one in event.reason if not one.startswith(NOT_PAGED)] or [""]
    led = "; ".join(filter(None, (because, *chain)))
    by_policy = f"because service {event.service} has policy {event.policy}"
    why = f"{by_policy}; {led or 'the policy names them'}"
    text = f"{event.responder} was paged at {story.at}{': ' + led if event.named else ' ' + why}."
    if event.due_at:
        text += f" It was due at {clock_time(event.due_at)}; an outage held it up."
    story.paged.append(text)
    inputs: Inputs = {
        "responder": event.responder,
        "urgency": event.urgency,
        "level": event.level,
        "loop": event.loop,
        "chain": list(event.reason),
        "page_id": event.page_id,
    }
    code = "paged" if event.level or event.named else "last-resort"
    yield code, text, "asked for by name" if event.named else f"policy {event.policy}", inputs
    for one in event.reason:
        if one.startswith(NOT_PAGED):
            missed = one.removeprefix(NOT_PAGED)
            text = f"Not paged at {story.at}: {missed}."
            yield "not-paged", text, f"policy {event.policy}", {"not_paged": _unpaged(missed)}


@say.register
def _(event: e.PageWithdrawn, story: Story) -> Iterable[Said]:
    text = f"The page to {event.responder} was withdrawn at {story.at}: {event.reason}."
    yield "page-withdrawn", text, event.reason, {"responder": event.responder}


@say.register
def _(event: e.EscalationExhausted, story: Story) -> Iterable[Said]:
    last = names(event.last_resort)
    story.nobody = "" if last else event.reason
    then = f"the last resort is {last}" if last else "there is no last resort either"
    text = f"Policy {event.policy} was through at {story.at}: {event.reason}; {then}."
    inputs: Inputs = {
        "loops": event.loops,
        "last_resort": list(event.last_resort),
        "not_paged": _unpaged(event.reason),
    }
    yield "exhausted", text, f"policy {event.policy}", inputs


def _unpaged(text: str) -> list[JsonValue]:
    """Return the people of whom this says that they could not be paged."""
    return [*_UNPAGED.findall(text)]
