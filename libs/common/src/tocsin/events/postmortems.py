"""What was learned. Only postmortem writes these."""

from datetime import date
from typing import ClassVar

from tocsin.events.base import Actor, Event


class PostmortemEvent(Event):
    """Something about one postmortem."""

    TOPIC: ClassVar[str] = "postmortems"
    KEY: ClassVar[str] = "postmortem_id"

    postmortem_id: str
    incident_id: str


class PostmortemDrafted(PostmortemEvent):
    """A draft was compiled; `digest` is the SHA-256 of its text, the same from the same events."""

    TYPE: ClassVar[str] = "tocsin.postmortem-drafted.v1"

    title: str
    digest: str
    events: int


class PostmortemPublished(PostmortemEvent):
    """People agreed on it; `number` is the version, `digest` that of the facts in it."""

    TYPE: ClassVar[str] = "tocsin.postmortem-published.v1"

    by: Actor
    number: int = 1
    title: str = ""
    digest: str = ""


class ActionItemOpened(PostmortemEvent):
    """A change was promised; `again` when it was, and this is what is promised now."""

    TYPE: ClassVar[str] = "tocsin.action-item-opened.v1"

    action_item_id: str
    title: str
    owner: str
    due: date
    by: Actor | None = None
    again: bool = False


class ActionItemClosed(PostmortemEvent):
    """A promised change was made, or dropped."""

    TYPE: ClassVar[str] = "tocsin.action-item-closed.v1"

    action_item_id: str
    by: Actor
    done: bool = True
