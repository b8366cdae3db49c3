"""The HTTP server of a service: uvicorn, with the signals left to the process."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Iterator

import uvicorn
from starlette.types import ASGIApp

from tocsin.http_protocol import BoundedHttp
from tocsin.settings import ServiceSettings


class Server(uvicorn.Server):
    """Leaves the signals to us: on one, everything drains in order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    async def serve_until(self, stop: asyncio.Event, closing: Iterable[Callable[[], None]]) -> None:
        """Serve until told to stop: close what would go on for ever, and answer what was asked.

        A server that ends by itself stops the process.
        """
        task = asyncio.create_task(self.serve())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for close in closing:
            close()
        self.should_exit = True
        stopping.cancel()
        try:
            await task
        except SystemExit as error:  # uvicorn exits when the port is taken.
            place = f"{self.config.host}:{self.config.port}"
            raise OSError(f"cannot listen on {place}") from error
        stop.set()


def server_of(app: ASGIApp, settings: ServiceSettings) -> Server:
    """Return the server of `app`, not started yet."""
    host, port = settings.host_and_port
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="none",
        http=BoundedHttp,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=30,
        limit_concurrency=4000,
        backlog=4096,
        timeout_graceful_shutdown=int(settings.drain_timeout),
    )
    return Server(config)
