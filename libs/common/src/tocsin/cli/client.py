"""Calls a service and turns every way it can fail into one readable sentence."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx

from tocsin import ids
from tocsin.cli.access import Access
from tocsin.cli.failure import CliError

Json = Any  # What a service answers.
Params = Mapping[str, object]  # None: not sent.
TIMEOUT = 15.0
TRIES = 3
LONGEST_WAIT = 5.0
AGAIN = frozenset({502, 503, 504})
PAGE = 500
NDJSON = "application/x-ndjson"


class Client:
    """The four services over HTTP, with the token."""

    def __init__(
        self,
        access: Access,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Reach the services that `access` names; proxies of the environment are not used."""
        self.access = access
        self._sleep = sleep
        self._http = httpx.Client(transport=transport, timeout=TIMEOUT, trust_env=False)

    def get(self, service: str, path: str, params: Params | None = None) -> Json:
        """Return the JSON at a path."""
        return self.send(service, "GET", path, params=params).json()

    def post(self, service: str, path: str, body: Json = None) -> Json:
        """Post with an idempotency key, so that trying again never does it twice."""
        answer = self.send(service, "POST", path, body, {"Idempotency-Key": ids.new()})
        return answer.json() if answer.content else {}

    def lines(
        self, service: str, path: str, body: Json, headers: Mapping[str, str] | None = None
    ) -> Iterator[Json]:
        """Post, and return each line of the answer as it comes; a plain answer is one."""
        wanted = {"Accept": f"{NDJSON}, application/json", **(headers or {})}
        request = self._request(service, "POST", path, body, wanted)
        answer = self._answered(request, stream=True)
        try:
            if not answer.is_success:
                answer.read()
                raise _refusal(answer, self.access)
            if not answer.headers.get("content-type", "").startswith(NDJSON):
                answer.read()
                yield answer.json()
                return
            for line in answer.iter_lines():
                yield json.loads(line)
        except (httpx.TransportError, ValueError) as error:
            raise CliError(f"{request.url} did not answer to the end: {error!r}") from error
        finally:
            answer.close()

    def items(self, service: str, path: str, params: Params | None = None) -> Iterator[Json]:
        """Return all items of a list, page by page."""
        cursor: object = None
        while True:
            page = self.get(service, path, {**(params or {}), "limit": PAGE, "cursor": cursor})
            yield from page["items"]
            cursor = page.get("next")
            if cursor is None:
                return

    def send(
        self,
        service: str,
        method: str,
        path: str,
        body: Json = None,
        headers: Mapping[str, str] | None = None,
        params: Params | None = None,
    ) -> httpx.Response:
        """Send a request, again while the service is away; CliError unless it answers 2xx."""
        answer = self._answered(self._request(service, method, path, body, headers, params))
        if answer.is_success:
            return answer
        raise _refusal(answer, self.access)

    def _request(
        self,
        service: str,
        method: str,
        path: str,
        body: Json = None,
        headers: Mapping[str, str] | None = None,
        params: Params | None = None,
    ) -> httpx.Request:
        return self._http.build_request(
            method,
            self.access.urls[service] + path,
            json=body,
            params={
                name: str(value) for name, value in (params or {}).items() if value is not None
            },
            headers={"Authorization": f"Bearer {self.access.token}", **(headers or {})},
        )

    def ready(self, service: str) -> Json:
        """Return what a service says of its readiness, ready or not; None while it is away."""
        try:
            answer = self._http.get(f"{self.access.urls[service]}/readyz")
            found = answer.json()
        except (httpx.TransportError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _answered(self, request: httpx.Request, *, stream: bool = False) -> httpx.Response:
        for _ in range(TRIES - 1):
            answer = self._tried(request, last=False, stream=stream)
            if answer is not None and answer.status_code not in AGAIN:
                return answer
            if answer is not None:
                answer.close()
            self._sleep(_wait(answer))
        last = self._tried(request, last=True, stream=stream)
        assert last is not None  # The last try raises instead.
        return last

    def _tried(self, request: httpx.Request, *, last: bool, stream: bool) -> httpx.Response | None:
        place = f"{request.url.scheme}://{request.url.netloc.decode()}"
        try:
            return self._http.send(request, stream=stream)
        except httpx.ConnectError as error:
            raise CliError(
                f"Tocsin is not answering at {place}; is it running? `make up`"
            ) from error
        except httpx.TransportError as error:
            if last:
                raise CliError(f"{place} did not answer: {error!r}") from error
            return None


def _wait(answer: httpx.Response | None) -> float:
    asked = answer.headers.get("retry-after", "") if answer is not None else ""
    return min(float(asked), LONGEST_WAIT) if asked.isdigit() else 1.0


def _refusal(answer: httpx.Response, access: Access) -> CliError:
    try:
        problem = answer.json()
    except ValueError:
        problem = None
    more: dict[str, Json] = {"status": answer.status_code}
    if not isinstance(problem, dict):
        return CliError(f"{answer.url} answered {answer.status_code}", more=more)
    more["problem"] = problem
    sentence = str(problem.get("detail") or problem.get("title") or problem)
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        sentence = f"{sentence} {_about_token(access)}"
    return CliError(sentence, more=more)


def _about_token(access: Access) -> str:
    if access.token:
        return "The token that was sent is not one this service knows."
    return f"No token was sent: TOCSIN_TOKEN is not set and {access.token_file} is not readable."
