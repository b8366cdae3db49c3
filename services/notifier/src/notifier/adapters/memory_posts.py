"""Posts, links and who is on call in dicts, held to the same contract suite as SQL."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from notifier.domain.linking import ChatLink, Offer
from notifier.domain.on_call import OnCall
from notifier.domain.post import Post

Table = dict[Any, Any]  # The recipe's tables hold whatever a service keeps in them.


class MemoryPosts:
    """Messages that are kept up to date."""

    def __init__(self, table: Table) -> None:
        """Keep them in `table`."""
        self._table = table

    async def of(self, post_ids: Collection[str]) -> dict[str, Post]:
        """Return those that are known."""
        return {one: self._table[one] for one in post_ids if one in self._table}

    async def of_incidents(self, incident_ids: Collection[str]) -> list[Post]:
        """Return all that tell of these incidents."""
        wanted = set(incident_ids)
        found = [one for one in self._table.values() if wanted.intersection(one.incidents)]
        return sorted(found, key=lambda one: one.post_id)

    async def by_token(self, token_hash: str) -> Post | None:
        """Return the post whose buttons have this token."""
        return next((one for one in self._table.values() if one.token_hash == token_hash), None)

    async def by_reference(self, channel: str, reference: str) -> Post | None:
        """Return the post that is this message."""
        wanted = (channel, reference)
        found = (one for one in self._table.values() if (one.channel, one.reference) == wanted)
        return next(found, None)

    async def recent(self, channel: str, address: str, since: datetime) -> list[Post]:
        """Return what was opened in a conversation since then, the oldest first."""
        found = [
            one
            for one in self._table.values()
            if (one.channel, one.address) == (channel, address) and one.opened_at > since
        ]
        return sorted(found, key=lambda one: (one.opened_at, one.post_id))

    async def due(self, now: datetime, limit: int) -> list[Post]:
        """Return those that want something done by `now`, longest due first."""
        found = [one for one in self._table.values() if one.wakes_at and one.wakes_at <= now]
        return sorted(found, key=lambda one: (one.wakes_at, one.post_id))[:limit]

    async def add(self, posts: Sequence[Post]) -> None:
        """Write new posts; those that exist stay as they are."""
        for one in posts:
            self._table.setdefault(one.post_id, one)

    async def tell(self, pairs: Sequence[tuple[str, str]]) -> None:
        """The posts themselves say it here."""

    async def save(self, posts: Sequence[Post]) -> None:
        """Write whole posts that exist."""
        self._table.update({one.post_id: one for one in posts if one.post_id in self._table})


class MemoryChatLinks:
    """Who is who in chats."""

    def __init__(self, links: Table, codes: Table) -> None:
        """Keep them in these tables."""
        self._links = links
        self._codes = codes

    async def person(self, channel: str, subject: str) -> str | None:
        """Return who this subject is."""
        found: ChatLink | None = self._links.get((channel, subject))
        return found.person if found else None

    async def offer(self, offer: Offer) -> None:
        """Keep an offered code."""
        self._codes[offer.code_hash] = offer

    async def take(self, code_hash: str, now: datetime) -> Offer | None:
        """Return the offer of a code that has not expired, once."""
        found: Offer | None = self._codes.pop(code_hash, None)
        return found if found and now < found.expires_at else None

    async def save(self, link: ChatLink) -> None:
        """Write a link; one that this subject had is replaced."""
        self._links[link.channel, link.subject] = link

    async def remove(self, channel: str, subject: str) -> bool:
        """Remove a link; return whether there was one."""
        return self._links.pop((channel, subject), None) is not None

    async def listed(self, after: tuple[str, str] | None, limit: int) -> list[ChatLink]:
        """Return links in the order of channel and subject."""
        keys = sorted(key for key in self._links if after is None or key > after)
        return [self._links[key] for key in keys[:limit]]


class MemoryOnCall:
    """Who is on call."""

    def __init__(self, table: Table) -> None:
        """Keep it in `table`."""
        self._table = table

    async def save(self, known: Sequence[OnCall]) -> None:
        """Write what is known of these schedules now."""
        self._table.update({one.schedule: one for one in known})

    async def remove(self, schedules: Sequence[str]) -> None:
        """Forget schedules that are no more."""
        for one in schedules:
            self._table.pop(one, None)

    async def listed(self) -> list[OnCall]:
        """Return what is known of all schedules, by name."""
        return [self._table[name] for name in sorted(self._table)]
