"""What notifier needs of the world."""

from typing import Protocol

from notifier.ports.chats import ChatLinks, OnCallNow, PostJob, Posts
from notifier.ports.contacts import Contacts, Courier
from notifier.ports.notices import HandoffNotes, Notices, Outlooks
from notifier.ports.repositories import (
    Holders,
    Incidents,
    Interactions,
    Notifications,
    Pages,
)
from notifier.ports.sending import ChannelState, Dispatcher, Finished, Job
from tocsin.unit_of_work import UnitOfWork

__all__ = [
    "ChannelState",
    "ChatLinks",
    "Contacts",
    "Courier",
    "Dispatcher",
    "Finished",
    "HandoffNotes",
    "Holders",
    "Incidents",
    "Interactions",
    "Job",
    "Notices",
    "Notifications",
    "NotifierUnitOfWork",
    "OnCallNow",
    "Outlooks",
    "Pages",
    "PostJob",
    "Posts",
]


class NotifierUnitOfWork(UnitOfWork, Protocol):
    """The recipe, and this service's repositories."""

    @property
    def incidents(self) -> Incidents:
        """What is known of incidents."""
        ...

    @property
    def pages(self) -> Pages:
        """Pages."""
        ...

    @property
    def notifications(self) -> Notifications:
        """Notifications."""
        ...

    @property
    def interactions(self) -> Interactions:
        """What was heard."""
        ...

    @property
    def holders(self) -> Holders:
        """Who sends."""
        ...

    @property
    def on_call(self) -> OnCallNow:
        """Who is on call."""
        ...

    @property
    def chat_links(self) -> ChatLinks:
        """Who is who in chats."""
        ...

    @property
    def contacts(self) -> Contacts:
        """Which contact methods are verified."""
        ...

    @property
    def posts(self) -> Posts:
        """Messages that are kept up to date."""
        ...

    @property
    def outlooks(self) -> Outlooks:
        """The coming shifts."""
        ...

    @property
    def notices(self) -> Notices:
        """Who is told of handoffs."""
        ...

    @property
    def handoff_notes(self) -> HandoffNotes:
        """Words for who is on call next."""
        ...
