"""The composition root: the only place that knows which adapter fills which port."""

from datetime import timedelta

from escalation.adapters.sql import SqlEscalationUnitOfWork
from escalation.entrypoints import (
    calendars,
    catalog,
    history,
    http,
    kafka,
    notes,
    overrides,
    swaps,
    timers,
)
from escalation.entrypoints.foreseeing import Foreseeing
from escalation.handlers import (
    CatalogHandlers,
    ClimbHandlers,
    HandOffHandlers,
    NoteHandlers,
    OverrideCommandHandlers,
    OverrideHandlers,
    SwapHandlers,
)
from escalation.ports import EscalationUnitOfWork
from escalation.settings import EscalationSettings
from tocsin.application import Application
from tocsin.lifecycle import Definition, Parts
from tocsin.web import create_app


def build(
    settings: EscalationSettings, parts: Parts[EscalationUnitOfWork]
) -> Application[EscalationUnitOfWork]:
    """Put the service together."""
    climbs = ClimbHandlers(parts.catalog, timedelta(seconds=settings.reached_within))
    documents = CatalogHandlers(parts.catalog)
    hand_offs = HandOffHandlers(parts.catalog)
    overriding = OverrideHandlers(documents)
    noting = NoteHandlers()
    return Application(
        name="escalation",
        store=parts.store,
        clock=parts.clock,
        subscriptions=kafka.subscriptions(climbs, OverrideCommandHandlers(overriding), noting),
        on_timers=timers.on_timers(climbs, hand_offs),
        on_overdue=climbs.on_overdue,
        on_start=hand_offs.on_start,
        workers=(Foreseeing(parts.store, parts.catalog, parts.clock),),
        http=create_app(
            settings=settings,
            name="escalation",
            routers=[
                catalog.router(documents, parts.store, parts.clock),
                history.router(documents, parts.store, parts.clock),
                http.router(parts.store, parts.catalog, parts.clock),
                swaps.router(SwapHandlers(documents), parts.store, parts.clock, parts.catalog),
                calendars.router(
                    parts.catalog,
                    parts.clock,
                    settings.secret,
                    settings.public_url or f"http://{settings.http}",
                ),
                overrides.router(overriding, parts.store, parts.clock),
                notes.router(noting, parts.store, parts.clock, parts.catalog),
            ],
        ),
    )


SERVICE = Definition(
    name="escalation",
    prefix="ESCALATION",
    settings=EscalationSettings,
    unit=SqlEscalationUnitOfWork,
    build=build,
)
