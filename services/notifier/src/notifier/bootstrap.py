"""The composition root: the only place that knows which adapter fills which port."""

import asyncio
from collections.abc import Mapping, Sequence

from fastapi import FastAPI
from starlette.routing import Route

from notifier.adapters.attempts import Attempts
from notifier.adapters.channels import load
from notifier.adapters.courier import ChannelCourier
from notifier.adapters.holder import Heartbeat, Holder
from notifier.adapters.listener import Listener
from notifier.adapters.outbound import OutboundHttp
from notifier.adapters.poster import Poster
from notifier.adapters.recorder import Recorder
from notifier.adapters.sender import Sender
from notifier.adapters.sql import SqlNotifierUnitOfWork
from notifier.adapters.teller import Pile, Teller
from notifier.entrypoints import chat_links, contact_page, contacts, http, link_page
from notifier.entrypoints.kafka import subscriptions
from notifier.entrypoints.people import Hearing
from notifier.entrypoints.pressing import link_route
from notifier.entrypoints.timers import TimerEntry
from notifier.handlers.contacts import ContactHandlers
from notifier.handlers.incidents import IncidentHandlers
from notifier.handlers.interactions import InteractionHandlers
from notifier.handlers.linking import LinkingHandlers
from notifier.handlers.links import LinkHandlers
from notifier.handlers.notices import NoticeHandlers
from notifier.handlers.pages import PageHandlers
from notifier.handlers.posts import PostHandlers
from notifier.handlers.sending import SendingHandlers
from notifier.ports import Job, NotifierUnitOfWork
from notifier.settings import NotifierSettings
from tocsin.application import Application, Worker
from tocsin.channels import Cap, Channel, Context, Listens
from tocsin.egress import Egress
from tocsin.lifecycle import Definition, Parts
from tocsin.web import create_app


def build(
    settings: NotifierSettings,
    parts: Parts[NotifierUnitOfWork],
    channels: Mapping[str, Channel] | None = None,
) -> Application[NotifierUnitOfWork]:
    """Put the service together, with the channels that the settings allow, or with these."""
    outbound = OutboundHttp(Egress(settings.egress_allow))
    context = Context(outbound, settings.secret, settings.public_url, outbound)
    found = channels or load(settings.channels, settings.options(), context)
    in_place = _with(Cap.IN_PLACE, found)
    updatable = _with(Cap.UPDATE, found) - in_place
    news = asyncio.Event()
    posts = _posts(settings, parts, in_place, news)

    async def still_wanted(jobs: Sequence[Job]) -> set[tuple[str, int]]:
        async with parts.store.read() as uow:
            return await sending.still_wanted(uow, jobs)

    attempts = Attempts(found, secret=settings.secret, public_url=settings.public_url)
    alone = _is_alone(settings)
    holder = Holder(parts.clock)
    sender = Sender(attempts, parts.clock, None if alone else still_wanted, holder)
    sending = SendingHandlers(sender, posts, updatable=updatable, catalog=parts.catalog)
    pages = _pages(settings, parts, sender, updatable)
    incidents = IncidentHandlers(sender, posts, updatable=updatable)
    hearing = _hearing(settings, parts, sender, sending)
    since = parts.clock.now() if alone else None
    recorder = Recorder(sender, sending, parts.store, parts.clock, alone_since=since)
    poster = Poster(found, posts, parts.store, parts.clock, news)
    notices, teller = _notices(parts, found)
    verifying = _verifying(settings, parts)
    heartbeat = Heartbeat(holder, parts, sending.take_over, lambda: sender.is_busy)
    return Application(
        name="notifier",
        store=parts.store,
        clock=parts.clock,
        subscriptions=subscriptions(pages, incidents, notices),
        on_timers=TimerEntry(pages, sending, notices).on_timers,
        on_start=notices.on_start,
        on_look=verifying.on_look,
        http=_http(settings, parts, sender, hearing, found, verifying),
        workers=(
            recorder,
            teller,
            *(() if alone else (heartbeat,)),
            *((poster,) if in_place else ()),
            *_listeners(found, hearing),
        ),
    )


def _is_alone(settings: NotifierSettings) -> bool:
    """Return whether it is the only process: a SQLite file has one, a PostgreSQL may have more."""
    return settings.database.startswith("sqlite:")


def _hearing(
    settings: NotifierSettings,
    parts: Parts[NotifierUnitOfWork],
    sender: Sender,
    sending: SendingHandlers,
) -> Hearing:
    people = InteractionHandlers(parts.catalog, sender, settings.secret)
    return Hearing(parts.store, parts.clock, people, sending)


def _verifying(settings: NotifierSettings, parts: Parts[NotifierUnitOfWork]) -> ContactHandlers:
    return ContactHandlers(parts.catalog, secret=settings.secret, public_url=settings.public_url)


def _posts(
    settings: NotifierSettings,
    parts: Parts[NotifierUnitOfWork],
    channels: frozenset[str],
    news: asyncio.Event,
) -> PostHandlers:
    return PostHandlers(
        parts.catalog,
        channels,
        secret=settings.secret,
        public_url=settings.public_url,
        news=news.set,
    )


def _pages(
    settings: NotifierSettings,
    parts: Parts[NotifierUnitOfWork],
    sender: Sender,
    updatable: frozenset[str],
) -> PageHandlers:
    return PageHandlers(
        parts.catalog,
        sender,
        secret=settings.secret,
        started_at=parts.clock.now(),
        updatable=updatable,
    )


def _notices(
    parts: Parts[NotifierUnitOfWork], channels: Mapping[str, Channel]
) -> tuple[NoticeHandlers, Teller]:
    pile = Pile()
    notices = NoticeHandlers(parts.catalog, pile)
    return notices, Teller(pile, channels, notices, parts.store, parts.clock)


def _with(cap: Cap, channels: Mapping[str, Channel]) -> frozenset[str]:
    return frozenset(name for name, one in channels.items() if cap in one.info.caps)


def _http(
    settings: NotifierSettings,
    parts: Parts[NotifierUnitOfWork],
    sender: Sender,
    hearing: Hearing,
    channels: Mapping[str, Channel],
    verifying: ContactHandlers,
) -> FastAPI:
    return create_app(
        name="notifier",
        settings=settings,
        routers=[
            http.router(parts.store, parts.clock, sender, channels),
            chat_links.router(parts.store, parts.clock, LinkingHandlers(parts.catalog)),
            contacts.router(parts.store, parts.clock, verifying, ChannelCourier(channels)),
        ],
        routes=[
            *_links(parts, LinkHandlers(sender), verifying),
            *hearing.routes(channels),
        ],
    )


def _links(
    parts: Parts[NotifierUnitOfWork], pages: LinkHandlers, verifying: ContactHandlers
) -> list[Route]:
    at = (parts.store, parts.clock)
    return [
        link_route("/a/{token}", *at, pages, link_page.shown, link_page.unknown),
        link_route("/a/contact/{token}", *at, verifying, contact_page.shown, contact_page.unknown),
    ]


def _listeners(channels: Mapping[str, Channel], hearing: Hearing) -> list[Worker]:
    return [
        Listener(name, channel, hearing.heard)
        for name, channel in channels.items()
        if Cap.LISTEN in channel.info.caps and isinstance(channel, Listens)
    ]


SERVICE = Definition(
    name="notifier",
    prefix="NOTIFIER",
    settings=NotifierSettings,
    unit=SqlNotifierUnitOfWork,
    build=build,
)
