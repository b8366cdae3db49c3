"""Takes claimed notifications to their channels, many at once, and keeps what became of them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from notifier.adapters.attempts import Attempts
from notifier.adapters.holder import Holder
from notifier.adapters.lanes import Lanes
from notifier.domain.notification import Notification
from notifier.domain.retrying import LEASE
from notifier.domain.states import Sending
from notifier.ports import ChannelState, Finished, Job
from tocsin import crash_points
from tocsin.channels import Accepted, Delivered, SendResult
from tocsin.clock import Clock
from tocsin.failures import is_infrastructure

log = structlog.get_logger(__name__)
STALE = timedelta(milliseconds=100)  # A claim older than this is looked at again before the call.
PAUSED = 4.0  # Seconds: after less than this nobody takes a process for dead.
LOOKS = 2
StillWanted = Callable[[Sequence[Job]], Awaitable[set[tuple[str, int]]]]


class Sender:
    """A dispatcher: calls channels at once, without waiting for what is being recorded.

    Just before a call it looks whether the claim still holds: the lease must outlast the call,
    nobody may have said stop, and a claim that has waited is read again, since another replica may
    have heard the answer. So is one of a process that gave no sign of life: others have taken it
    for dead.
    """

    def __init__(
        self,
        attempts: Attempts,
        clock: Clock,
        still_wanted: StillWanted | None = None,
        held: Holder | None = None,
    ) -> None:
        """Call by `attempts`; ask `still_wanted` about claims that have waited.

        Without it nobody else works on this database: every stop is heard here, after its commit.
        `held` is how others know that this process lives.
        """
        self._life = held or Holder(clock)
        self._attempts = attempts
        self._clock = clock
        self._still_wanted = still_wanted
        self._lanes = Lanes(attempts.infos)
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: set[str] = set()
        self._stopped: set[str] = set()
        self._health: dict[str, ChannelState] = {name: ChannelState() for name in attempts.infos}
        self._looks: list[tuple[Job, asyncio.Future[set[str]]]] = []
        self.finished: list[Finished] = []
        self.news = asyncio.Event()

    @property
    def is_busy(self) -> bool:
        """Whether anything is queued, under way or waiting to be recorded."""
        return bool(self._tasks or self.finished or self._lanes.queued)

    @property
    def is_calling(self) -> bool:
        """Whether calls are under way."""
        return self._lanes.is_calling

    @property
    def holder(self) -> str:
        """The process that claims are for, as others know it."""
        return self._life.name

    def admit(self, notifications: Sequence[Notification]) -> list[bool]:
        """Return for each, in order, whether there is room to take it now."""
        return self._lanes.admit(notifications)

    def submit(self, jobs: Sequence[Job]) -> None:
        """Take these; called after their claim was committed."""
        self._held.update(_identities(jobs))
        self._lanes.put(jobs)
        self._begin()

    def stop(self, notification_ids: Iterable[str]) -> None:
        """Do not begin these any more."""
        self._stopped.update(self._held.intersection(notification_ids))

    def states(self) -> Mapping[str, ChannelState]:
        """Return how each channel is doing in this process."""
        return {
            name: replace(
                state, in_flight=self._lanes.in_flight(name), queued=self._lanes.queued_of(name)
            )
            for name, state in self._health.items()
        }

    def _begin(self) -> None:
        for job in self._lanes.take():
            self._spawn(self._run(job))

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, job: Job) -> None:
        sent, result = None, None
        try:
            crash_points.reach("notifier.before-look")
            sent = await self._wanted(job)
            if sent is not None:
                result = await self._attempt(sent)
        finally:
            self._lanes.done(job)
            identities = _identities([job])
            self._held.difference_update(identities)
            self._stopped.difference_update(identities)
        now = self._clock.now()
        told = _identities([sent]) if sent else set()
        for part in job.parts:
            went = part.notification.notification_id in told
            self.finished.append(Finished(part, result if went else None, now))
        self._note(job.notification.contact.channel, result, now)
        self.news.set()
        self._begin()

    async def _attempt(self, job: Job) -> SendResult:
        crash_points.reach("notifier.before-call")
        result = await self._attempts.attempt(job, self._clock.now())
        crash_points.reach("notifier.after-call")
        return result

    async def _wanted(self, job: Job) -> Job | None:
        """Return what of a job may be sent now; of a summary that may be less than was claimed."""
        state = job.notification.state
        assert isinstance(state, Sending)
        wanted = _identities([job])
        for _ in range(LOOKS):
            began = self._life.elapsed()
            age = self._clock.now() - (state.lease_until - LEASE)
            if self._still_wanted and (age > STALE or not self._life.holds(state.holder)):
                wanted &= await self._look(job, self._still_wanted)
            if self._life.elapsed() - began < PAUSED:
                break  # This process was not stopped while it was looking.
        if self._clock.now() + self._attempts.longest(job) >= state.lease_until:
            return None
        return job.only(wanted - self._stopped)

    async def _look(self, job: Job, still_wanted: StillWanted) -> set[str]:
        """Look at a claim in the database; those who ask together are answered by one query."""
        answer: asyncio.Future[set[str]] = asyncio.get_running_loop().create_future()
        self._looks.append((job, answer))
        if len(self._looks) == 1:
            self._spawn(self._look_at_all(still_wanted))
        return await answer

    async def _look_at_all(self, still_wanted: StillWanted) -> None:
        await asyncio.sleep(0)  # Whoever else is about to ask comes along.
        looks, self._looks = self._looks, []
        claims = {_claim(part) for job, _ in looks for part in job.parts if self._is_ours(job)}
        try:
            wanted = claims & await still_wanted([job for job, _ in looks])
        except Exception as error:  # Judged below; the askers must get an answer.
            # Without the database nobody can say: better a page too many than one too few.
            if not is_infrastructure(error):
                log.exception("look_failed", exc_info=error)
            wanted = {_claim(part) for job, _ in looks for part in job.parts}
        for job, answer in looks:
            if not answer.done():
                answer.set_result({claim[0] for claim in map(_claim, job.parts) if claim in wanted})

    def _is_ours(self, job: Job) -> bool:
        state = job.notification.state
        return isinstance(state, Sending) and self._life.holds(state.holder)

    def _note(self, channel: str, result: SendResult | None, now: datetime) -> None:
        if result is None:
            return
        before = self._health.get(channel, ChannelState())
        if isinstance(result, Accepted | Delivered):
            self._health[channel] = replace(before, last_success_at=now)
        else:
            self._health[channel] = replace(
                before, last_failure_at=now, last_failure=result.reason[:300]
            )


def _claim(job: Job) -> tuple[str, int]:
    return job.notification.notification_id, job.notification.fence


def _identities(jobs: Iterable[Job]) -> set[str]:
    return {part.notification.notification_id for job in jobs for part in job.parts}
