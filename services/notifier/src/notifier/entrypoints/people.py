"""Plain routes for people and providers: the link in a page, and callbacks of channels."""

import asyncio
from collections.abc import Mapping, Sequence

import structlog
from starlette.background import BackgroundTasks
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from notifier.handlers.interactions import InteractionHandlers
from notifier.handlers.sending import SendingHandlers
from notifier.ports import NotifierUnitOfWork
from tocsin.channels import (
    Cap,
    Channel,
    Handshake,
    Heard,
    HearsCallbacks,
    HttpReply,
    Interaction,
    RawRequest,
    Reaction,
    Receipt,
    Rejected,
)
from tocsin.clock import Clock
from tocsin.unit_of_work import Store
from tocsin.web import Problem

log = structlog.get_logger(__name__)
MAX_CALLBACK = 1024 * 1024
ANSWER_WITHIN = 2.5  # Seconds; Slack and Discord give three.
_REFUSALS = {
    400: ("malformed", "The body is not what this provider says."),
    401: ("unauthorized", "The signature does not fit."),
    403: ("forbidden", "This is of another workspace or app."),
}


class Hearing:
    """What channels hear: verified, kept from repeating, and turned into commands."""

    def __init__(
        self,
        store: Store[NotifierUnitOfWork],
        clock: Clock,
        interactions: InteractionHandlers,
        sending: SendingHandlers,
    ) -> None:
        """Hand interactions and receipts to these, each batch in one transaction."""
        self._store = store
        self._clock = clock
        self._interactions = interactions
        self._sending = sending

    async def heard(
        self, channel: str, heard: Sequence[Heard]
    ) -> list[tuple[Interaction, Reaction]]:
        """Take up what a channel heard; return what to tell those who acted."""
        acts = [one for one in heard if isinstance(one, Interaction)]
        receipts = [one for one in heard if isinstance(one, Receipt)]
        now = self._clock.now()
        reactions: list[Reaction] = []
        if acts or receipts:
            async with self._store.begin() as uow:
                if receipts:
                    await self._sending.on_receipts(uow, channel, receipts, now)
                reactions = await self._interactions.on_interactions(uow, channel, acts, now)
        return list(zip(acts, reactions, strict=True))

    async def _in_time(
        self, channel: str, heard: Sequence[Heard]
    ) -> list[tuple[Interaction, Reaction]]:
        """Take it up before the provider gives up on us; otherwise say so, and nothing was done."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return await self.heard(channel, heard)
        except TimeoutError as error:
            raise Problem(503, "unavailable", "Nothing was done: try again.") from error

    def routes(self, channels: Mapping[str, Channel]) -> list[Route]:
        """Return `/i/<channel>/…` for every channel that hears callbacks."""
        return [
            self._route(name, channel)
            for name, channel in channels.items()
            if Cap.CALLBACKS in channel.info.caps and isinstance(channel, HearsCallbacks)
        ]

    def _route(self, name: str, channel: HearsCallbacks) -> Route:
        async def callback(request: Request) -> Response:
            raw = await _raw(request)
            verified = channel.verify(raw, self._clock.now())
            heard = verified if isinstance(verified, Rejected) else channel.parse(verified)
            if isinstance(heard, Rejected):
                log.warning("callback_rejected", channel=name, reason=heard.reason)
                raise Problem(heard.status, *_REFUSALS[heard.status])
            for one in heard:
                if isinstance(one, Handshake):
                    return _response(one.reply)
            told = await self._in_time(name, heard)
            tasks = BackgroundTasks()
            for interaction, reaction in told:
                tasks.add_task(_respond, name, channel, interaction, reaction)
            return _response(channel.acknowledge(heard), tasks)

        return Route(f"/i/{name}/{{path:path}}", callback, methods=["GET", "POST"])


async def _respond(
    name: str, channel: HearsCallbacks, interaction: Interaction, reaction: Reaction
) -> None:
    try:
        await channel.respond(interaction, reaction)
    except Exception:  # The command stands; only the courtesy failed.
        log.exception("respond_failed", channel=name)


async def _raw(request: Request) -> RawRequest:
    body = await request.body()
    if len(body) > MAX_CALLBACK:
        raise Problem(413, "too-large", f"The body is larger than {MAX_CALLBACK} bytes.")
    return RawRequest(
        method=request.method,
        path=request.path_params["path"],
        query=dict(request.query_params),
        headers=dict(request.headers),
        body=body,
    )


def _response(reply: HttpReply, tasks: BackgroundTasks | None = None) -> Response:
    return Response(reply.body, reply.status, media_type=reply.content_type, background=tasks)
