"""A WebSocket to the outside by aiohttp, connected by the guarded session."""

from aiohttp import ClientError, ClientWebSocketResponse, WSMsgType

from tocsin.channels import NoAnswerError

_OVER = frozenset({WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR})


class OutboundSocket:
    """A WebSocket that answers pings, and is lost when its own are not answered."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        """Speak on `socket`."""
        self._socket = socket

    async def receive(self) -> str | None:
        """Return the next text; None when it is closed. Anything else is passed over."""
        while True:
            message = await self._socket.receive()
            if message.type is WSMsgType.TEXT:
                return str(message.data)
            if message.type in _OVER:
                return None

    async def send(self, text: str) -> None:
        """Send a text."""
        try:
            await self._socket.send_str(text)
        except (ClientError, OSError) as error:
            raise NoAnswerError("the connection was closed") from error

    async def close(self) -> None:
        """Close it."""
        await self._socket.close()
