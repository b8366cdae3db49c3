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
from tocsin.events import CatalogApplied, CatalogDocumentChanged, decode
from tocsin.failures import is_infrastructure
from tocsin.holder import CatalogHolder
from tocsin.tables import CATALOG_DOCUMENTS, upsert
from tocsin.topics import CATALOG

log = structlog.get_logger(__name__)
POLL_MS = 500
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
        self._is_complete = False
        self.progress = time.monotonic()

    async def recall(self) -> None:
        """Put the catalog that the database remembers in force, if there is one."""
        async with self._database.snapshot() as connection:
            rows = (await connection.execute(select(CATALOG_DOCUMENTS))).all()
        marker = next((row for row in rows if (row.kind, row.name) == _MARKER), None)
        if marker is None:
            return
        changes = [
            CatalogDocumentChanged.model_validate(row.document) for row in rows if row is not marker
        ]
        self._put_in_force(Catalog().with_changes(marker.catalog_version, changes))

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
        self._building, self._changes, self._to_remember = Catalog(), [], {}
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
        try:
            data = decode(record.value or b"").data
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

    async def _take_over(self) -> None:
        known = self._holder.current.version
        if not self._holder.loaded or (self._is_complete and self._building.version >= known):
            self._put_in_force(self._building)
        if self._is_complete:
            self._is_complete = False
            if self._building.version >= known:
                await self._remember()

    async def _remember(self) -> None:
        changes, self._to_remember = self._to_remember, {}
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

    def _put_in_force(self, catalog: Catalog) -> None:
        self._holder.replace(catalog)
        telemetry.CATALOG_VERSION.set(catalog.version)
        log.info("catalog_in_force", version=catalog.version, documents=len(catalog.specs))
