"""Follows the catalog topic from its beginning and puts each complete version in force.

A copy is kept in the service's own database, so that a restart while Kafka is away starts with the
last catalog it knew: a known key is never refused because of a restart.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import orjson
import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from sqlalchemy import select

from tocsin import telemetry
from tocsin.catalog import Catalog
from tocsin.database import Database
from tocsin.errors import Undecodable
from tocsin.events import (
    CatalogApplied,
    CatalogDocumentChanged,
    OnCallChanged,
    ShiftsForeseen,
    decode,
    type_of,
)
from tocsin.failures import is_infrastructure
from tocsin.holder import CatalogHolder
from tocsin.tables import CATALOG_DOCUMENTS, upsert
from tocsin.topics import CATALOG

log = structlog.get_logger(__name__)
POLL_MS = 500
REMEMBER_AGAIN = 5.0
_MARKER = ("", "applied")


class Follower:
    """Keeps a CatalogHolder current."""

    def __init__(
        self, bootstrap: Sequence[str], prefix: str, database: Database, holder: CatalogHolder
    ) -> None:
        """Follow `<prefix>catalog`, into `holder`."""
        self._bootstrap = list(bootstrap)
        self._place = TopicPartition(CATALOG.full_name(prefix), 0)
        self._database = database
        self._holder = holder
        self._building = Catalog()
        self._changes: list[CatalogDocumentChanged] = []
        self._to_remember: dict[str, CatalogDocumentChanged] = {}
        self._on_call: dict[str, OnCallChanged] = {}
        self._is_complete = False
        self._has_recalled = False
        self._owes_memory = False
        self._remember_at = 0.0
        self.progress = time.monotonic()

    async def recall(self) -> None:
        """Put in force what the database remembers, but for what Kafka has in a later version.

        What only one of both has stays: a topic that was lost and made again holds only what has
        changed since.
        """
        async with self._database.snapshot() as connection:
            rows = (await connection.execute(select(CATALOG_DOCUMENTS))).all()
        self._has_recalled = True
        marker = next((row for row in rows if (row.kind, row.name) == _MARKER), None)
        if marker is None:
            return
        changes = [
            CatalogDocumentChanged.model_validate(row.document) for row in rows if row is not marker
        ]
        remembered = Catalog().with_changes(marker.catalog_version, changes)
        self._building = self._building.merged(remembered)
        self._put_in_force(self._holder.current.merged(remembered))

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until told to stop; start again from the beginning after any error."""
        while not stop.is_set():
            try:
                await self._follow(stop)
            except Exception as error:
                if not isinstance(error, KafkaError) and not is_infrastructure(error):
                    raise
                log.info("catalog_away", error=repr(error))
                await asyncio.sleep(1)
            self.progress = time.monotonic()

    async def _follow(self, stop: asyncio.Event) -> None:
        self._building, self._changes, self._to_remember = self._holder.current, [], {}
        self._is_complete = self._owes_memory = False
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        try:
            async with asyncio.timeout(10):
                await consumer.start()
                consumer.assign([self._place])
                await consumer.seek_to_beginning(self._place)
                end = (await consumer.end_offsets([self._place]))[self._place]
            while not stop.is_set():
                await self._poll(consumer)
                self.progress = time.monotonic()
                async with asyncio.timeout(10):
                    reached = await consumer.position(self._place) >= end
                # The past is replayed at each start: none of its versions comes into force again.
                if reached:
                    await self._take_over()
        finally:
            async with asyncio.timeout(5):
                await consumer.stop()

    async def _poll(self, consumer: AIOKafkaConsumer) -> None:
        found = await consumer.getmany(self._place, timeout_ms=POLL_MS, max_records=1000)
        for record in found.get(self._place, []):
            await self._read(record)

    async def _read(self, record: ConsumerRecord) -> None:
        body = record.value or b""
        if type_of(body) == ShiftsForeseen.TYPE:
            return  # The largest of the topic, for whoever shows them: passed over undecoded.
        try:
            data = decode(body).data
        except Undecodable as error:
            log.warning("catalog_record_skipped", offset=record.offset, reason=str(error))
            return
        if isinstance(data, CatalogDocumentChanged):
            self._changes.append(data)
        elif isinstance(data, CatalogApplied):
            changes, self._changes = self._changes, []
            self._building = self._building.with_changes(data.catalog_version, changes)
            self._to_remember.update((change.key, change) for change in changes)
            self._is_complete = True
        elif isinstance(data, OnCallChanged):
            self._on_call[data.schedule] = data

    async def _take_over(self) -> None:
        self._holder.on_call = {
            name: told for name, told in self._on_call.items() if not told.removed
        }
        known = self._holder.current.version
        is_news = self._is_complete and self._building.version >= known
        # An empty topic is believed only once the database was asked: if both were lost to us,
        # "no catalog" would refuse every key, and senders do not repeat what was refused.
        if is_news or (not self._holder.loaded and self._has_recalled):
            self._put_in_force(self._building)
        self._is_complete = False
        self._owes_memory = self._owes_memory or is_news
        if self._owes_memory and self._has_recalled and time.monotonic() >= self._remember_at:
            await self._try_to_remember()

    async def _try_to_remember(self) -> None:
        """Remember the version in force; a database that is away gets it when it is back."""
        try:
            await self._remember()
        except Exception as error:
            if not is_infrastructure(error):
                raise
            self._remember_at = time.monotonic() + REMEMBER_AGAIN
            log.info("catalog_not_remembered", error=repr(error))
        else:
            self._owes_memory = False

    async def _remember(self) -> None:
        changes = dict(self._to_remember)
        rows: list[dict[str, Any]] = [
            {
                "kind": change.kind,
                "name": change.name,
                "catalog_version": change.catalog_version,
                "document": orjson.loads(change.model_dump_json()),
            }
            for change in changes.values()
            if change.catalog_version == self._building.versions.get((change.kind, change.name))
        ]
        rows.append(
            {
                "kind": _MARKER[0],
                "name": _MARKER[1],
                "catalog_version": self._building.version,
                "document": {},
            }
        )
        async with self._database.transaction() as connection:
            await upsert(connection, CATALOG_DOCUMENTS, rows, key=["kind", "name"])
        self._to_remember.clear()

    def _put_in_force(self, catalog: Catalog) -> None:
        self._holder.replace(catalog)
        telemetry.CATALOG_VERSION.set(catalog.version)
        log.info("catalog_in_force", version=catalog.version, documents=len(catalog.specs))
