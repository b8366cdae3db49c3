"""The strict fake over HTTP, and without it: the same answers for both."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import orjson
from aiohttp import web

from tests.slack.workspace import APP, BOT, TEAM, SaysNoError, TooManyError, Workspace
from tocsin.channels import HttpAnswer, NoAnswerError, NotSentError

READERS = {"auth.test", "conversations.history", "apps.connections.open"}
MOST_USES = 5


@dataclass
class Slack:
    """Answers calls. `mood` overrides: an error of Slack's, a status, or `vanishes`."""

    workspace: Workspace = field(default_factory=Workspace)
    mood: str = ""
    url: str = "https://slack.test"
    requests: list[str] = field(default_factory=list)
    hooks: dict[str, int] = field(default_factory=dict)
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def api(self) -> str:
        return f"{self.url}/api/"

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """Answer one request."""
        if path.startswith("/hooks/"):
            return self._hook(path, body)
        method = path.removeprefix("/api/")
        self.requests.append(method)
        if self.mood.isdecimal():
            return HttpAnswer(int(self.mood), {"retry-after": "7"}, b"")
        try:
            said = {"ok": True, **self._said(method, headers, body)}
        except SaysNoError as error:
            said = {"ok": False, "error": str(error)}
        except TooManyError as wait:
            said = {"ok": False, "error": "ratelimited"}
            return HttpAnswer(429, {"retry-after": str(wait)}, orjson.dumps(said))
        return HttpAnswer(200, {"content-type": "application/json"}, orjson.dumps(said))

    def _said(self, method: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        _authorised(method, headers)
        if self.mood and self.mood != "vanishes":
            raise SaysNoError(self.mood)
        asked = _arguments(method, headers, body)
        self.workspace.limit(method, str(asked.get("channel")))
        known = {
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "chat.postEphemeral": self._ephemeral,
            "conversations.open": self._open,
            "conversations.history": self._history,
            "views.open": self._view,
            "auth.test": self._who,
            "apps.connections.open": self._link,
        }
        if method not in known:
            raise SaysNoError("unknown_method")
        return known[method](asked)

    def _post(self, asked: dict[str, Any]) -> dict[str, Any]:
        message = self.workspace.post(asked)
        return {"channel": message.channel, "ts": message.ts}

    def _update(self, asked: dict[str, Any]) -> dict[str, Any]:
        message = self.workspace.update(asked)
        return {"channel": message.channel, "ts": message.ts, "text": message.text}

    def _ephemeral(self, asked: dict[str, Any]) -> dict[str, Any]:
        told = (str(asked["channel"]), str(asked["user"]), str(asked["text"]))
        self.workspace.ephemeral.append(told)
        return {"message_ts": "1.0"}

    def _open(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked.get("users") not in self.workspace.people:
            raise SaysNoError("user_not_found")
        return {"channel": {"id": self.workspace.conversation(asked["users"])}}

    def _history(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"messages": self.workspace.history(asked), "has_more": False}

    def _view(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.workspace.open_view(asked)
        return {"view": {}}

    def _who(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"user": "tocsin", "team": "Tests", "team_id": TEAM, "url": self.url}

    def _link(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"url": f"{self.url.replace('http', 'ws', 1)}/link"}

    def _hook(self, path: str, body: bytes) -> HttpAnswer:
        used = self.hooks.get(path)
        if used is None or used >= MOST_USES:
            return HttpAnswer(404, {}, b"expired_url")
        self.hooks[path] = used + 1
        said = orjson.loads(body)
        if said.get("response_type") != "ephemeral" or not said.get("text"):
            return HttpAnswer(400, {}, b"no_text")
        self.told.append((path, said))
        return HttpAnswer(200, {}, b"ok")

    def hook(self, name: str) -> str:
        """Return an address to answer one interaction to."""
        self.hooks.setdefault(f"/hooks/{name}", 0)
        return f"{self.url}/hooks/{name}"


def _authorised(method: str, headers: Mapping[str, str]) -> None:
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind != "Bearer" or not token:
        raise SaysNoError("not_authed")
    if token != (APP if method == "apps.connections.open" else BOT):
        raise SaysNoError("not_allowed_token_type" if token in {APP, BOT} else "invalid_auth")


def _arguments(method: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    kind = headers.get("content-type", "").partition(";")[0].strip()
    if kind == "application/json":
        if method in READERS:
            raise SaysNoError("invalid_arguments")
        try:
            found = orjson.loads(body)
        except ValueError as error:
            raise SaysNoError("invalid_json") from error
        if not isinstance(found, dict):
            raise SaysNoError("json_not_object")
        return found
    if kind == "application/x-www-form-urlencoded":
        form = {name: values[-1] for name, values in parse_qs(body.decode()).items()}
        for name in ("blocks", "metadata", "view"):
            if name in form:
                form[name] = orjson.loads(form[name])
        return form
    raise SaysNoError("invalid_post_type" if kind else "missing_post_type")


@dataclass
class Near:
    """The host's HTTP without a network: as quick as a storm needs. It can fail on purpose."""

    slack: Slack
    fails: str = ""

    async def post(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        within: timedelta,
        most: int = 0,
    ) -> HttpAnswer:
        del within, most
        assert url.startswith(self.slack.url), "a call that leads elsewhere"
        if self.fails == "before":
            raise NotSentError("the test cut the line")
        found = self.slack.answer(url.removeprefix(self.slack.url), headers, body)
        if self.fails == "after":
            raise NoAnswerError("the test cut the line")
        return found


@asynccontextmanager
async def served(slack: Slack) -> AsyncIterator[Slack]:
    """Serve the fake on loopback."""

    async def answer(request: web.Request) -> web.Response:
        body = await request.read()
        if request.method == "GET":  # The official client reads so.
            body = request.query_string.encode()
        headers = {name.lower(): value for name, value in request.headers.items()}
        if request.method == "GET":
            headers["content-type"] = "application/x-www-form-urlencoded"
        found = slack.answer(request.path, headers, body)
        if slack.mood == "vanishes":
            assert request.transport is not None
            request.transport.close()
        return web.Response(status=found.status, headers=dict(found.headers), body=found.body)

    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    slack.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield slack
    finally:
        await runner.cleanup()
