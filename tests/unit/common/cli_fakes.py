"""The four services as the command line sees them: recorded requests, answers by path."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from typer.testing import CliRunner, Result

from tocsin.cli.app import app
from tocsin.cli.session import World

NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


def answer(body: Any = None, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=body, headers=headers)


def problem(status: int, detail: str, **more: Any) -> httpx.Response:
    body = {"type": "urn:tocsin:problem:x", "status": status, "detail": detail, **more}
    return httpx.Response(status, json=body, headers={"content-type": "application/problem+json"})


def listed(*items: dict[str, Any], following: str | None = None) -> httpx.Response:
    return answer({"items": list(items), "next": following})


@dataclass
class FakeTocsin:
    """Answers by `METHOD path`; a list is used up one by one, its last answer stays."""

    answers: dict[str, Answer | list[Answer]] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        found = self.answers.get(f"{request.method} {request.url.path}")
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        if found is None:
            return problem(404, f"Nothing is at {request.url.path}.")
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, httpx.Response) else found(request)

    def asked(self) -> list[str]:
        return [f"{request.method} {request.url.path}" for request in self.requests]

    def body(self, position: int = -1) -> Any:
        return json.loads(self.requests[position].content)


@dataclass
class Cli:
    """The command line in a world of its own; time passes only while it sleeps."""

    home: Path
    tocsin: FakeTocsin = field(default_factory=FakeTocsin)
    environ: dict[str, str] = field(default_factory=lambda: {"TOCSIN_TOKEN": "secret-token"})
    at_terminal: bool = False
    slept: list[float] = field(default_factory=list)
    missing_topics: Sequence[str] = ()
    topic_differences: Sequence[str] = ()
    provisioned: list[tuple[tuple[str, ...], str, int]] = field(default_factory=list)

    def __call__(self, *words: str, says: str | None = None) -> Result:
        return CliRunner().invoke(app, list(words), obj=self.world(), input=says)

    def json(self, *words: str) -> Any:
        result = self(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def world(self) -> World:
        return World(
            environ=self.environ,
            home=self.home,
            transport=httpx.MockTransport(self.tocsin),
            now=lambda: NOW,
            monotonic=lambda: sum(self.slept),
            sleep=self.slept.append,
            at_terminal=lambda: self.at_terminal,
            provision=self._provision,
            differences=self._differences,
        )

    async def _provision(
        self, bootstrap: Sequence[str], prefix: str, replication: int
    ) -> list[str]:
        self.provisioned.append((tuple(bootstrap), prefix, replication))
        return list(self.missing_topics)

    async def _differences(self, bootstrap: Sequence[str], prefix: str) -> list[str]:
        assert (tuple(bootstrap), prefix) == (("127.0.0.1:8011",), "tocsin.")
        return list(self.topic_differences)
