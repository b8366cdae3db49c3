"""The composition root: the only place that knows which adapter fills which port."""

from postmortem.adapters.sql import SqlPostmortemUnitOfWork
from postmortem.entrypoints import (
    action_items,
    desk,
    exports,
    handoff_notes,
    history,
    http,
    kafka,
    timers,
    why,
)
from postmortem.entrypoints.console import routes
from postmortem.entrypoints.console.catching_up import CatchingUp
from postmortem.entrypoints.console.door import Door
from postmortem.entrypoints.console.live import Feed
from postmortem.entrypoints.console.rendering import Pages
from postmortem.handlers import Handlers
from postmortem.ports import PostmortemUnitOfWork
from postmortem.settings import PostmortemSettings
from tocsin.application import Application
from tocsin.lifecycle import Definition, Parts
from tocsin.web import Limits, create_app


def build(
    settings: PostmortemSettings, parts: Parts[PostmortemUnitOfWork]
) -> Application[PostmortemUnitOfWork]:
    """Put the service together."""
    feed = Feed(parts.store, parts.clock, parts.catalog)
    handlers = Handlers(feed.wake)
    counter = desk.Counter(parts.store, parts.clock)
    is_secure = settings.public_url.startswith("https://")
    door = Door(parts.store, parts.clock, settings.api_tokens, settings.secret, is_secure)
    app = create_app(
        name="postmortem",
        settings=settings,
        routers=[
            exports.router(counter, door),  # Before the route that an id with a dot would match.
            http.router(handlers, counter),
            desk.router(counter),
            action_items.router(counter),
            history.router(counter),
            handoff_notes.router(parts.store),
            why.router(handlers, parts.store),
            routes.router(parts.store, door, Pages(parts.clock), feed, parts.catalog),
        ],
        limits=Limits(endless=frozenset({routes.LIVE})),
    )
    app.state.closing.append(feed.close)
    return Application(
        name="postmortem",
        store=parts.store,
        clock=parts.clock,
        subscriptions=kafka.subscriptions(handlers),
        on_timers=timers.on_timers,
        workers=(feed, CatchingUp(parts.store, parts.clock)),
        http=app,
    )


SERVICE = Definition(
    name="postmortem",
    prefix="POSTMORTEM",
    settings=PostmortemSettings,
    unit=SqlPostmortemUnitOfWork,
    build=build,
)
