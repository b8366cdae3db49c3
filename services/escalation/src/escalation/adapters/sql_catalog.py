"""The catalog's history in SQL: one code for SQLite and PostgreSQL."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.adapters.tables import CATALOG_HEAD, CATALOG_HISTORY, CATALOG_VERSIONS
from escalation.ports import AppliedVersion, Note
from tocsin.catalog.planning import Held
from tocsin.events import CatalogDocumentChanged
from tocsin.sql import insert_new, upsert

_HEAD = {"id": "catalog", "version": 0}


class SqlCatalogHistory:
    """Every version of every document, and a head row whose lock orders the versions."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def lock(self) -> int:
        """Return the latest version; no other transaction applies until this one ends."""
        await insert_new(self._connection, CATALOG_HEAD, [_HEAD], key=["id"])
        query = select(CATALOG_HEAD.c.version).with_for_update()
        return int((await self._connection.execute(query)).scalar_one())

    async def version(self) -> int:
        """Return the latest version."""
        found = (await self._connection.execute(select(CATALOG_HEAD.c.version))).scalar()
        return int(found or 0)

    async def version_at(self, at: datetime) -> int:
        """Return the version that was in force at an instant; 0 before the first."""
        rows = CATALOG_HISTORY.c
        query = select(func.max(rows.version)).where(rows.applied_at <= at)
        return int((await self._connection.execute(query)).scalar() or 0)

    async def documents(
        self, version: int | None = None, kinds: Collection[str] | None = None
    ) -> Sequence[Held]:
        """Return the documents (of these kinds) as of a version (the latest), by kind and name."""
        rows = CATALOG_HISTORY.c
        upto = rows.version <= version if version is not None else literal(value=True)
        wanted = rows.kind.in_(sorted(kinds)) if kinds is not None else literal(value=True)
        latest = (
            select(rows.kind, rows.name, func.max(rows.version).label("version"))
            .where(upto, wanted)
            .group_by(rows.kind, rows.name)
            .subquery()
        )
        same = and_(
            rows.kind == latest.c.kind,
            rows.name == latest.c.name,
            rows.version == latest.c.version,
        )
        query = (
            select(CATALOG_HISTORY)
            .join(latest, same)
            .where(rows.spec.is_not(None))
            .order_by(rows.kind, rows.name)
        )
        found = (await self._connection.execute(query)).mappings()
        return sorted(
            (
                Held(r["kind"], r["name"], r["set"], r["spec"], r["version"], r["author"])
                for r in found
            ),
            key=lambda held: held.key,  # Not the database's collation.
        )

    async def ever_held(self, kind: str, name: str) -> bool:
        """Return whether any version held, or deleted, a document of this name."""
        rows = CATALOG_HISTORY.c
        query = select(rows.version).where(rows.kind == kind, rows.name == name).limit(1)
        return (await self._connection.execute(query)).first() is not None

    async def append(
        self,
        version: int,
        changes: Sequence[CatalogDocumentChanged],
        now: datetime,
        note: Note | None = None,
    ) -> None:
        """Write the documents that made this version, by which token, and why."""
        rows = [
            {
                "kind": change.kind,
                "name": change.name,
                "version": version,
                "set": change.set,
                "author": change.author,
                "spec": change.spec,
                "applied_at": now,
            }
            for change in changes
        ]
        await self._connection.execute(CATALOG_HISTORY.insert(), rows)
        why = note or Note()
        row = {"version": version, "token": why.token, "reason": why.reason}
        await self._connection.execute(CATALOG_VERSIONS.insert(), row)
        await upsert(self._connection, CATALOG_HEAD, [{**_HEAD, "version": version}], key=["id"])

    async def versions(self, before: int | None, limit: int) -> Sequence[AppliedVersion]:
        """Return the latest versions, of those before one where it is given, newest first."""
        rows, notes = CATALOG_HISTORY.c, CATALOG_VERSIONS.c
        earlier = rows.version < before if before is not None else literal(value=True)
        wanted = select(rows.version).where(earlier).distinct()
        wanted = wanted.order_by(rows.version.desc()).limit(limit)
        same = (rows.version, rows.set, rows.author, rows.applied_at)
        query = (
            select(*same, func.count().label("changed"), notes.token, notes.reason)
            # A process of the release before writes no note beside its version.
            .outerjoin_from(CATALOG_HISTORY, CATALOG_VERSIONS, rows.version == notes.version)
            .where(rows.version.in_(wanted))
            .group_by(*same, notes.token, notes.reason)
            .order_by(rows.version.desc())
        )
        found: dict[int, list[Any]] = {}
        for row in await self._connection.execute(query):
            found.setdefault(row.version, []).append(row)
        return [_applied(version, parts) for version, parts in found.items()]


def _applied(version: int, parts: Sequence[Any]) -> AppliedVersion:
    """Return a version of its rows, one for each set that it changed."""
    first = parts[0]
    return AppliedVersion(
        version,
        tuple(sorted(one.set for one in parts)),
        first.author,
        first.applied_at,
        sum(one.changed for one in parts),
        Note(first.token or "", first.reason or ""),
    )
