"""The broker as one process of the simulation sees it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tocsin.outgoing import Outgoing

if TYPE_CHECKING:
    from tests.simulation.process import Process


class ProcessPublisher:
    """The broker as one process sees it."""

    def __init__(self, process: "Process") -> None:
        self._process = process

    async def send(self, outgoing: Sequence[Outgoing]) -> None:
        """Append, unless the process is dead by then."""
        await self._process.reach("before append")
        await self._process.world.broker.send(outgoing)
        await self._process.reach("after append")
