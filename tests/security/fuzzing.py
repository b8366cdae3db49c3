"""The fuzz: every endpoint, by its schema and by mutations, and what every answer has to be."""

import gc
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case

from tests.security.asgi import Answer
from tests.security.house import GRAVE, INTEGRATION_KEY, House, bearer
from tests.security.mutations import anything, as_parameter, encoded, mutated
from tests.security.samples import PARAMETERS, bodies
from tocsin.web import document

HANGS = 10.0  # Seconds; generous, because the machine of a test may be busy.
SLOW = 1.0
NOT_SET = "NotSet"
# Endpoints that speak another product's language answer errors in its words.
FOREIGN = ("/api/v2/", "/v2/enqueue", "/-/")
# Plain routes that OpenAPI does not tell of.
MORE: dict[str, tuple[str, ...]] = {
    "incident-intake": (
        "POST /v1/alerts/generic",
        "POST /v1/alerts/alertmanager",
        "POST /v1/alerts/prometheus",
        "POST /v1/alerts/pagerduty",
        "GET /-/ready",
    ),
    "escalation": (),
    "notifier": (
        "GET /a/{token}",
        "POST /a/{token}",
        "POST /i/pigeon/{path}",
        "POST /i/slack/{path}",
    ),
    "postmortem": ("GET /",),
}


@dataclass
class Request:
    """One request to be sent."""

    method: str
    target: str
    headers: dict[str, str | bytes]
    body: bytes = b""


@dataclass
class Tally:
    """What became of the requests to one endpoint."""

    endpoint: str
    statuses: Counter[int] = field(default_factory=Counter)
    worst: float = 0.0
    slow: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, more: "Tally") -> None:
        """Take up what became of further requests."""
        self.statuses += more.statuses
        self.worst, self.slow = max(self.worst, more.worst), self.slow + more.slow
        self.wrong += more.wrong

    @property
    def requests(self) -> int:
        return self.statuses.total()

    def note(self, request: Request, answer: Answer, *, is_foreign: bool) -> None:
        """Count an answer, and judge it."""
        self.statuses[answer.status] += 1
        self.worst = max(self.worst, answer.seconds)
        self.slow += answer.seconds > SLOW
        for mistake in judged(answer, is_foreign=is_foreign):
            shown = (
                f"{request.method} {request.target[:200]} {request.headers} {request.body[:300]!r}"
            )
            self.wrong.append(f"{mistake}: {shown} -> {answer.status} {answer.body[:300]!r}")


def judged(answer: Answer, *, is_foreign: bool) -> Iterator[str]:
    """Yield what is wrong with an answer, whatever it answers."""
    if answer.status >= 500:
        yield "a 5xx"
    if answer.seconds > HANGS:
        yield f"took {answer.seconds:.1f} s"
    if answer.headers.get("x-content-type-options") != "nosniff":
        yield "no security headers"
    if answer.kind.endswith("json"):
        try:
            found = answer.json()
        except ValueError:
            yield "not JSON"
            return
        if answer.kind == "application/problem+json":
            yield from _of_a_problem(found, answer.status)
    if answer.status >= 400 and not is_foreign and answer.kind != "application/problem+json":
        yield "an error that is no problem"


def _of_a_problem(found: Any, status: int) -> Iterator[str]:
    if not str(found.get("type", "")).startswith("urn:tocsin:problem:"):
        yield "a problem without its type"
    if found.get("status") != status or not found.get("title") or not found.get("detail"):
        yield "a problem without its parts"
    names = [found.get("field"), *(one.get("field") for one in found.get("errors", []))]
    if status == 422 and "mistakes" not in found and not any(names):
        yield "a 422 that names no field"


