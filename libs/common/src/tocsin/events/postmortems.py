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
    """People agreed on it."""

    TYPE: ClassVar[str] = "tocsin.postmortem-published.v1"

    by: Actor


class ActionItemOpened(PostmortemEvent):
    """A change was promised."""

    TYPE: ClassVar[str] = "tocsin.action-item-opened.v1"

    action_item_id: str
    title: str
    owner: str
    due: date


class ActionItemClosed(PostmortemEvent):
    """A promised change was made, or dropped."""

    TYPE: ClassVar[str] = "tocsin.action-item-closed.v1"

    action_item_id: str
    by: Actor
    done: bool = True
