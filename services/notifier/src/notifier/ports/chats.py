"""What is kept of chats: messages that are kept up to date, and who is who there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from notifier.domain.linking import ChatLink, Offer
from notifier.domain.on_call import OnCall
from notifier.domain.post import Post
from tocsin.channels import MessageDoc


class Posts(Protocol):
    """Messages that are kept up to date."""

    async def of(self, post_ids: Collection[str]) -> dict[str, Post]:
        """Return those that are known, locked."""
        ...

    async def of_incidents(self, incident_ids: Collection[str]) -> list[Post]:
        """Return all that tell of these incidents, locked."""
        ...

    async def by_token(self, token_hash: str) -> Post | None:
        """Return the post whose buttons have this token."""
        ...

    async def by_reference(self, channel: str, reference: str) -> Post | None:
        """Return the post that is this message."""
        ...

    async def recent(self, channel: str, address: str, since: datetime) -> list[Post]:
        """Return what was opened in a conversation since then, the oldest first; locked."""
        ...

    async def due(self, now: datetime, limit: int) -> list[Post]:
        """Return those that want something done by `now`, longest due first; locks nothing."""
        ...

    async def add(self, posts: Sequence[Post]) -> None:
        """Write new posts; those that exist stay as they are."""
        ...

    async def save(self, posts: Sequence[Post]) -> None:
        """Write whole posts that exist."""
        ...

    async def tell(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Note that a post tells of an incident, for each such pair: `of_incidents` finds it."""
        ...


class ChatLinks(Protocol):
    """Who is who in chats."""

    async def person(self, channel: str, subject: str) -> str | None:
        """Return who this subject is."""
        ...

    async def offer(self, offer: Offer) -> None:
        """Keep an offered code; those that have expired are forgotten."""
        ...

    async def take(self, code_hash: str, now: datetime) -> Offer | None:
        """Return the offer of a code that has not expired. It works once: it is gone after that."""
        ...

    async def save(self, link: ChatLink) -> None:
        """Write a link; one that this subject had is replaced."""
        ...

    async def remove(self, channel: str, subject: str) -> bool:
        """Remove a link; return whether there was one."""
        ...

    async def listed(self, after: tuple[str, str] | None, limit: int) -> list[ChatLink]:
        """Return links in the order of channel and subject."""
        ...


class OnCallNow(Protocol):
    """Who is on call, as it was announced last."""

    async def save(self, known: Sequence[OnCall]) -> None:
        """Write what is known of these schedules now."""
        ...

    async def remove(self, schedules: Sequence[str]) -> None:
        """Forget schedules that are no more."""
        ...

    async def listed(self) -> list[OnCall]:
        """Return what is known of all schedules, by name."""
        ...


@dataclass(frozen=True, slots=True)
class PostJob:
    """A claimed post, and what it is to say."""

    post: Post
    doc: MessageDoc
