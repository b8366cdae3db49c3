"""Hears a channel over the connection that it opens itself."""

from collections.abc import Awaitable, Callable, Sequence

from tocsin.channels import Heard, Interaction, Listens, Reaction

Hear = Callable[[str, Sequence[Heard]], Awaitable[list[tuple[Interaction, Reaction]]]]


class Listener:
    """A worker that does nothing but listen; cancelled at the end of a drain."""

    def __init__(self, name: str, channel: Listens, hear: Hear) -> None:
        """Listen to `channel`; what it hears goes to `hear`."""
        self.name = f"notifier.{name}"
        self._channel_name = name
        self._channel = channel
        self._hear = hear

    async def run_once(self) -> bool:
        """There is nothing to do but wait."""
        return False

    async def wait(self) -> None:
        """Listen until the connection ends."""
        await self._channel.listen(self._sink)

    async def _sink(self, heard: Sequence[Heard]) -> list[Reaction]:
        return [reaction for _, reaction in await self._hear(self._channel_name, heard)]
