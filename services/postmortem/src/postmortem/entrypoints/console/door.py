"""Who may come in: a session's cookie, or an API token as a Bearer; and what a form must prove."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from postmortem.ports import PostmortemUnitOfWork
from postmortem.ports.console import Session
from tocsin.auth import CATALOG, named_sets
from tocsin.clock import Clock
from tocsin.events import Actor
from tocsin.settings import ApiToken
from tocsin.unit_of_work import Store
from tocsin.web import Problem

LASTS = timedelta(hours=12)
MOST_FIELDS = 50
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who was let in. `csrf` is what their forms carry; empty for who has no session."""

    token: str
    scopes: frozenset[str]
    person: str = ""
    csrf: str = ""

    @property
    def name(self) -> str:
        """Who this is to others."""
        return self.person or self.token

    @property
    def may_write(self) -> bool:
        """Whether forms are open to them."""
        return "write" in self.scopes and bool(self.csrf)

    @property
    def sets(self) -> tuple[str, ...] | None:
        """The sets whose schedules they may override; None: every one.

        `write` opens every form here, so sets that a token names beside it narrow it down.
        """
        named = named_sets(self.scopes)
        return tuple(sorted(named)) if named and CATALOG not in self.scopes else None

    @property
    def actor(self) -> Actor:
        """Who acts: the person, else the token."""
        if self.person:
            return Actor(kind="user", name=self.person)
        return Actor(kind="token", name=self.token)


@dataclass(frozen=True)
class Door:
    """Lets people in and out.

    A session is kept in the database by the hash of its cookie, with the hash of its API token: a
    token that is taken out of the settings closes its sessions. Log-in by an identity provider
    will make the same sessions.
    """

    store: Store[PostmortemUnitOfWork]
    clock: Clock
    tokens: tuple[ApiToken, ...]
    secret: str
    is_secure: bool

    @property
    def cookie(self) -> str:
        """The name of the cookie; the prefix binds it to this host, and needs https."""
        return "__Host-tocsin" if self.is_secure else "tocsin"

    async def reader(self, request: Request) -> Visitor:
        """Let somebody in who may read: 401 unknown, 403 not allowed."""
        visitor = await self.visitor(request)
        if visitor is None:
            headers = {"WWW-Authenticate": 'Bearer realm="tocsin"'}
            raise Problem(401, "unauthorized", "Log in, or send an API token.", headers)
        _require("read", visitor)
        return visitor

    async def form(self, request: Request) -> tuple[Visitor, Mapping[str, str]]:
        """Let a form in that its visitor was given, and return its fields."""
        given = await fields(request)
        visitor = await self._of_session(request)
        if visitor is None:
            raise Problem(401, "unauthorized", "Log in first.")
        if not hmac.compare_digest(visitor.csrf.encode(), given.get("csrf", "").encode()):
            raise Problem(403, "forged", "This form is not from here, or too old: load it again.")
        return visitor, given

    async def writer(self, request: Request) -> tuple[Visitor, Mapping[str, str]]:
        """Let a form in whose visitor may write."""
        visitor, given = await self.form(request)
        _require("write", visitor)
        return visitor, given

    async def visitor(self, request: Request) -> Visitor | None:
        """Return who asks; None for strangers."""
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return self._of_token(given.strip())
        if kind.lower() == "basic":
            return self._of_token(_password(given))
        return await self._of_session(request)

    def knows(self, token: str) -> bool:
        """Whether this is one of our tokens."""
        return bool(token) and self._known(_hash(token)) is not None

    async def enter(self, token: str, person: str, response: Response) -> None:
        """Begin a session for who has shown this token, which is known."""
        key = secrets.token_urlsafe(32)
        now = self.clock.now()
        session = Session(_hash(key), _hash(token), person, now + LASTS)
        async with self.store.begin() as uow:
            await uow.sessions.forget_expired(now)
            await uow.sessions.add(session)
        response.set_cookie(
            self.cookie,
            key,
            max_age=int(LASTS.total_seconds()),
            path="/",
            secure=self.is_secure,
            httponly=True,
            samesite="lax",  # Strict would show the login to whoever follows a link in a page.
        )

    async def leave(self, request: Request, response: Response) -> None:
        """End the session."""
        if key := request.cookies.get(self.cookie):
            async with self.store.begin() as uow:
                await uow.sessions.remove(_hash(key))
        response.delete_cookie(
            self.cookie, path="/", secure=self.is_secure, httponly=True, samesite="lax"
        )

    async def _of_session(self, request: Request) -> Visitor | None:
        key = request.cookies.get(self.cookie)
        if not key:
            return None
        async with self.store.read() as uow:
            session = await uow.sessions.get(_hash(key))
        token = self._known(session.token_hash) if session else None
        if session is None or token is None or session.expires_at <= self.clock.now():
            return None
        csrf = hmac.new(self.secret.encode(), b"csrf\x1f" + key.encode(), "sha256").hexdigest()
        return Visitor(token.name, token.scopes, session.person, csrf)

    def _of_token(self, token: str) -> Visitor | None:
        found = self._known(_hash(token)) if token else None
        return Visitor(found.name, found.scopes) if found else None

    def _known(self, digest: str) -> ApiToken | None:
        found = None
        for one in self.tokens:  # Every token is compared, so that time tells nothing.
            if hmac.compare_digest(one.sha256, digest):
                found = one
        return found


async def fields(request: Request) -> Mapping[str, str]:
    """Return the fields of a posted form that no other site has sent."""
    _refuse_other_sites(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        raise Problem(415, "not-a-form", f"Content-Type: must be {FORM}")
    try:
        text = (await request.body()).decode()
        found = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise Problem(
            400, "broken-form", "The form is not UTF-8, or has too many fields."
        ) from error
    return {name: value.replace("\x00", "\ufffd") for name, value in found}


def _refuse_other_sites(request: Request) -> None:
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin", "")
    is_ours = origin in {"", f"{request.url.scheme}://{request.url.netloc}"} or origin.endswith(
        f"://{request.headers.get('host', '')}"
    )
    if site not in {"same-origin", "none"} or not is_ours:
        raise Problem(403, "other-site", "This form was sent from another site.")


def _require(scope: str, visitor: Visitor) -> None:
    if scope not in visitor.scopes:
        detail = f"The token {visitor.token!r} has no scope {scope!r}."
        raise Problem(403, "forbidden", detail)


def _password(given: str) -> str:
    try:
        return base64.b64decode(given, validate=True).partition(b":")[2].decode()
    except ValueError:
        return ""


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
