"""HTTP: which contact methods are proven to reach their people, and how one is."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request

from notifier.domain.verifying import Answer, Confirmed, Contact, Over, TooSoon, Wrong
from notifier.entrypoints.chat_links import person_of
from notifier.handlers.contacts import ContactHandlers, ToSend
from notifier.ports import Courier, NotifierUnitOfWork
from tocsin import ids
from tocsin.channels import Accepted, Delivered, SendResult, Unknown
from tocsin.clock import Clock
from tocsin.errors import Refused
from tocsin.unit_of_work import Store
from tocsin.web import Page, Problem, Reader, Writer, after_cursor, cursor_of, idempotency_key

Outcome = Literal["sent", "uncertain", "failed", "repeated"]


class Asking(BaseModel):
    """Which contact method; a token of the person themselves may leave the user out."""

    method: str = Field(min_length=1, max_length=100)
    user: str | None = Field(default=None, min_length=1, max_length=100)


class Code(Asking):
    """The code that came by it."""

    code: str = Field(min_length=1, max_length=100)


class ContactItem(BaseModel):
    """A contact method. The address is not told: it may be a secret.

    `verified_at` of one that is `changed` is when its address of then was proven.
    """

    user: str
    method: str
    channel: str
    status: Literal["verified", "unverified", "changed"]
    verified_at: datetime | None

    @classmethod
    def of(cls, one: Contact) -> "ContactItem":
        """Return the item of a contact method."""
        return cls(
            user=one.person,
            method=one.contact.name,
            channel=one.contact.channel,
            status=one.standing,
            verified_at=one.verified_at,
        )


class Sending(BaseModel):
    """What became of a code. The code itself is told to nobody but whoever it reaches."""

    user: str
    method: str
    outcome: Outcome
    reason: str = ""
    expires_at: datetime


class VerifiedItem(BaseModel):
    """A contact method that reaches its person."""

    user: str
    method: str
    verified_at: datetime


def router(
    store: Store[NotifierUnitOfWork], clock: Clock, contacts: ContactHandlers, courier: Courier
) -> APIRouter:
    """Return the routes about contact methods."""
    routes = APIRouter(tags=["notifier"])

    @routes.get("/v1/contacts")
    async def listed(
        _who: Reader,
        user: str | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        cursor: str | None = None,
    ) -> Page[ContactItem]:
        """Return every contact method of the catalog, and whether it is verified."""
        mark = after_cursor(cursor) or ""
        try:
            async with store.read() as uow:
                found = await contacts.listed(uow, user)
        except Refused as refusal:
            raise Problem(404, "no-such-user", str(refusal), field="user") from refusal
        return _page([one for one in found if _mark(one) > mark], limit)

    @routes.post("/v1/contacts/verify")
    async def verify(who: Writer, request: Request, body: Asking) -> Sending:
        """Send a code by a contact method; it works for ten minutes."""
        person = person_of(who, body.user)
        key = idempotency_key(request) or ids.new()
        identity = ids.derived("contact-code", who.name, person, body.method, key)
        now = clock.now()
        async with store.begin() as uow:
            found = await contacts.ask(
                uow, person, body.method, by=who.name, challenge_id=identity, now=now
            )
        if isinstance(found, TooSoon):
            raise _too_soon(found.until, now)
        outcome: Outcome = "repeated"
        reason = ""
        if isinstance(found, ToSend):
            sent = await courier.send(found.challenge_id, found.contact, found.doc, now)
            outcome, reason = _outcome(sent)
        return Sending(
            user=person,
            method=body.method,
            outcome=outcome,
            reason=reason,
            expires_at=found.expires_at,
        )

    @routes.post("/v1/contacts/confirm")
    async def confirm(who: Writer, body: Code) -> VerifiedItem:
        """Confirm a code: its contact method reaches this person."""
        person = person_of(who, body.user)
        async with store.begin() as uow:
            answer = await contacts.confirm(uow, person, body.method, body.code, clock.now())
        return _verified(answer)  # Not before the commit: a wrong code is counted.

    return routes


def _page(found: list[Contact], limit: int) -> Page[ContactItem]:
    more = cursor_of(_mark(found[limit - 1])) if len(found) > limit else None
    return Page(items=[ContactItem.of(one) for one in found[:limit]], next=more)


def _mark(one: Contact) -> str:
    """Return where a list goes on. No name has a space in it, nor what sorts before one."""
    return f"{one.person} {one.contact.name}"


def _verified(answer: Answer) -> VerifiedItem:
    match answer:
        case Confirmed(proof=proof):
            return VerifiedItem(
                user=proof.person, method=proof.method, verified_at=proof.verified_at
            )
        case Wrong(left=left):
            then = f"{left} tries are left" if left else "it works no more, ask for another"
            raise Problem(409, "wrong-code", f"code: is not the one that was sent; {then}.")
        case Over():
            raise Problem(
                409,
                "no-code",
                "code: none works for this contact method now: it is older than ten minutes, was"
                " wrong too often, or the address has changed. Ask for another.",
            )


def _outcome(result: SendResult) -> tuple[Outcome, str]:
    match result:
        case Accepted() | Delivered():
            return "sent", ""
        case Unknown(reason=reason):
            return "uncertain", reason
        case _:
            return "failed", result.reason


def _too_soon(until: datetime, now: datetime) -> Problem:
    seconds = max(1, round((until - now).total_seconds()))
    return Problem(
        429,
        "too-many-codes",
        f"This address has had enough codes for now; ask again in {seconds} s.",
        {"Retry-After": str(seconds)},
    )
