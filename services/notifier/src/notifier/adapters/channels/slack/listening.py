"""Socket Mode: the same presses and words, over a connection that we open ourselves.

The token proves us to Slack, and TLS Slack to us; nothing is signed. Slack gives each envelope to
one of an app's connections, and gives it again where it is not acknowledged: so it is acknowledged
after it is safe, and whoever hears it a second time finds it heard.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import orjson
import structlog

from notifier.adapters.channels.slack.api import SlackApi
from notifier.adapters.channels.slack.hearing import Home
from tocsin.channels import (
    Interaction,
    NoAnswerError,
    Reaction,
    Rejected,
    Sink,
    Socket,
    Sockets,
)

log = structlog.get_logger(__name__)
WITHIN = timedelta(seconds=10)
HOST = ".slack.com"
_NEVER_A_DATE = datetime.min  # noqa: DTZ901 - Slack gives Retry-After in seconds.
Respond = Callable[[Interaction, Reaction], Awaitable[None]]


class Listening:
    """Connects, hears, and connects anew before the old connection ends."""

    def __init__(self, api: SlackApi, sockets: Sockets, home: Home, host: str = HOST) -> None:
        """Ask `api` where to connect to; nowhere but below `host`."""
        self._api = api
        self._sockets = sockets
        self._home = home
        self._host = host

    async def listen(self, sink: Sink, respond: Respond) -> None:
        """Hear until the connection is lost."""
        socket = await self._open()
        try:
            while await self._hear(socket, sink, respond):
                # Slack says goodbye some seconds before it closes: the new one is there by then.
                old, socket = socket, await self._open()
                await old.close()
        finally:
            await socket.close()

    async def _open(self) -> Socket:
        said = await self._api.read("apps.connections.open", {}, WITHIN, _NEVER_A_DATE)
        if not isinstance(said, dict):
            raise NoAnswerError(getattr(said, "reason", "Slack does not answer"))
        url = str(said.get("url", ""))
        found = urlsplit(url)
        if not f".{found.hostname}".endswith(self._host) or found.scheme not in {"wss", "ws"}:
            raise NoAnswerError("Slack names an address that is not its own")
        return await self._sockets.connect(url, within=WITHIN)

    async def _hear(self, socket: Socket, sink: Sink, respond: Respond) -> bool:
        """Hear this connection; return whether Slack wants another instead of it."""
        while (text := await socket.receive()) is not None:
            envelope = orjson.loads(text)
            match envelope.get("type"):
                case "disconnect":
                    return True
                case "interactive" | "slash_commands" | "events_api" as kind:
                    await self._take(socket, kind, envelope, sink, respond)
                case _:
                    continue
        raise NoAnswerError("Slack closed the connection")

    async def _take(
        self,
        socket: Socket,
        kind: str,
        envelope: dict[str, Any],
        sink: Sink,
        respond: Respond,
    ) -> None:
        heard = self._home.told(kind, envelope.get("payload") or {})
        reactions: list[Reaction] = []
        if isinstance(heard, Rejected):
            log.warning("envelope_rejected", channel="slack", reason=heard.reason)
            heard = []
        elif heard:
            reactions = list(await sink(heard))
        await socket.send(orjson.dumps({"envelope_id": envelope["envelope_id"]}).decode())
        acts = [one for one in heard if isinstance(one, Interaction)]
        for interaction, reaction in zip(acts, reactions, strict=True):
            await respond(interaction, reaction)
