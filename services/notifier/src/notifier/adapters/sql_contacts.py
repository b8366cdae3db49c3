"""Which contact methods are verified, and the codes by which they are, in SQL."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Column, Index, Integer, RowMapping, Table, Text, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.adapters.tables import METADATA
from notifier.domain.verifying import WITHIN, Challenge, Verified
from notifier.ports.contacts import Key
from tocsin.sql import Instant, Json, insert_new, upsert

VERIFIED = Table(
    "verified_contacts",
    METADATA,
    Column("person", Text, primary_key=True),
    Column("method", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("address_hash", Text, nullable=False),
    Column("verified_at", Instant, nullable=False),
)
CODES = Table(
    "contact_codes",
    METADATA,
    Column("channel", Text, primary_key=True),
    Column("address_hash", Text, primary_key=True),
    Column("expires_at", Instant, nullable=False),
    Column("challenge_id", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("code_hash", Text, nullable=False),
    Column("token_hash", Text, nullable=False),
    Column("wrong", Integer, nullable=False),
    Column("confirmed_at", Instant),
    Column("asked", Json, nullable=False),
    Index("contact_codes_token_hash", "token_hash"),
)
_KEY = ("channel", "address_hash")


class SqlContacts:
    """What was proven of contact methods, and the codes by which it is."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def verified(self, people: Collection[str] | None = None) -> dict[Key, Verified]:
        """Return by person and method what was proven last, of these people or of all."""
        statement = select(VERIFIED)
        if people is not None:
            statement = statement.where(VERIFIED.c.person.in_(sorted(people)))
        rows = (await self._connection.execute(statement)).mappings()
        return {(row["person"], row["method"]): Verified(**row) for row in rows}

    async def save(self, proof: Verified) -> None:
        """Write what was proven, in the place of what was before."""
        key = ["person", "method"]
        await upsert(self._connection, VERIFIED, [asdict(proof)], key=key)

    async def challenge(self, channel: str, address_hash: str, now: datetime) -> Challenge:
        """Return the codes to an address, locked, an empty one where there are none."""
        codes = CODES.c
        # First, with nothing locked yet: two that forget at once cannot wait for each other.
        await self._connection.execute(delete(CODES).where(codes.expires_at <= now - WITHIN))
        # A row that is not there cannot be locked, so the first two would both find none.
        blank = _row(Challenge(channel, address_hash, now))
        await insert_new(self._connection, CODES, [blank], key=_KEY)
        wanted = (codes.channel == channel) & (codes.address_hash == address_hash)
        statement = select(CODES).where(wanted).with_for_update()
        return _challenge((await self._connection.execute(statement)).mappings().one())

    async def by_token(self, token_hash: str) -> Challenge | None:
        """Return the codes whose last one has this link; locks nothing."""
        statement = select(CODES).where(CODES.c.token_hash == token_hash)
        row = (await self._connection.execute(statement.limit(1))).mappings().first()
        return _challenge(row) if row else None

    async def keep(self, challenge: Challenge) -> None:
        """Write the codes to an address whole."""
        await upsert(self._connection, CODES, [_row(challenge)], key=_KEY)


def _row(one: Challenge) -> dict[str, object]:
    return asdict(one) | {"asked": [at.isoformat() for at in one.asked]}


def _challenge(row: RowMapping) -> Challenge:
    asked = tuple(map(datetime.fromisoformat, row["asked"]))
    return Challenge(**{**row, "asked": asked})
