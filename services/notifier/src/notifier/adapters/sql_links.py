"""Who is who in chats, in SQL."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.adapters.tables import CHAT_CODES, CHAT_LINKS
from notifier.domain.linking import LIFETIME, ChatLink, Offer
from tocsin.sql import insert_new, upsert


class SqlChatLinks:
    """Links, and the codes by which they are made."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def person(self, channel: str, subject: str) -> str | None:
        """Return who this subject is."""
        statement = select(CHAT_LINKS.c.person).where(
            CHAT_LINKS.c.channel == channel, CHAT_LINKS.c.subject == subject
        )
        found: str | None = (await self._connection.execute(statement)).scalar()
        return found

    async def offer(self, offer: Offer) -> None:
        """Keep an offered code; those that have expired are forgotten."""
        asked_at = offer.expires_at - LIFETIME
        await self._connection.execute(
            delete(CHAT_CODES).where(CHAT_CODES.c.expires_at <= asked_at)
        )
        await insert_new(self._connection, CHAT_CODES, [asdict(offer)], key=["code_hash"])

    async def take(self, code_hash: str, now: datetime) -> Offer | None:
        """Return the offer of a code that has not expired. It works once: it is gone after that."""
        taken = await self._connection.execute(
            delete(CHAT_CODES)
            .where(CHAT_CODES.c.code_hash == code_hash)
            .returning(
                CHAT_CODES.c.code_hash,
                CHAT_CODES.c.channel,
                CHAT_CODES.c.subject,
                CHAT_CODES.c.expires_at,
            )
        )
        row = taken.first()
        found = Offer(row.code_hash, row.channel, row.subject, row.expires_at) if row else None
        return found if found and now < found.expires_at else None

    async def save(self, link: ChatLink) -> None:
        """Write a link; one that this subject had is replaced."""
        await upsert(self._connection, CHAT_LINKS, [asdict(link)], key=["channel", "subject"])

    async def remove(self, channel: str, subject: str) -> bool:
        """Remove a link; return whether there was one."""
        removed = await self._connection.execute(
            delete(CHAT_LINKS).where(
                CHAT_LINKS.c.channel == channel, CHAT_LINKS.c.subject == subject
            )
        )
        return removed.rowcount == 1

    async def listed(self, after: tuple[str, str] | None, limit: int) -> list[ChatLink]:
        """Return links in the order of channel and subject."""
        columns = CHAT_LINKS.c
        statement = select(CHAT_LINKS).order_by(columns.channel, columns.subject).limit(limit)
        if after is not None:
            channel, subject = after
            later = and_(columns.channel == channel, columns.subject > subject)
            statement = statement.where(or_(columns.channel > channel, later))
        rows = (await self._connection.execute(statement)).mappings()
        return [ChatLink(**row) for row in rows]
