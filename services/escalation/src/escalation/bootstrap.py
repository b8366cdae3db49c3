"""The composition root: the only place that knows which adapter fills which port."""

import os
from collections.abc import Mapping
from datetime import timedelta

from escalation.adapters.fetching import HttpFetch
from escalation.adapters.reading import ApartRead
from escalation.adapters.sql import SqlEscalationUnitOfWork
from escalation.entrypoints import (
    absences,
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
from escalation.entrypoints.watching import Watching
from escalation.handlers import (
    AbsenceHandlers,
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
from tocsin.egress import Egress
from tocsin.lifecycle import Definition, Parts
from tocsin.web import create_app


def build(
    settings: EscalationSettings,
    parts: Parts[EscalationUnitOfWork],
    environ: Mapping[str, str] = os.environ,
) -> Application[EscalationUnitOfWork]:
    """Put the service together; the catalog names variables of `environ` for what is private."""
    climbs = ClimbHandlers(parts.catalog, timedelta(seconds=settings.reached_within))
    documents = CatalogHandlers(parts.catalog)
    hand_offs = HandOffHandlers(parts.catalog)
    overriding = OverrideHandlers(documents)
    noting = NoteHandlers()
    away = AbsenceHandlers(documents, parts.catalog, timedelta(seconds=settings.calendars_every))
    return Application(
        name="escalation",
        store=parts.store,
        clock=parts.clock,
        subscriptions=kafka.subscriptions(climbs, OverrideCommandHandlers(overriding), noting),
        on_timers=timers.on_timers(climbs, hand_offs),
        on_overdue=climbs.on_overdue,
        on_start=hand_offs.on_start,
        on_look=away.findings,
        workers=(
            Foreseeing(parts.store, parts.catalog, parts.clock),
            _watching(settings, parts, away, environ),
        ),
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
                absences.router(parts.store, parts.catalog, parts.clock),
            ],
        ),
    )


def _watching(
    settings: EscalationSettings,
    parts: Parts[EscalationUnitOfWork],
    away: AbsenceHandlers,
    environ: Mapping[str, str],
) -> Watching:
    egress = Egress(settings.egress_allow, setting="ESCALATION_EGRESS_ALLOW")
    fetch, read = HttpFetch(egress), ApartRead()
    held = (parts.store, parts.catalog, parts.clock, away)
    return Watching(*held, fetch, read, environ, parts.stopping)


SERVICE = Definition(
    name="escalation",
    prefix="ESCALATION",
    settings=EscalationSettings,
    unit=SqlEscalationUnitOfWork,
    build=build,
)
