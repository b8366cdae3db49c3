"""The HTTP server of a service: uvicorn, with the signals left to the process."""

import contextlib
from collections.abc import Iterator

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
