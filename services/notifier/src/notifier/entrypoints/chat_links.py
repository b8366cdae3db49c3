"""HTTP: who is who in chats."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from notifier.domain.linking import ChatLink
from notifier.handlers.linking import LinkingHandlers
from notifier.ports import NotifierUnitOfWork
from tocsin.auth import Principal
from tocsin.clock import Clock
from tocsin.errors import Refused
from tocsin.unit_of_work import Store
from tocsin.web import Page, Problem, Reader, Writer, after_cursor, cursor_of


class Confirmation(BaseModel):
    """A code that a chat showed, and who confirms it; a token of theirs may leave that out."""

    code: str = Field(min_length=1, max_length=100)
    user: str | None = Field(default=None, min_length=1, max_length=100)


class ChatLinkItem(BaseModel):
    """Who somebody in a chat is."""

    channel: str
    subject: str
    user: str
    linked_at: datetime

    @classmethod
    def of(cls, link: ChatLink) -> "ChatLinkItem":
        """Return the item of a link."""
        return cls(
            channel=link.channel,
            subject=link.subject,
            user=link.person,
            linked_at=link.linked_at,
        )


def router(store: Store[NotifierUnitOfWork], clock: Clock, linking: LinkingHandlers) -> APIRouter:
    """Return the routes about links."""
    routes = APIRouter(tags=["notifier"])

    @routes.post("/v1/chat-links")
    async def confirm(who: Writer, body: Confirmation) -> ChatLinkItem:
        """Confirm a code: whoever was shown it is this person from now on."""
        person = person_of(who, body.user)
        try:
            async with store.begin() as uow:
                return ChatLinkItem.of(await linking.confirm(uow, body.code, person, clock.now()))
        except Refused as refusal:
            raise Problem(409, "refused", str(refusal)) from refusal

    @routes.get("/v1/chat-links")
    async def listed(
        _who: Reader,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        cursor: str | None = None,
    ) -> Page[ChatLinkItem]:
        """Return the links that people have made; those of the catalog are in the catalog."""
        mark = after_cursor(cursor)
        channel, _, subject = (mark or "").partition(" ")
        async with store.read() as uow:
            after = (channel, subject) if mark else None
            found = await uow.chat_links.listed(after, limit + 1)
        last = found[limit - 1] if len(found) > limit else None
        more = cursor_of(f"{last.channel} {last.subject}") if last else None
        return Page(items=[ChatLinkItem.of(one) for one in found[:limit]], next=more)

    @routes.delete("/v1/chat-links/{channel}/{subject}", status_code=204)
    async def remove(_who: Writer, channel: str, subject: str) -> Response:
        """Remove a link: buttons in old messages do not work for this person any more."""
        async with store.begin() as uow:
            was_there = await uow.chat_links.remove(channel, subject)
        if not was_there:
            raise Problem(404, "no-such-link", "There is no such link.")
        return Response(status_code=204)

    return routes


def person_of(who: Principal, named: str | None) -> str:
    """Return who confirms: the token's own person; only an admin's may name another."""
    if named is None or named == who.name:
        return who.name
    if "admin" not in who.scopes:
        raise Problem(
            403,
            "forbidden",
            f"user: the token {who.name!r} is not that of {named!r}, and has no scope 'admin'.",
            field="user",
        )
    return named
