"""The link in a page: looking shows, pressing acknowledges."""

from dataclasses import replace
from datetime import datetime

from notifier.domain import reply
from notifier.domain.acknowledging import Link, link_of, pressed
from notifier.domain.page import Page, with_link_used
from notifier.handlers.answering import asked_since, withdraw_the_rest
from notifier.handlers.work import SOURCE
from notifier.ports import Dispatcher, NotifierUnitOfWork


class LinkHandlers:
    """The conversation with whoever holds a link."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        """Stop what `dispatcher` has not begun, for those who have answered."""
        self._dispatcher = dispatcher

    async def look(self, uow: NotifierUnitOfWork, token: str, now: datetime) -> Link | None:
        """Return what the link shows; None when it is nobody's, or too old."""
        page = await self._page(uow, token, now)
        if page is None:
            return None
        incidents = await uow.incidents.of([page.request.incident_id], lock=False)
        return link_of(page, incidents.get(page.request.incident_id))

    async def press(self, uow: NotifierUnitOfWork, token: str, now: datetime) -> Link | None:
        """Acknowledge for the person whose link it is; answered already, it only shows by whom.

        Who was asked after the answer answers for themselves: what is left of their pages goes.
        """
        page = await self._page(uow, token, now)
        if page is None:
            return None
        incidents = await uow.incidents.of([page.request.incident_id])
        incident = incidents.get(page.request.incident_id)
        link = link_of(page, incident)
        if link.status != "triggered" and not link.is_asked:
            return link
        answer = pressed(page, incident, now, SOURCE)
        await uow.publish([answer])
        asked = await asked_since(uow, incident, page.request.responder)
        await withdraw_the_rest(uow, self._dispatcher, asked, answer, now)
        await uow.pages.save(with_link_used(page, now))
        return replace(link, heard=True)

    async def _page(self, uow: NotifierUnitOfWork, token: str, now: datetime) -> Page | None:
        if not reply.is_token(token):
            return None
        page = await uow.pages.by_token(reply.token_hash(token))
        return page if page is not None and page.link_works(now) else None
