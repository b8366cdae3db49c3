"""What a notification passes before it is sent: an ordered tuple of stages, one file each.

Holding low urgency until morning, capping the rate and bundling will be stages here, between
`acknowledged` and `duplicate`, with a verdict of their own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from notifier.domain.incident import Incident
from notifier.domain.notification import Notification
from notifier.domain.stages.acknowledged import acknowledged
from notifier.domain.stages.duplicate import duplicate
from notifier.domain.stages.verdict import Drop, Pass, Situation, Verdict

Stage = Callable[[Notification, Situation], Verdict]

PIPELINE: tuple[Stage, ...] = (acknowledged, duplicate)


@dataclass(frozen=True, slots=True)
class Dropped:
    """A notification that a stage stopped, and why: the timeline says so."""

    notification: Notification
    reason: str


def run(
    notifications: Sequence[Notification], incident: Incident | None
) -> tuple[list[Notification], list[Dropped]]:
    """Return the notifications of one page that pass every stage, and those that do not."""
    passed: list[Notification] = []
    dropped: list[Dropped] = []
    for notification in notifications:
        match judge(notification, Situation(incident, tuple(passed))):
            case Pass():
                passed.append(notification)
            case Drop(reason=reason):
                dropped.append(Dropped(notification, reason))
    return passed, dropped


def judge(notification: Notification, situation: Situation) -> Verdict:
    """Return the verdict of the first stage that does not pass it."""
    for stage in PIPELINE:
        verdict = stage(notification, situation)
        if not isinstance(verdict, Pass):
            return verdict
    return Pass()
