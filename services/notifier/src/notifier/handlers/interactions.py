"""What people do in a channel: a button pressed or words written become a command, or an answer."""

from collections.abc import Sequence
from datetime import datetime

from notifier.domain import asking, linking, on_call, reply
from notifier.domain.acknowledging import command_of, stale
from notifier.domain.post import Post
from notifier.handlers.answering import asked_since, withdraw_the_rest
from notifier.handlers.work import SOURCE
from notifier.ports import Dispatcher, NotifierUnitOfWork
from tocsin import ids
from tocsin.catalog import User
from tocsin.catalog.suggestions import as_sentence, no_such
from tocsin.channels import Action, Interaction, Reaction
from tocsin.events import Actor, Command, Envelope, OpenIncident
from tocsin.holder import CatalogHolder

UNKNOWN_INCIDENT = Reaction("unknown-incident", "There is no such incident.")
NOT_UNDERSTOOD = Reaction(
    "not-understood", f"That was not understood, and nothing was done. Write:\n{asking.HELP}"
)
SEVERAL = Reaction(
    "not-understood", "This message is about several incidents: write note, the number and a text."
)
ASK_NOTE = Reaction("ask-note", "What should the timeline say?")
IGNORED = Reaction("ignored", "")


class InteractionHandlers:
    """The conversation with people in chats.

    The signature has proved the platform, not the person: who pressed is looked up in the catalog
    at the moment of the press, so that somebody who has left can press nothing any more.
    """

    def __init__(self, catalog: CatalogHolder, dispatcher: Dispatcher, secret: str = "") -> None:
        """Know people by `catalog`, and by links that they make with codes of `secret`.

        Stop what `dispatcher` has not begun, for those who have answered.
        """
        self._catalog = catalog
        self._dispatcher = dispatcher
        self._secret = secret

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
        post = await self._replied_to(uow, channel, interaction)
        if post is None and interaction.message is not None and interaction.action is None:
            return IGNORED  # People talk under messages that are none of ours.
        responder = await self._responder(uow, channel, interaction.subject)
        if responder is None:
            return await self._unknown(uow, channel, interaction, now)
        asked = (
            await self._asked(uow, channel, interaction, responder, now)
            if post is None
            else _reply_in(post, interaction.text)
        )
        if isinstance(asked, Reaction):
            return asked
        action, incident_id, text = asked
        return await self._do(
            uow, channel, interaction, (action, incident_id, text, responder), now
        )

    async def _do(
        self,
        uow: NotifierUnitOfWork,
        channel: str,
        interaction: Interaction,
        asked: tuple[Action, str, str, str],
        now: datetime,
    ) -> Reaction:
        action, incident_id, text, responder = asked
        incident = (await uow.incidents.of([incident_id])).get(incident_id)
        answers = action == "acknowledge"
        since = await asked_since(uow, incident, responder) if answers else []
        if not since and (late := stale(action, incident)):
            return Reaction("already", late)
        try:
            command = command_of(action, incident_id, responder, channel, text, now)
        except ValueError as error:
            return Reaction("not-understood", f"Nothing was done: {error}.")
        if command is None:
            return ASK_NOTE
        answer = await _publish(uow, channel, interaction, command, now)
        await withdraw_the_rest(uow, self._dispatcher, since, answer, now)
        number = f" #{incident.number}" if incident and incident.number else ""
        return Reaction("done", f"You asked to {action}{number}.")

    async def _replied_to(
        self, uow: NotifierUnitOfWork, channel: str, interaction: Interaction
    ) -> Post | None:
        if interaction.message is None or interaction.action is not None:
            return None
        return await uow.posts.by_reference(channel, str(interaction.message))

    async def _asked(
        self,
        uow: NotifierUnitOfWork,
        channel: str,
        interaction: Interaction,
        responder: str,
        now: datetime,
    ) -> tuple[Action, str, str] | Reaction:
        if interaction.action is not None:
            incident_id = await self._of_token(uow, channel, interaction, now)
            if incident_id is None:
                return UNKNOWN_INCIDENT
            return interaction.action, incident_id, interaction.text
        return await self._in_words(uow, channel, interaction, responder, now)

    async def _of_token(
        self, uow: NotifierUnitOfWork, channel: str, interaction: Interaction, now: datetime
    ) -> str | None:
        """Return the incident of a button: of a page while its link works, or of a message."""
        hashed = reply.token_hash(interaction.token)
        page = await uow.pages.by_token(hashed)
        if page is not None:
            return page.request.incident_id if page.link_works(now) else None
        post = await uow.posts.by_token(hashed)
        if post is None or post.channel != channel or post.is_shared:
            return None
        # A button works where it stands: its token in another message is a forgery.
        elsewhere = interaction.message is not None and str(interaction.message) != post.reference
        return None if elsewhere and post.reference else post.incidents[0]

    async def _in_words(
        self,
        uow: NotifierUnitOfWork,
        channel: str,
        interaction: Interaction,
        responder: str,
        now: datetime,
    ) -> tuple[Action, str, str] | Reaction:
        match asking.parse(interaction.text):
            case asking.Do(action=action, number=None):
                page = await uow.pages.latest_of(responder)
                return (action, page.request.incident_id, "") if page else UNKNOWN_INCIDENT
            case asking.Do(action=action, number=number, text=text):
                assert number is not None
                incident = await uow.incidents.by_number(number)
                return (action, incident.incident_id, text) if incident else UNKNOWN_INCIDENT
            case asking.ListIncidents():
                found = await uow.incidents.open(asking.MOST_LISTED + 1)
                return Reaction("told", asking.listed(found))
            case asking.WhoIsOnCall():
                return Reaction("told", on_call.listed(await uow.on_call.listed(), now))
            case asking.Open(service=service, title=title):
                return await self._open(uow, channel, interaction, (service, title, responder), now)
            case asking.Help():
                return Reaction("told", asking.HELP)
            case _:
                return NOT_UNDERSTOOD

    async def _open(
        self,
        uow: NotifierUnitOfWork,
        channel: str,
        interaction: Interaction,
        asked: tuple[str, str, str],
        now: datetime,
    ) -> Reaction:
        service, title, responder = asked
        known = self._catalog.current.specs
        if ("Service", service) not in known:
            return Reaction("not-understood", as_sentence(no_such("Service", service, known)))
        opening = OpenIncident(
            incident_id=ids.derived("opened", channel, interaction.external_id),
            by=Actor(kind="user", name=responder),
            via=channel,
            title=title,
            service=service,
        )
        await _publish(uow, channel, interaction, opening, now)
        return Reaction("done", f"An incident of {service} is opened, and its people are paged.")

    async def _unknown(
        self, uow: NotifierUnitOfWork, channel: str, interaction: Interaction, now: datetime
    ) -> Reaction:
        """Tell somebody whom we do not know how to link, by a code that only they see."""
        shown = linking.code(self._secret, channel, interaction.subject, interaction.external_id)
        await uow.chat_links.offer(linking.offer(shown, channel, interaction.subject, now))
        return Reaction("unknown-person", linking.invitation(shown))

    async def _responder(self, uow: NotifierUnitOfWork, channel: str, subject: str) -> str | None:
        specs = self._catalog.current.specs
        for (kind, name), spec in specs.items():
            if kind == "User" and isinstance(spec, User) and spec.chat.get(channel) == subject:
                return name
        linked = await uow.chat_links.person(channel, subject)
        return linked if linked and ("User", linked) in specs else None


def _reply_in(post: Post, text: str) -> tuple[Action, str, str] | Reaction:
    """Return what a reply under a message asks for: an answer, or else it is a note."""
    if post.is_shared:
        return SEVERAL
    words = reply.parse(text)
    if words is not None and words.number is None:
        return words.action, post.incidents[0], ""
    return ("note", post.incidents[0], text) if text.strip() else IGNORED


async def _publish(
    uow: NotifierUnitOfWork,
    channel: str,
    interaction: Interaction,
    command: Command,
    now: datetime,
) -> Envelope[Command]:
    identity = ids.derived("interaction", channel, interaction.external_id)
    envelope = Envelope(data=command, time=now, source=SOURCE, event_id=identity)
    await uow.publish([envelope])
    return envelope
