"""The product with one thing wrong: what the simulation must notice, or it proves nothing."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from notifier.adapters.memory import MemoryIncidents, MemoryNotifications
from notifier.domain.incident import Incident
from notifier.domain.notification import Decision, Notification
from notifier.domain.retrying import LEASE
from notifier.domain.states import Sending
from tests.simulation.broker import Fetched
from tests.simulation.design import Design
from tests.simulation.publishing import ProcessPublisher
from tocsin import ids
from tocsin.application import Application
from tocsin.bus import Consumer
from tocsin.channels import Delivered, SendResult
from tocsin.errors import Unavailable
from tocsin.events import Envelope, Event, caused_by
from tocsin.outgoing import Outgoing, Publisher
from tocsin.testing import MemoryUnitOfWork
from tocsin.unit_of_work import Timer

if TYPE_CHECKING:
    from tests.simulation.process import Process

LONG_AGO = timedelta(days=1)
Envelopes = Sequence[Envelope[Event]]


class WithoutInbox(Design):
    """Every event is new, however often it comes."""

    name = "without the inbox"

    def opened(self, process: "Process", uow: Any) -> None:
        del process

        async def unseen(consumer: str, envelopes: Envelopes) -> list[Envelope[Event]]:
            await type(uow).unseen(uow, consumer, envelopes)
            return list(envelopes)

        uow.unseen = unseen


class WithoutOutbox(Design):
    """Events go to the broker after the commit: a crash between loses them."""

    name = "without the outbox"

    def opened(self, process: "Process", uow: Any) -> None:
        async def publish(envelopes: Envelopes) -> None:
            rows = await _rows(envelopes)
            uow.after_commit(lambda: self._append(process, rows))

        uow.publish = publish

    def _append(self, process: "Process", rows: list[Outgoing]) -> None:
        if not process.world.broker.away:
            process.world.broker.append(rows)


class PublishedInside(Design):
    """Events go to the broker as they are decided: a crash before the commit makes ghosts."""

    name = "published inside the transaction"

    def opened(self, process: "Process", uow: Any) -> None:
        async def publish(envelopes: Envelopes) -> None:
            await process.world.broker.send(await _rows(envelopes))

        uow.publish = publish


class OffsetsFirst(Design):
    """Offsets are committed before the transaction."""

    name = "offsets before the transaction"

    async def consume(self, process: "Process", consumer: Consumer[Any], fetched: Fetched) -> None:
        process.world.broker.commit(process, consumer.name, fetched)
        await consumer.consume(fetched.records)


class TimersDeletedFirst(Design):
    """Timers are gone once they are taken, whatever becomes of the transaction."""

    name = "timers deleted before the commit"

    def opened(self, process: "Process", uow: Any) -> None:
        async def take_due(now: datetime, limit: int) -> list[Timer]:
            taken: list[Timer] = await type(uow).take_due(uow, now, limit)
            for timer in taken:
                process.database.tables["timers"].pop(timer.timer_id, None)
            return taken

        uow.take_due = take_due


class DeletedBeforeSent(Design):
    """The relay deletes what it is about to send."""

    name = "outbox deleted before it is sent"

    def build(self, process: "Process") -> Application[Any]:
        process.relay = lambda: self._relay(process)  # type: ignore[method-assign]
        return super().build(process)

    async def _relay(self, process: "Process") -> bool:
        async with process.store.begin() as uow:
            rows = [uow.table("outbox").pop(one) for one in sorted(uow.table("outbox"))]
        await process.reach("before publish")
        await process.world.broker.send(rows)
        return True


class AcceptedTooEarly(Design):
    """A request is answered before its alert is durable."""

    name = "202 before it is durable"

    def publisher(self, process: "Process") -> Publisher:
        return _Careless(process)


class _Careless(ProcessPublisher):
    async def send(self, outgoing: Sequence[Outgoing]) -> None:
        try:
            await super().send(outgoing)
        except Unavailable:
            return


# The notifier's.


class OfNotifier(Design):
    """Notifications that behave in another way."""

    kind: type[Notification] = Notification
    table: type[MemoryNotifications] = MemoryNotifications

    def opened(self, process: "Process", uow: Any) -> None:
        if process.name == "notifier":
            uow.notifications = self.table(_converted(uow.table("notifications"), self.kind))


def _converted(table: dict[str, Notification], kind: type[Notification]) -> Any:
    for identity, one in table.items():
        if type(one) is not kind:
            table[identity] = kind(**{each.name: getattr(one, each.name) for each in fields(one)})
    return table


class _Unfenced(Notification):
    __slots__ = ()

    def record(self, result: SendResult, fence: int, now: datetime) -> Decision:
        del fence
        return Notification.record(self, result, self.fence, now)


class WithoutFence(OfNotifier):
    """The result of an old claim counts as that of the present one."""

    name = "results of old claims are recorded"
    kind = _Unfenced


class _Impatient(Notification):
    __slots__ = ()

    @property
    def wakes_at(self) -> datetime | None:
        if isinstance(self.state, Sending):
            return self.state.lease_until - LEASE
        return Notification.wakes_at.fget(self)  # type: ignore[attr-defined, no-any-return]

    def lapse(self, now: datetime, *, sender_is_gone: bool = False) -> Decision:
        del sender_is_gone
        return Notification.lapse(self, now, sender_is_gone=True)


class WithoutLease(OfNotifier):
    """A claim is sent again as soon as anybody looks."""

    name = "claims are sent again at once"
    kind = _Impatient


class _Forgotten(Notification):
    __slots__ = ()

    @property
    def wakes_at(self) -> datetime | None:
        if isinstance(self.state, Sending):
            return None
        return Notification.wakes_at.fget(self)  # type: ignore[attr-defined, no-any-return]


class _NothingHeld(MemoryNotifications):
    async def claimed_before(self, instant: datetime, limit: int) -> list[Notification]:
        del instant, limit
        return []


class NeverAgain(OfNotifier):
    """A claim that nobody saw the end of is never sent again."""

    name = "claims are never sent again"
    kind = _Forgotten
    table = _NothingHeld


class VoidClaimsCalled(Design):
    """A sender calls whatever it once claimed, however long ago."""

    name = "void claims are called"

    def build(self, process: "Process") -> Application[Any]:
        found = super().build(process)
        if process.name == "notifier":
            sender: Any = found.workers[0]._sender  # type: ignore[attr-defined]
            sender._still_wanted = None
            sender._attempts = _Rash(sender._attempts)
        return found


class _Rash:
    def __init__(self, attempts: Any) -> None:
        self.infos = attempts.infos
        self.attempt = attempts.attempt

    def longest(self, job: object) -> timedelta:
        del job
        return -LONG_AGO


class VersionsIgnored(Design):
    """A page is not compared with the answer that came before it."""

    name = "versions are ignored"

    def opened(self, process: "Process", uow: Any) -> None:
        if process.name == "notifier":
            uow.incidents = _Forgetful(uow.table("incidents"))


class _Forgetful(MemoryIncidents):
    async def of(self, incident_ids: Collection[str], *, lock: bool = True) -> dict[str, Incident]:
        found = await super().of(incident_ids, lock=lock)
        return {name: replace(one, answered_at_version=0) for name, one in found.items()}


class MarkedFirst(Design):
    """A page counts as delivered before the call."""

    name = "marked before the call"

    def opened(self, process: "Process", uow: Any) -> None:
        if process.name == "notifier":
            table = uow.notifications
            table.add = self._marking(process, uow, table.add)
            table.save = self._marking(process, uow, table.save)

    def _marking(
        self, process: "Process", uow: Any, write: Callable[..., Awaitable[None]]
    ) -> Callable[[Sequence[Notification]], Awaitable[None]]:
        async def marked(notifications: Sequence[Notification]) -> None:
            now = process.clock.now()
            decisions = [
                one.record(Delivered(), one.fence, now)
                if isinstance(one.state, Sending)
                else Decision(one)
                for one in notifications
            ]
            await write([one.notification for one in decisions])
            for one in decisions:
                for fact in one.facts:
                    told_of = one.notification.notification_id
                    parts = (fact.TYPE, told_of, str(one.notification.fence))
                    identity = ids.derived(*parts)
                    told = caused_by(None, fact, now=now, source="notifier", event_id=identity)
                    await uow.publish([told])

        return marked


async def _rows(envelopes: Envelopes) -> list[Outgoing]:
    aside = MemoryUnitOfWork({})
    await aside.publish(envelopes)
    return list(aside.table("outbox").values())


MUTANTS: tuple[Design, ...] = (
    WithoutInbox(),
    WithoutOutbox(),
    PublishedInside(),
    OffsetsFirst(),
    TimersDeletedFirst(),
    DeletedBeforeSent(),
    AcceptedTooEarly(),
    WithoutFence(),
    WithoutLease(),
    NeverAgain(),
    VoidClaimsCalled(),
    VersionsIgnored(),
    MarkedFirst(),
)
