"""Hears a channel over the connection that it opens itself."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import structlog

from tocsin.backoff import Backoff
from tocsin.channels import Heard, Interaction, Listens, NoAnswerError, NotSentError, Reaction

log = structlog.get_logger(__name__)
Hear = Callable[[str, Sequence[Heard]], Awaitable[list[tuple[Interaction, Reaction]]]]
AGAIN = Backoff(first=timedelta(seconds=1), ceiling=timedelta(seconds=30))
JITTER = 0.5


class Listener:
    """A worker that does nothing but listen. The connection outlives each wait of its worker."""

    def __init__(
        self,
        name: str,
        channel: Listens,
        hear: Hear,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Listen to `channel`; what it hears goes to `hear`."""
        self.name = f"notifier.{name}"
        self._channel_name = name
        self._channel = channel
        self._hear = hear
        self._sleep = sleep
        self._listening: asyncio.Task[None] | None = None
        self._failures = 0

    async def run_once(self) -> bool:
        """There is nothing to do but wait."""
        return False

    async def wait(self) -> None:
        """Listen; return when the connection has ended."""
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._listen())
        await asyncio.shield(self._listening)

    async def _listen(self) -> None:
        try:
            await self._channel.listen(self._sink)
        except (NoAnswerError, NotSentError) as error:
            reason = str(error)
        except Exception:
            # The border to code of others: the connection is opened anew, whatever broke it.
            log.exception("listening_failed", channel=self._channel_name)
            reason = "see above"
        else:
            reason = "it ended"
        self._failures += 1
        wait = AGAIN.delay(self._failures, JITTER).total_seconds()
        log.warning("listening_again", channel=self._channel_name, reason=reason, seconds=wait)
        await self._sleep(wait)

    async def _sink(self, heard: Sequence[Heard]) -> list[Reaction]:
        self._failures = 0
        return [reaction for _, reaction in await self._hear(self._channel_name, heard)]
