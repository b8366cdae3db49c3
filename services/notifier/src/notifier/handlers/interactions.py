"""What people do in a channel: a button pressed or a reply written becomes a command."""

from collections.abc import Sequence
from datetime import datetime

from notifier.domain import reply
from notifier.domain.acknowledging import command_of
from notifier.handlers.work import SOURCE
from notifier.ports import NotifierUnitOfWork
from tocsin import ids
from tocsin.catalog import User
from tocsin.channels import Action, Interaction, Reaction
from tocsin.events import Envelope
from tocsin.holder import CatalogHolder

UNKNOWN_PERSON = Reaction(
    "unknown-person", "Tocsin does not know you here. Add this chat identity to your User."
)
UNKNOWN_INCIDENT = Reaction("unknown-incident", "There is no such incident.")
NOT_UNDERSTOOD = Reaction("not-understood", "Write: ack, resolve or escalate, and a number.")


class InteractionHandlers:
    """The conversation with people in chats.

    The signature has proved the platform, not the person: who pressed is looked up in the catalog
    at the moment of the press, so that somebody who has left can press nothing any more.
    """

    def __init__(self, catalog: CatalogHolder) -> None:
        """Know people by `catalog`."""
        self._catalog = catalog

    async def on_interactions(
        self,
        uow: NotifierUnitOfWork,
        channel: str,
        interactions: Sequence[Interaction],
        now: datetime,
    ) -> list[Reaction]:
        """Turn each into a command, once, and return what to tell the person."""
        identities = [one.external_id for one in interactions]
        fresh = await uow.interactions.unseen(channel, identities, now)
        reactions = []
        for interaction in interactions:
            if interaction.external_id in fresh:
                reactions.append(await self._react(uow, channel, interaction, now))
            else:
                reactions.append(Reaction("already", "Already done."))
        return reactions

    async def _react(
        self, uow: NotifierUnitOfWork, channel: str, interaction: Interaction, now: datetime
    ) -> Reaction:
        responder = self._responder(channel, interaction.subject)
        if responder is None:
            return UNKNOWN_PERSON
        asked = await self._asked(uow, interaction, responder, now)
        if isinstance(asked, Reaction):
            return asked
        action, incident_id = asked
        command = command_of(action, incident_id, responder, channel)
        if command is None:
            return NOT_UNDERSTOOD
        incident = (await uow.incidents.of([incident_id])).get(incident_id)
        if action == "acknowledge" and incident is not None and incident.status != "triggered":
            return Reaction("already", f"Already {incident.answer}.")
        identity = ids.derived("interaction", channel, interaction.external_id)
        await uow.publish([Envelope(data=command, time=now, source=SOURCE, event_id=identity)])
        return Reaction("done", f"You asked to {action}.")

    async def _asked(
        self, uow: NotifierUnitOfWork, interaction: Interaction, responder: str, now: datetime
    ) -> tuple[Action, str] | Reaction:
        if interaction.action is not None:
            page = await uow.pages.by_token(reply.token_hash(interaction.token))
            if page is None or not page.link_works(now):
                return UNKNOWN_INCIDENT
            return interaction.action, page.request.incident_id
        words = reply.parse(interaction.text)
        if words is None:
            return NOT_UNDERSTOOD
        if words.number is not None:
            incident = await uow.incidents.by_number(words.number)
            return (words.action, incident.incident_id) if incident else UNKNOWN_INCIDENT
        page = await uow.pages.latest_of(responder)
        return (words.action, page.request.incident_id) if page else UNKNOWN_INCIDENT

    def _responder(self, channel: str, subject: str) -> str | None:
        for (kind, name), spec in self._catalog.current.specs.items():
            if kind == "User" and isinstance(spec, User) and spec.chat.get(channel) == subject:
                return name
        return None
