"""The composition root: the only place that knows which adapter fills which port."""

from postmortem.adapters.sql import SqlPostmortemUnitOfWork
from postmortem.entrypoints import action_items, desk, exports, history, http, kafka, timers
from postmortem.handlers import Handlers
from postmortem.ports import PostmortemUnitOfWork
from postmortem.settings import PostmortemSettings
from tocsin.application import Application
from tocsin.lifecycle import Definition, Parts
from tocsin.web import create_app


def build(
    settings: PostmortemSettings, parts: Parts[PostmortemUnitOfWork]
) -> Application[PostmortemUnitOfWork]:
    """Put the service together."""
    handlers = Handlers()
    counter = desk.Counter(parts.store, parts.clock)
    return Application(
        name="postmortem",
        store=parts.store,
        clock=parts.clock,
        subscriptions=kafka.subscriptions(handlers),
        on_timers=timers.on_timers,
        http=create_app(
            name="postmortem",
            settings=settings,
            routers=[
                exports.router(counter),  # Before the route that an id with a dot would match.
                http.router(handlers, counter),
                desk.router(counter),
                action_items.router(counter),
                history.router(counter),
            ],
        ),
    )


SERVICE = Definition(
    name="postmortem",
    prefix="POSTMORTEM",
    settings=PostmortemSettings,
    unit=SqlPostmortemUnitOfWork,
    build=build,
)
