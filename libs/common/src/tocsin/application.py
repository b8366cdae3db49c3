"""What a service is made of: the value that its bootstrap returns and `lifecycle.run` runs."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.types import ASGIApp

from tocsin.clock import Clock
from tocsin.events import Envelope, Event
from tocsin.holder import CatalogHolder
from tocsin.outgoing import Publisher
from tocsin.settings import ServiceSettings
from tocsin.topics import Topic
from tocsin.unit_of_work import Store, Timer, U, UnitOfWork

S = TypeVar("S", bound=ServiceSettings)
EventHandler = Callable[[U, Sequence[Envelope[Event]], datetime], Awaitable[None]]
TimerHandler = Callable[[U, Sequence[Timer], datetime], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Subscription(Generic[U]):
    """A topic and who handles its events, a batch at a time, in one transaction.

    `events` are the types it wants: the others of the topic are passed over without a transaction.
    The consumer group is `<service>.<topic>`; two subscriptions never share one. `rest` is a pause
    in seconds after each batch, for whoever would rather have larger batches than early ones.
    """

    topic: Topic
    handle: EventHandler[U]
    events: tuple[type[Event], ...]
    rest: float = 0.0


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
    """One service, put together. `on_timers` gets the timers that are due, in one transaction."""

    name: str
    store: Store[U]
    clock: Clock
    subscriptions: tuple[Subscription[U], ...]
    on_timers: TimerHandler[U]
    http: ASGIApp
    workers: tuple[Worker, ...] = ()


@dataclass(frozen=True)
class Parts(Generic[U]):
    """What a bootstrap is given to build its application from."""

    store: Store[U]
    clock: Clock
    catalog: CatalogHolder
    publisher: Publisher


@dataclass(frozen=True)
class Definition(Generic[S]):
    """A service: its name, its settings and how it is put together.

    `package` holds its migrations; `unit` makes its unit of work; `build` its application.
    """

    name: str
    prefix: str
    settings: type[S]
    unit: Callable[[AsyncConnection, datetime], UnitOfWork]
    build: Callable[[S, Any], Application[Any]]

    @property
    def package(self) -> str:
        """The import name."""
        return self.name.replace("-", "_")
