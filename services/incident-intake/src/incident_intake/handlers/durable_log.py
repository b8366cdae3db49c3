"""The durable log: returning from `append` means that no crash loses these alert events.

    Kafka answers in time → there.  It does not → the outbox, and the relay brings them there.

While the outbox still holds alert events, all that arrive go there too: otherwise a later message
about an alert could overtake an earlier one. Both away: Unavailable, and the sender tries again.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog

from tocsin.errors import Unavailable
from tocsin.events import Envelope, Event, encode
from tocsin.outgoing import Outgoing, Publisher
from tocsin.topics import ALERT_EVENTS
from tocsin.unit_of_work import Store, UnitOfWork

log = structlog.get_logger(__name__)
DATABASE_DEADLINE = 10.0
Envelopes = Sequence[Envelope[Event]]


class DurableLog:
    """Appends to Kafka, or to the outbox while Kafka is away."""

    def __init__(self, publisher: Publisher, store: Store[UnitOfWork], deadline: float) -> None:
        """Give Kafka `deadline` seconds.

        What an earlier process left in the outbox is not known yet: the first request looks.
        """
        self._publisher = publisher
        self._store = store
        self._deadline = deadline
        self._diverting = True
        self._drained_means_back = True
        self._waiting: list[tuple[Envelopes, asyncio.Future[None]]] = []
        self._worker: asyncio.Task[None] | None = None
        self._appends: set[asyncio.Task[None]] = set()

    @property
    def is_diverting(self) -> bool:
        """Whether alert events go to the outbox instead of Kafka."""
        return self._diverting

    async def append(self, envelopes: Envelopes) -> None:
        """Make these durable, in order; Unavailable if neither way works.

        A caller that is cancelled does not take the append with it: the sender that hung up may
        still believe that it was heard.
        """
        task = asyncio.create_task(self._append(envelopes))
        self._appends.add(task)
        task.add_done_callback(self._finished)
        await asyncio.shield(task)

    async def drain(self) -> None:
        """Wait for the appends that are under way."""
        while self._appends:
            await asyncio.wait(self._appends)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._appends.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.warning("append_failed", error=repr(task.exception()))

    async def _append(self, envelopes: Envelopes) -> None:
        if self._diverting:
            await self._divert(envelopes)
            return
        try:
            await self._send(envelopes)
        except Unavailable as error:
            if not self._diverting:
                log.warning("kafka_away_diverting", error=str(error))
            self._diverting, self._drained_means_back = True, False
            await self._divert(envelopes)

    async def _send(self, envelopes: Envelopes) -> None:
        outgoing = [
            Outgoing(each.data.TOPIC, each.data.key.encode(), encode(each), each.traceparent)
            for each in envelopes
        ]
        try:
            async with asyncio.timeout(self._deadline):
                await self._publisher.send(outgoing)
        except (TimeoutError, OSError) as error:
            raise Unavailable(f"Kafka did not answer in time: {error!r}") from error

    async def _divert(self, envelopes: Envelopes) -> None:
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((envelopes, done))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        await done

    async def _work(self) -> None:
        """Take what has arrived while the last batch was written, as one transaction."""
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await self._take(batch)
            except Exception as error:  # noqa: BLE001 - every waiting sender must hear of it.
                log.warning("append_not_durable", error=repr(error), size=len(batch))
                for _, done in batch:
                    _settle(done, Unavailable("neither Kafka nor the database takes alerts"))

    async def _take(self, batch: list[tuple[Envelopes, asyncio.Future[None]]]) -> None:
        envelopes = [each for part, _ in batch for each in part]
        try:
            written = await self._write(envelopes)
        except Exception as error:  # noqa: BLE001 - whatever the database has: Kafka is left.
            # What the outbox holds is overtaken then; but nobody reads the log either before
            # the database is back.
            log.warning("outbox_away", error=repr(error))
            await self._send(envelopes)
        else:
            if not written:
                await self._return(envelopes)
        for _, done in batch:
            _settle(done)

    async def _return(self, envelopes: Envelopes) -> None:
        """Send straight to Kafka again, which took all that the outbox held."""
        try:
            await self._send(envelopes)
        except Unavailable:
            self._drained_means_back = False
            await self._write(envelopes)
        else:
            self._diverting = False

    async def _write(self, envelopes: Envelopes) -> bool:
        """Write to the outbox, unless it is drained and Kafka therefore back: return whether."""
        async with asyncio.timeout(DATABASE_DEADLINE), self._store.begin() as uow:
            if self._drained_means_back and await uow.pending(ALERT_EVENTS.name) == 0:
                return False
            await uow.publish(envelopes)
        self._drained_means_back = True
        return True


def _settle(done: "asyncio.Future[Any]", error: Exception | None = None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
