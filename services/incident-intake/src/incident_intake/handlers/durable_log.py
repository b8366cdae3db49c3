"""The durable log: returning from `append` means that no crash loses these alert events.

    Kafka answers in time → there.  It does not → the outbox, and the relay brings them there.

While the outbox still holds alert events, all that arrive go there too, at every replica: otherwise
a later message about an alert could overtake an earlier one. So without the database Kafka takes
them only if the outbox is known to hold none: else they are refused for a while, since a database
that was restarted is soon back. Then Kafka takes them all the same: better out of order than not
heard. Both away: Unavailable, and the sender tries again.

Whatever is away, an answer comes within seconds, and what waits is bounded.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import structlog

from incident_intake.handlers.bounds import DEFAULT, Bounds
from incident_intake.handlers.entry import Entry, Envelopes, entry_of
from tocsin import crash_points
from tocsin.errors import Unavailable
from tocsin.outgoing import Outgoing, Publisher
from tocsin.topics import ALERT_EVENTS
from tocsin.unit_of_work import Store, UnitOfWork

log = structlog.get_logger(__name__)
LOOK_EVERY = 0.5
LOOK_WITHIN = 1.0
DATABASE_REST = 5.0  # After it failed, so that not every alert waits for it in vain.
NEITHER = "neither Kafka nor the database is there"


class DurableLog:
    """Appends to Kafka, or to the outbox while Kafka is away."""

    def __init__(
        self,
        publisher: Publisher,
        store: Store[UnitOfWork],
        deadline: float,
        look_every: float = LOOK_EVERY,
        bounds: Bounds = DEFAULT,
    ) -> None:
        """Give Kafka `deadline` seconds; look every `look_every` for what other replicas keep.

        What an earlier process left is not known yet: `find_out` looks, or the first request.
        """
        self._publisher = publisher
        self._store = store
        self._deadline = deadline
        self._bounds = bounds
        self._diverting = True
        self._drained_means_back = True
        self._holds = True  # Whether the outbox holds alert events, as far as is known.
        self._begun = 0
        self._database_rests_until = 0.0
        self._away_since: float | None = None
        self._look_every = look_every
        self._look_at = 0.0
        self._waiting: list[tuple[Entry, asyncio.Future[None]]] = []
        self._worker: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._appends: dict[asyncio.Task[None], int] = {}
        self._held = 0

    @property
    def is_diverting(self) -> bool:
        """Whether alert events go to the outbox instead of Kafka."""
        return self._diverting

    async def find_out(self) -> None:
        """Look whether the outbox is empty, while nothing is asked of this process."""
        begun = self._begun
        is_at_rest = self._holds and not self._appends
        if is_at_rest and not await self._pending() and begun == self._begun:
            self._diverting = self._holds = False

    async def append(self, envelopes: Envelopes) -> None:
        """Make these durable, in order; Unavailable if neither way works, or not in time.

        A caller that is cancelled does not take the append with it: the sender that hung up may
        still believe that it was heard.
        """
        self._begun += 1
        entry = entry_of(envelopes)
        size = sum(len(one.value) for one in entry.outgoing)
        if self._appends and self._is_too_much(size):
            raise Unavailable("too much waits for Kafka or the database already")
        task = asyncio.create_task(self._append(entry))
        self._appends[task] = size
        self._held += size
        task.add_done_callback(self._finished)
        try:
            async with asyncio.timeout(self._bounds.answer_within):
                await asyncio.shield(task)
        except TimeoutError as error:
            # It may still succeed; then the sender's repeat is a repeat.
            raise Unavailable("neither Kafka nor the database has answered yet") from error

    async def drain(self) -> None:
        """Wait for the appends that are under way."""
        while self._appends:
            await asyncio.wait(self._appends)

    def _is_too_much(self, size: int) -> bool:
        is_long = len(self._appends) >= self._bounds.waiting_requests
        return is_long or self._held + size > self._bounds.waiting_bytes

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._held -= self._appends.pop(task)
        if not task.cancelled() and task.exception() is not None:
            log.warning("append_failed", error=repr(task.exception()))

    async def _append(self, entry: Entry) -> None:
        await self._look()
        if self._diverting:
            await self._divert(entry)
            return
        try:
            await self._send(entry.outgoing)
        except Unavailable as error:
            if not self._diverting:
                log.warning("kafka_away_diverting", error=str(error))
            self._diverting, self._drained_means_back = True, False
            await self._divert(entry)

    async def _look(self) -> None:
        """Divert once another replica does: what it keeps in the outbox must not be overtaken.

        One look serves every alert until the next; who comes meanwhile waits for it. A resolve that
        comes sooner may still pass a trigger: too many pages, never too few.
        """
        now = time.monotonic()
        if self._looking is None or self._looking.done():
            if self._diverting or now < max(self._look_at, self._database_rests_until):
                return
            self._look_at = now + self._look_every
            self._looking = asyncio.create_task(self._look_now())
        await asyncio.shield(self._looking)

    async def _look_now(self) -> None:
        try:
            waiting = await self._pending()
        except Exception as error:  # noqa: BLE001 - whatever the database has: Kafka is there.
            self._database_rests_until = time.monotonic() + DATABASE_REST
            log.warning("outbox_away", error=repr(error))
            return
        if waiting:
            log.info("diverting_with_another_replica", waiting=waiting)
            self._diverting = self._holds = True

    async def _pending(self) -> int:
        async with asyncio.timeout(LOOK_WITHIN), self._store.read() as uow:
            return await uow.pending(ALERT_EVENTS.name)

    async def _send(self, outgoing: Sequence[Outgoing]) -> None:
        try:
            async with asyncio.timeout(self._deadline):
                crash_points.reach("intake.before-append")
                await self._publisher.send(outgoing)
                crash_points.reach("intake.after-append")
        except (TimeoutError, OSError) as error:
            raise Unavailable(f"Kafka did not answer in time: {error!r}") from error

    async def _divert(self, entry: Entry) -> None:
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, done))
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
                why = str(error) if isinstance(error, Unavailable) else NEITHER
                for _, done in batch:
                    _settle(done, Unavailable(why))

    async def _take(self, batch: list[tuple[Entry, asyncio.Future[None]]]) -> None:
        whole = Entry(
            [each for entry, _ in batch for each in entry.envelopes],
            [each for entry, _ in batch for each in entry.outgoing],
        )
        if time.monotonic() < self._database_rests_until and not self._must_wait():
            await self._send_or_write(whole)  # The database did not answer a moment ago.
        else:
            await self._write_or_send(whole)
        for _, done in batch:
            _settle(done)

    async def _write_or_send(self, entry: Entry) -> None:
        try:
            written = await self._write(entry.envelopes)
        except Exception as error:  # Whatever the database has: Kafka is left.
            now = time.monotonic()
            self._database_rests_until = now + DATABASE_REST
            self._away_since = self._away_since or now
            log.warning("outbox_away", error=repr(error))
            if self._must_wait():
                raise Unavailable("what the outbox holds must not be overtaken") from error
            await self._send(entry.outgoing)
        else:
            self._away_since, self._database_rests_until = None, 0.0
            # Kafka took all that the outbox held: straight to it again, if it is still there.
            if not written and await self._send_or_write(entry):
                self._diverting = False

    def _must_wait(self) -> bool:
        if not self._holds or self._away_since is None:
            return False
        return time.monotonic() - self._away_since < self._bounds.in_order_for

    async def _send_or_write(self, entry: Entry) -> bool:
        """Try Kafka first; return whether it took them."""
        try:
            await self._send(entry.outgoing)
        except Unavailable:
            self._drained_means_back = False
            await self._write(entry.envelopes)
            return False
        return True

    async def _write(self, envelopes: Envelopes) -> bool:
        """Write to the outbox, unless it is drained and Kafka therefore back: return whether."""
        async with asyncio.timeout(self._bounds.database_deadline), self._store.begin() as uow:
            if self._drained_means_back and await uow.pending(ALERT_EVENTS.name) == 0:
                self._holds = False
                return False
            self._holds = True
            await uow.publish(envelopes)
        crash_points.reach("intake.after-divert")
        self._drained_means_back = True
        return True


def _settle(done: "asyncio.Future[Any]", error: Exception | None = None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
