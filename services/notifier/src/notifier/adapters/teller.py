"""Tells notices: a few calls side by side, within their leases, apart from those that page."""

import asyncio
from collections.abc import Mapping, Sequence

import structlog
from prometheus_client import Counter

from notifier.adapters.calling import GRACE, called
from notifier.domain.notice import Notice
from notifier.handlers.notices import NoticeHandlers
from notifier.ports import NotifierUnitOfWork
from notifier.ports.notices import NoticeJob, Outcome
from tocsin.channels import Accepted, Channel, Delivered, Delivery, Reconciles, SendResult
from tocsin.clock import Clock
from tocsin.failures import is_infrastructure
from tocsin.unit_of_work import Store

log = structlog.get_logger(__name__)
AT_ONCE = 4  # Beside what pages: a provider has room for so many, and nobody waits for these.
PAUSE = 0.5
NOTICES = Counter(
    "tocsin_handoff_notices", "Notices of handoffs, by what became of them", ["outcome"]
)


class Pile:
    """What is claimed and waits to be told; no more than is soon told."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.jobs: list[NoticeJob] = []
        self.news = asyncio.Event()

    def room(self) -> int:
        """Return how many it can take now."""
        return max(AT_ONCE - len(self.jobs), 0)

    def submit(self, jobs: Sequence[NoticeJob]) -> None:
        """Take these."""
        self.jobs += jobs
        self.news.set()

    def count(self, outcome: Outcome, number: int) -> None:
        """Count what became of notices."""
        NOTICES.labels(outcome).inc(number)


class Teller:
    """The worker that tells what is on the pile, and records what became of it."""

    name = "notifier.teller"

    def __init__(
        self,
        pile: Pile,
        channels: Mapping[str, Channel],
        handlers: NoticeHandlers,
        store: Store[NotifierUnitOfWork],
        clock: Clock,
    ) -> None:
        """Tell by `channels`; `handlers` record it in `store`."""
        self._pile = pile
        self._channels = channels
        self._handlers = handlers
        self._store = store
        self._clock = clock
        self._finished: list[tuple[Notice, SendResult | None]] = []

    async def run_once(self) -> bool:
        """Tell what is on the pile; return whether there was any."""
        self._pile.news.clear()
        if not self._pile.jobs:
            return False
        try:
            if not self._finished:
                told = list(self._pile.jobs)
                self._finished = list(await asyncio.gather(*map(self._tell, told)))
            async with self._store.begin() as uow:
                await self._handlers.record(uow, self._finished, self._clock.now())
        except Exception as error:
            if not is_infrastructure(error):
                raise
            log.warning("noticing_later", error=repr(error), size=len(self._finished))
            await asyncio.sleep(PAUSE)
            return True
        del self._pile.jobs[: len(self._finished)]
        self._finished = []
        return True

    async def wait(self) -> None:
        """Return when there may be something to tell."""
        await self._pile.news.wait()

    async def _tell(self, job: NoticeJob) -> tuple[Notice, SendResult | None]:
        name = job.notice.contact.channel
        channel = self._channels.get(name)
        longest = channel.info.deadline + GRACE if channel else GRACE
        lease = job.notice.wakes_at
        if lease is None or self._clock.now() + longest >= lease:
            return job.notice, None  # Its claim would be over before its answer.
        return job.notice, await called(name, channel, lambda one: self._call(one, job))

    async def _call(self, channel: Channel, job: NoticeJob) -> SendResult:
        notice = job.notice
        delivery = Delivery(
            notice.notice_id, notice.contact.address, notice.attempt, self._clock.now()
        )
        if notice.repeat_possible and isinstance(channel, Reconciles):
            found = await channel.reconcile(delivery)
            if isinstance(found, Accepted | Delivered):
                return found
        return await channel.send(delivery, job.doc)
