"""Somebody confirms, with their own token, who they are in a chat."""

from datetime import datetime

from notifier.domain import linking
from notifier.domain.linking import ChatLink
from notifier.ports import NotifierUnitOfWork
from tocsin.catalog.suggestions import as_sentence, no_such
from tocsin.errors import Refused
from tocsin.holder import CatalogHolder


class LinkingHandlers:
    """The conversation about who is who in chats."""

    def __init__(self, catalog: CatalogHolder) -> None:
        """Know people by `catalog`."""
        self._catalog = catalog

    async def confirm(
        self, uow: NotifierUnitOfWork, shown: str, person: str, now: datetime
    ) -> ChatLink:
        """Make the link that a code was shown for; Refused where it cannot be made."""
        known = self._catalog.current.specs
        if ("User", person) not in known:
            raise Refused(as_sentence(no_such("User", person, known)))
        offer = await uow.chat_links.take(linking.hashed(shown), now)
        if offer is None:
            raise Refused("This code is wrong, older than ten minutes, or was used already.")
        link = ChatLink(offer.channel, offer.subject, person, now)
        await uow.chat_links.save(link)
        return link
