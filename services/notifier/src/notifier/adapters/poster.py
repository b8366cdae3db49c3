"""Writes posts: claims what is due, calls the channels side by side, records what became of it."""

import asyncio
from collections.abc import Mapping

import structlog
from prometheus_client import Counter

from notifier.adapters.calling import called
from notifier.handlers.posts import PostHandlers
from notifier.ports import NotifierUnitOfWork, PostJob
from tocsin.channels import (
    Accepted,
    Channel,
    Delivered,
    Delivery,
    ExternalRef,
    Reconciles,
    SendResult,
    Updates,
)
from tocsin.clock import Clock
from tocsin.failures import is_infrastructure
from tocsin.unit_of_work import Store

log = structlog.get_logger(__name__)
LOOK = 1.0  # Seconds between looks when nobody calls: lapsed leases, and other processes' news.
PAUSE = 0.5
POSTED = Counter("tocsin_posts", "Messages written or changed in chats", ["channel", "outcome"])


class Poster:
    """The worker that owns what it has claimed, and nothing else."""

    name = "notifier.poster"

    def __init__(
        self,
        channels: Mapping[str, Channel],
        handlers: PostHandlers,
        store: Store[NotifierUnitOfWork],
        clock: Clock,
        news: asyncio.Event,
    ) -> None:
        """Write by `channels` what `handlers` claim; `news` wakes it."""
        self._channels = channels
        self._handlers = handlers
        self._store = store
        self._clock = clock
        self._news = news
        self._unrecorded: list[tuple[PostJob, SendResult]] = []

    async def run_once(self) -> bool:
        """Write what is due; return whether there was any."""
        self._news.clear()
        try:
            if self._unrecorded:
                await self._record()
            async with self._store.begin() as uow:
                jobs = await self._handlers.claim(uow, self._clock.now())
            if not jobs:
                return False
            results = await asyncio.gather(*(self._attempt(job) for job in jobs))
            self._unrecorded = list(zip(jobs, results, strict=True))
            await self._record()
        except Exception as error:
            if not is_infrastructure(error):
                raise
            log.warning("posting_later", error=repr(error), size=len(self._unrecorded))
            await asyncio.sleep(PAUSE)
        return True

    async def wait(self) -> None:
        """Return when there may be something to write."""
        try:
            async with asyncio.timeout(LOOK):
                await self._news.wait()
        except TimeoutError:
            return

    async def _record(self) -> None:
        finished = [(job.post, result) for job, result in self._unrecorded]
        async with self._store.begin() as uow:
            await self._handlers.record(uow, finished, self._clock.now())
        self._unrecorded = []

    async def _attempt(self, job: PostJob) -> SendResult:
        name = job.post.channel
        result = await called(name, self._channels.get(name), lambda one: self._write(one, job))
        POSTED.labels(name, type(result).__name__.lower()).inc()
        return result

    async def _write(self, channel: Channel, job: PostJob) -> SendResult:
        post = job.post
        delivery = Delivery(post.post_id, post.address, post.fence, self._clock.now())
        assert isinstance(channel, Updates)
        if post.reference:
            return await channel.update(delivery, ExternalRef.parse(post.reference), job.doc)
        if post.repeat_possible and isinstance(channel, Reconciles):
            found = await channel.reconcile(delivery)
            if isinstance(found, Accepted | Delivered):
                # It is there, and shows what was so when it was written.
                changed = await channel.update(delivery, found.ref, job.doc)
                return found if isinstance(changed, Accepted | Delivered) else changed
        return await channel.send(delivery, job.doc)
