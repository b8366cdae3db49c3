"""How the world is put together: the real thing here, and in each mutant with one thing wrong."""

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import escalation.bootstrap
import incident_intake.bootstrap
import notifier.bootstrap
import postmortem.bootstrap
from escalation.adapters.memory import MemoryEscalationUnitOfWork
from incident_intake.adapters.memory import MemoryIntakeUnitOfWork
from notifier.adapters.memory import MemoryNotifierUnitOfWork
from postmortem.adapters.memory import MemoryPostmortemUnitOfWork
from tests.acceptance.dsl.drivers import OPERATOR, TOKEN
from tests.simulation.broker import Fetched
from tests.simulation.phones import NAME, PhoneChannel
from tests.simulation.publishing import ProcessPublisher
from tocsin import auth
from tocsin.application import Application, Definition, Parts
from tocsin.auth import Principal
from tocsin.bus import Consumer
from tocsin.outgoing import Publisher
from tocsin.testing import MemoryUnitOfWork

if TYPE_CHECKING:
    from tests.simulation.process import Process

Unit = Callable[[Any], MemoryUnitOfWork]
SERVICES: dict[str, tuple[Definition[Any], Unit]] = {
    "incident-intake": (incident_intake.bootstrap.SERVICE, MemoryIntakeUnitOfWork),
    "escalation": (escalation.bootstrap.SERVICE, MemoryEscalationUnitOfWork),
    "notifier": (notifier.bootstrap.SERVICE, MemoryNotifierUnitOfWork),
    "postmortem": (postmortem.bootstrap.SERVICE, MemoryPostmortemUnitOfWork),
}
SCOPES = frozenset({"read", "write", "admin"})


async def _operator() -> Principal:
    # The real one is no coroutine, and would be handed to a thread.
    return Principal(name=OPERATOR, scopes=SCOPES)


class Design:
    """The product as it is."""

    name = "as it is"

    def unit(self, service: str) -> Unit:
        """Return what makes a service's units of work."""
        return SERVICES[service][1]

    def build(self, process: "Process") -> Application[Any]:
        """Put a process together by its real bootstrap."""
        definition = SERVICES[process.name][0]
        digest = hashlib.sha256(TOKEN.encode()).hexdigest()
        # Alone on its database, or not: the notifier takes over in another way.
        doubled = process.name in process.world.plan.doubled
        more = {"database": "postgresql://simulated"} if doubled else {}
        settings = definition.settings(
            tokens=(f"{OPERATOR}={digest}:read+write+admin",),
            public_url=f"http://{definition.name}",
            **more,
        )
        parts = Parts(process.store, process.clock, process.catalog, self.publisher(process))
        if process.name == "notifier":
            channels = {NAME: PhoneChannel(process.world.phones, process)}
            found = notifier.bootstrap.build(settings, parts, channels)
        else:
            found = definition.build(settings, parts)
        for scope in (auth.reader, auth.writer, auth.admin, auth.catalog_writer):
            found.http.dependency_overrides[scope] = _operator  # type: ignore[attr-defined]
        return found

    def publisher(self, process: "Process") -> Publisher:
        """Return the broker as a process sees it."""
        return ProcessPublisher(process)

    def opened(self, process: "Process", uow: MemoryUnitOfWork) -> None:
        """Look at a transaction that a process has opened."""

    async def consume(self, process: "Process", consumer: Consumer[Any], fetched: Fetched) -> None:
        """Handle a batch, then commit its offsets."""
        await consumer.consume(fetched.records)
        await process.consumed(consumer, fetched)
