"""What a service is made of: the value that its bootstrap returns and `lifecycle.run` runs."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.types import ASGIApp

from tocsin.clock import Clock
from tocsin.events import Envelope, Event
from tocsin.findings import Finding
from tocsin.holder import CatalogHolder
from tocsin.obligations import Obligation
from tocsin.outgoing import Publisher
from tocsin.settings import ServiceSettings
from tocsin.topics import Topic
from tocsin.unit_of_work import Store, Timer, U, UnitOfWork

S = TypeVar("S", bound=ServiceSettings)
EventHandler = Callable[[U, Sequence[Envelope[Event]], datetime], Awaitable[None]]
TimerHandler = Callable[[U, Sequence[Timer], datetime], Awaitable[None]]
StartHandler = Callable[[U, datetime], Awaitable[None]]
OverdueHandler = Callable[[U, Sequence[Obligation], datetime], Awaitable[None]]
LookHandler = Callable[[U, datetime], Awaitable[Collection[Finding]]]


@dataclass(frozen=True, slots=True)
class Subscription(Generic[U]):
    """A topic and who handles its events, a batch at a time, in one transaction.

    `events` are the types it wants: the others of the topic are passed over without a transaction.
    The consumer group is `<service>.<topic>`; two subscriptions never share one. `rest` is a pause
    in seconds after each batch, for whoever would rather have larger batches than early ones.

    `after` names another topic of the service that is heard first at each start, as far as it went
    by then: what was answered while we were away is known before it is asked for again.

    `whole`: whatever is on the topic asks something of this service. What only a later release
    understands is then a dead letter, to be handed over after the upgrade; elsewhere it is passed
    over.
    """

    topic: Topic
    handle: EventHandler[U]
    events: tuple[type[Event], ...]
    rest: float = 0.0
    after: Topic | None = None
    whole: bool = False


class Worker(Protocol):
    """Work outside a transaction, such as calling a provider."""

    name: str

    async def run_once(self) -> bool:
        """Do what is ready; return whether there was any."""
        ...

    async def wait(self) -> None:
        """Return when there may be something to do. Cancelled at the end of a drain."""
        ...


@dataclass(frozen=True)
class Application(Generic[U]):
    """One service, put together. `on_timers` gets the timers that are due, in one transaction.

    `on_overdue` gets the obligations that are past their time, to do again what may have been lost.
    `on_start` says once, as soon as the catalog is there, what may not have been said so far.
    `on_look` tells the auditor, which looks every few seconds, what else is not as it must be.
    """

    name: str
    store: Store[U]
    clock: Clock
    subscriptions: tuple[Subscription[U], ...]
    on_timers: TimerHandler[U]
    http: ASGIApp
    workers: tuple[Worker, ...] = ()
    on_overdue: OverdueHandler[U] | None = None
    on_start: StartHandler[U] | None = None
    on_look: LookHandler[U] | None = None


@dataclass(frozen=True)
class Parts(Generic[U]):
    """What a bootstrap is given to build its application from. `stopping` is set at a stop."""

    store: Store[U]
    clock: Clock
    catalog: CatalogHolder
    publisher: Publisher
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class Recall:
    """How a service hears its own facts.

    `facts` is the topic that it alone writes; `take` takes a batch over, in one transaction;
    `causes` are the topics whose events it answers with facts; the cause of a fact of one of the
    types in `again` is handled again. The topics in `rewound` are simply heard again.
    """

    facts: Topic
    take: Callable[[Any, Sequence[Envelope[Event]], datetime], Awaitable[None]]
    causes: tuple[Topic, ...]
    again: tuple[type[Event], ...] = ()
    rewound: tuple[Topic, ...] = ()


@dataclass(frozen=True)
class Definition(Generic[S]):
    """A service: its name, its settings and how it is put together.

    `package` holds its migrations; `unit` makes its unit of work; `build` its application.
    `recall` says how it takes over what it told itself, where a rewind would not do.
    """

    name: str
    prefix: str
    settings: type[S]
    unit: Callable[[AsyncConnection, datetime], UnitOfWork]
    build: Callable[[S, Any], Application[Any]]
    recall: Recall | None = None

    @property
    def package(self) -> str:
        """The import name."""
        return self.name.replace("-", "_")