class Endpoint:
    """One operation, and ways to ask it wrongly."""

    def __init__(
        self,
        label: str,
        known: Mapping[str, Sequence[str]],
        schema: Any = None,
        parameters: Sequence[str] = (),
    ):
        self.label = label
        self.known = {**PARAMETERS, **known}
        self.method, _, self.path = label.partition(" ")
        self.parameters = parameters
        self._schema = schema
        self._bodies = bodies(label)

    @property
    def is_foreign(self) -> bool:
        # The page behind a link answers people, not programs.
        return self.path.startswith((*FOREIGN, "/a/"))

    def by_schema(self, count: int, start: int) -> list[Request]:
        """Return requests that Schemathesis makes of our own document."""
        if self._schema is None:
            return []
        found: list[Request] = []

        @seed(start)
        @settings(
            max_examples=count,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(self._schema.as_strategy())
        def collect(case: Case[Any]) -> None:
            found.append(_request_of(case))

        collect()
        return found[:count]

    def by_mutation(self, rng: Random) -> Request:
        """Return a request that was a good one."""
        target = self.path
        while "{" in target:
            name = target.partition("{")[2].partition("}")[0]
            given = rng.choice(self.known[name])
            target = target.replace("{" + name + "}", as_parameter(rng, given) or "%20", 1)
        query = [
            f"{name}={as_parameter(rng, rng.choice(self.known.get(name, ('x',))))}"
            for name in self.parameters
            if rng.random() < 0.6
        ]
        if rng.random() < 0.1:
            query.append(as_parameter(rng, "limit") + "=" + as_parameter(rng, "1"))
        body, headers = b"", dict[str, str | bytes]()
        if self._bodies:
            good = rng.choice(self._bodies)
            body, headers = encoded(
                rng, mutated(rng, good) if rng.random() < 0.97 else anything(rng)
            )
        if rng.random() < 0.1:
            headers["idempotency-key"] = rng.choice(("k", "", "x" * 300, "é\x00"))
        if rng.random() < 0.1:
            headers["if-match"] = rng.choice(('"1"', "*", "W/x", "é", "9" * 5_000))
        return Request(
            self.method, target + ("?" + "&".join(query) if query else ""), headers, body
        )


def _request_of(case: Case[Any]) -> Request:
    query = urlencode(
        [
            (name, part)
            for name, value in (case.query or {}).items()
            for part in (value if isinstance(value, list) else [value])
        ],
        errors="replace",
    )
    path = quote(case.formatted_path.encode("utf-8", "surrogatepass"), safe="/%")
    headers: dict[str, str | bytes] = {
        str(name): str(value).encode("utf-8", "replace")
        for name, value in (case.headers or {}).items()
        if str(name).isascii() and str(name).isprintable()
    }
    body = case.body
    if type(body).__name__ == NOT_SET:
        body = b""
    elif not isinstance(body, bytes):
        body = json.dumps(body, default=str).encode()
        headers.setdefault("content-type", case.media_type or "application/json")
    return Request(case.method.upper(), path + ("?" + query if query else ""), headers, body)


def endpoints(house: House, service: str) -> list[Endpoint]:
    """Return every endpoint of a service, those that its document leaves out included."""
    written, known = document(house.app(service)), house.known
    loaded = schemathesis.openapi.from_dict(written)
    found = []
    for path, operations in written["paths"].items():
        for method, operation in operations.items():
            names = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
            if path == "/api/v2/alerts" and method == "get":
                names.append("filter")
            label = f"{method.upper()} {path}"
            found.append(Endpoint(label, known, loaded[path][method.upper()], names))
    return found + [Endpoint(label, known) for label in MORE[service]]


async def fuzz(house: House, service: str, count: int, start: int) -> list[Tally]:
    """Send `count` requests to every endpoint of a service, a tenth of them by the schema."""
    tallies = []
    for endpoint in endpoints(house, service):
        tally = Tally(f"{service} {endpoint.label}")
        rng = Random(f"{start} {tally.endpoint}")
        by_schema = endpoint.by_schema(max(count // 10, min(count, 8)), start)
        for number in range(count):
            request = by_schema[number] if number < len(by_schema) else endpoint.by_mutation(rng)
            _open_the_door(rng, request)
            answer = await house.ask(
                service, request.method, request.target, request.headers, request.body
            )
            tally.note(request, answer, is_foreign=endpoint.is_foreign)
            if number % 100 == 99:
                tally.wrong += await digest(house, service)
        tally.wrong += await digest(house, service)
        tallies.append(tally)
    return tallies


def _open_the_door(rng: Random, request: Request) -> None:
    """Come in, mostly: what lies behind the door is to be fuzzed."""
    request.headers = {
        name: value for name, value in request.headers.items() if name.lower() != "authorization"
    }
    if rng.random() < 0.03:
        return
    if rng.random() < 0.05:
        request.target = f"/k/{INTEGRATION_KEY}{request.target}"
    request.headers |= {"x-tocsin-key": INTEGRATION_KEY, **bearer("owner")}


async def digest(house: House, service: str) -> list[str]:
    """Let the service take in what it accepted; return what it could not."""
    if service != "incident-intake":
        return []
    resident = house.residents[service]
    for consumer in resident.consumers:
        while await house.broker.deliver(consumer):
            pass
    house.broker.log.clear()
    house.broker.offsets.clear()
    buried = (await resident.contents())["dead_letters"]
    return [
        f"accepted, and buried: {row[:600]}"
        for row in buried
        if "UnreadableAlert" not in row and GRAVE not in row
    ]


def resident_kilobytes() -> int:
    """Return how much memory this process holds."""
    gc.collect()
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") // 1024
