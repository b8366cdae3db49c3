"""Reviews, words, published versions and history in SQL."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from postmortem.adapters.tables import HISTORY, PUBLICATIONS, REVIEWS, WORDS
from postmortem.domain.document import Section
from postmortem.domain.review import Basis, Review
from postmortem.domain.words import Words
from postmortem.ports import Change, Publication
from tocsin.events import Actor
from tocsin.sql import insert_new, upsert

SECTIONS = TypeAdapter(tuple[Section, ...])


class SqlReviews:
    """A row for where each postmortem stands, and one for each thing that people made of it."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def of(self, postmortem_id: str, incident_id: str) -> Review:
        """Return where a postmortem stands."""
        row = await self._one(select(REVIEWS).where(REVIEWS.c.postmortem_id == postmortem_id))
        if row is None:
            return Review(postmortem_id, incident_id)
        basis = Basis(row.basis_digest, SECTIONS.validate_json(row.basis)) if row.basis else None
        return Review(
            postmortem_id=row.postmortem_id,
            incident_id=row.incident_id,
            status=row.status,
            revision=row.revision,
            requested_by=actor(row.requested_by),
            requested_at=row.requested_at,
            basis=basis,
            published=row.published,
        )

    async def save(self, review: Review, change: Change) -> None:
        """Write where it stands now, and what was done."""
        basis = review.basis
        row = {
            "postmortem_id": review.postmortem_id,
            "incident_id": review.incident_id,
            "status": review.status,
            "revision": review.revision,
            "requested_by": plain(review.requested_by),
            "requested_at": review.requested_at,
            "basis_digest": basis.digest if basis else None,
            "basis": SECTIONS.dump_json(basis.sections).decode() if basis else None,
            "published": review.published,
        }
        await upsert(self._connection, REVIEWS, [row], key=["postmortem_id"])
        done = {
            "change_id": change.change_id,
            "postmortem_id": change.postmortem_id,
            "revision": change.revision,
            "what": change.what,
            "changed_by": plain(change.changed_by),
            "changed_at": change.changed_at,
            "detail": dict(change.detail),
        }
        await self._connection.execute(HISTORY.insert(), [done])

    async def words(self, postmortem_id: str) -> Mapping[str, Words]:
        """Return what people wrote, by section."""
        found = await self._connection.execute(
            select(WORDS).where(WORDS.c.postmortem_id == postmortem_id)
        )
        return {
            row.section: Words(
                row.section, row.text, row.version, actor(row.edited_by), row.edited_at
            )
            for row in found
        }

    async def write(self, postmortem_id: str, words: Words) -> None:
        """Write one section over what was there."""
        row = {
            "postmortem_id": postmortem_id,
            "section": words.section,
            "text": words.text,
            "version": words.version,
            "edited_by": plain(words.edited_by),
            "edited_at": words.edited_at,
        }
        await upsert(self._connection, WORDS, [row], key=["postmortem_id", "section"])

    async def publish(self, publication: Publication) -> None:
        """Keep a published version; one that is kept already stays as it is."""
        row = {
            "postmortem_id": publication.postmortem_id,
            "number": publication.number,
            "document": publication.document,
            "sha256": publication.sha256,
            "digest": publication.digest,
            "published_by": plain(publication.published_by),
            "published_at": publication.published_at,
        }
        await insert_new(self._connection, PUBLICATIONS, [row], key=["postmortem_id", "number"])

    async def published(self, postmortem_id: str, number: int) -> Publication | None:
        """Return a published version."""
        row = await self._one(
            select(PUBLICATIONS).where(
                PUBLICATIONS.c.postmortem_id == postmortem_id, PUBLICATIONS.c.number == number
            )
        )
        if row is None:
            return None
        return Publication(
            **{**row._mapping, "published_by": Actor.model_validate(row.published_by)}  # noqa: SLF001 - SQLAlchemy's public name.
        )

    async def is_done(self, change_id: str) -> bool:
        """Return whether this was done already."""
        query = select(HISTORY.c.change_id).where(HISTORY.c.change_id == change_id)
        return await self._one(query) is not None

    async def history(self, postmortem_id: str, before: int | None, limit: int) -> Sequence[Change]:
        """Return what was done, latest first, from before a revision."""
        query = select(HISTORY).where(HISTORY.c.postmortem_id == postmortem_id)
        if before is not None:
            query = query.where(HISTORY.c.revision < before)
        found = await self._connection.execute(
            query.order_by(HISTORY.c.revision.desc()).limit(limit)
        )
        return [
            Change(**{**row, "changed_by": Actor.model_validate(row["changed_by"])})
            for row in found.mappings()
        ]

    async def _one(self, query: Any) -> Any:  # noqa: ANN401 - a row of whatever is asked for.
        return (await self._connection.execute(query)).first()


def actor(value: Any) -> Actor | None:  # noqa: ANN401 - JSON.
    """Return the actor that a column holds."""
    return None if value is None else Actor.model_validate(value)


def plain(by: Actor | None) -> Mapping[str, str] | None:
    """Return an actor as a column holds it."""
    return by.model_dump() if by else None
