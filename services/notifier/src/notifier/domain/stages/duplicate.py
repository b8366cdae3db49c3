"""Drop what this person is being told anyway."""

from notifier.domain.notification import Notification
from notifier.domain.stages.verdict import Drop, Pass, Situation, Verdict
from notifier.domain.states import Waiting, Withdrawn

SAME = "tells the same address at the same moment"


def duplicate(notification: Notification, situation: Situation) -> Verdict:
    """Drop the second of two notifications of a page to one address at one moment.

    Never across pages: a second page is a second page, whoever else has been told.
    """
    for companion in situation.companions:
        if _same_words(notification, companion):
            return Drop(f"{companion.contact.name} {SAME}")
    return Pass()


def was_duplicate(notification: Notification) -> bool:
    """Return whether it was dropped here: then it ends as the one that tells its address."""
    return isinstance(notification.state, Withdrawn) and notification.state.reason.endswith(SAME)


def _same_words(one: Notification, other: Notification) -> bool:
    return (
        isinstance(one.state, Waiting)
        and one.state == other.state
        and one.contact.channel == other.contact.channel
        and one.contact.address == other.contact.address
    )
