"""What one run of the command line works with: the world around it, the client, the output."""

import importlib
import os
import sys
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Protocol

import httpx
import typer

from tocsin.cli.access import Access, access
from tocsin.cli.client import Client
from tocsin.cli.output import Output
from tocsin.clock import SystemClock


async def _provision(bootstrap: Sequence[str], prefix: str, replication: int) -> list[str]:
    # Importing Kafka's client takes as long as all the rest, so only who needs it pays.
    provisioning = importlib.import_module("tocsin.provisioning")
    made: list[str] = await provisioning.provision(bootstrap, prefix, replication)
    return made


async def _differences(bootstrap: Sequence[str], prefix: str) -> list[str]:
    provisioning = importlib.import_module("tocsin.provisioning")
    found: list[str] = await provisioning.differences(bootstrap, prefix)
    return found


async def _rewind(
    bootstrap: Sequence[str],
    prefix: str,
    service: str,
    topic: str | None,
    to: datetime | None,
    *,
    dry_run: bool,
) -> list[dict[str, object]]:
    rewinding = importlib.import_module("tocsin.rewinding")
    moves = await rewinding.rewind(bootstrap, prefix, service, topic, to, dry_run=dry_run)
    return [
        {"topic": one.topic, "partition": one.partition, "from": one.was, "to": one.now}
        for one in moves
    ]


async def _lag(bootstrap: Sequence[str], prefix: str, service: str) -> dict[str, int]:
    rewinding = importlib.import_module("tocsin.rewinding")
    found: dict[str, int] = await rewinding.lag(bootstrap, prefix, service)
    return found


class Rewind(Protocol):
    """Sets a stopped service's place on a topic, or on all it reads; tells each partition's."""

    def __call__(
        self,
        bootstrap: Sequence[str],
        prefix: str,
        service: str,
        topic: str | None,
        to: datetime | None,
        *,
        dry_run: bool,
    ) -> Coroutine[None, None, list[dict[str, object]]]:
        """Return where each partition was, and is."""
        ...


Provision = Callable[[Sequence[str], str, int], Coroutine[None, None, list[str]]]
Lag = Callable[[Sequence[str], str, str], Coroutine[None, None, dict[str, int]]]
Differences = Callable[[Sequence[str], str], Coroutine[None, None, list[str]]]


@dataclass(frozen=True)
class World:
    """Everything outside: tests hand in their own."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    home: Path = field(default_factory=Path.home)
    transport: httpx.BaseTransport | None = None
    now: Callable[[], datetime] = field(default_factory=lambda: SystemClock().now)
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    at_terminal: Callable[[], bool] = field(
        default_factory=lambda: lambda: sys.stdin.isatty() and sys.stderr.isatty()
    )
    provision: Provision = _provision
    differences: Differences = _differences
    rewind: Rewind = _rewind
    lag: Lag = _lag


class Session:
    """One run."""

    def __init__(self, world: World, *, machine: bool) -> None:
        """Answer people, or a `machine`."""
        self.world = world
        self.out = Output(machine=machine, stdout=sys.stdout, stderr=sys.stderr)

    @cached_property
    def access(self) -> Access:
        """Where the services are."""
        return access(self.world.environ, self.world.home)

    @cached_property
    def client(self) -> Client:
        """The services over HTTP."""
        return Client(self.access, self.world.transport, self.world.sleep)


def session(ctx: typer.Context) -> Session:
    """Return the run that a command belongs to."""
    assert isinstance(ctx.obj, Session)
    return ctx.obj
