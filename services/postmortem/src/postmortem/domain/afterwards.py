"""What people do when it is over, in plain sentences: the postmortem and its action items."""

from collections.abc import Callable, Mapping
from typing import Any

from tocsin.events import (
    ActionItemClosed,
    ActionItemOpened,
    Event,
    PostmortemDrafted,
    PostmortemPublished,
)


def drafted(event: PostmortemDrafted) -> str:
    """Return what a draft was made of."""
    return f"postmortem drafted from {event.events} events"


def published(event: PostmortemPublished) -> str:
    """Return who published which version."""
    which = f" (version {event.number})" if event.number > 1 else ""
    return f"postmortem published by {event.by}{which}"


def opened(event: ActionItemOpened) -> str:
    """Return what somebody promised, until when."""
    what = "changed" if event.again else "opened"
    return f"action item {what}: {event.title} ({event.owner}, due {event.due.isoformat()})"


def closed(event: ActionItemClosed) -> str:
    """Return whether the promise was kept."""
    return f"action item {'done' if event.done else 'dropped'}, says {event.by}"


# Each takes its own type alone: what the keys say, a type of the mapping cannot.
SENTENCES: Mapping[type[Event], Callable[[Any], str]] = {
    PostmortemDrafted: drafted,
    PostmortemPublished: published,
    ActionItemOpened: opened,
    ActionItemClosed: closed,
}
