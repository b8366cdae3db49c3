"""The composition root: the only place that knows which adapter fills which port."""

import os
from collections.abc import Mapping
from datetime import timedelta

from incident_intake.adapters.sql import SqlIntakeUnitOfWork
from incident_intake.entrypoints import (
    alertmanager_api,
    http,
    kafka,
    openapi,
    orders,
    pagerduty_api,
    silences,
    timers,
    webhooks,
    why,
)
from incident_intake.entrypoints.reception import Reception
from incident_intake.entrypoints.signing import Signing
from incident_intake.handlers import Handlers
from incident_intake.handlers.durable_log import DurableLog
from incident_intake.handlers.ingest import Ingest
from incident_intake.handlers.outbox_watch import OutboxWatch
from incident_intake.ports import IntakeUnitOfWork
from incident_intake.settings import IntakeSettings
from tocsin.application import Application
from tocsin.lifecycle import Definition, Parts
from tocsin.web import create_app


def build(
    settings: IntakeSettings,
    parts: Parts[IntakeUnitOfWork],
    environ: Mapping[str, str] = os.environ,
) -> Application[IntakeUnitOfWork]:
    """Put the service together; the catalog names variables of `environ` for what is secret."""
    started_at = parts.clock.now()
    handlers = Handlers(parts.catalog, started_at, timedelta(seconds=settings.paged_within))
    durable_log = DurableLog(parts.publisher, parts.store, settings.kafka_deadline)
    signing = Signing(parts.catalog, environ)
    reception = _reception(settings, parts, durable_log, signing)
    return Application(
        name="incident-intake",
        store=parts.store,
        clock=parts.clock,
        subscriptions=kafka.subscriptions(handlers),
        on_timers=timers.on_timers(handlers),
        on_overdue=handlers.on_overdue,
        on_start=handlers.on_start,
        on_look=signing.on_look,
        workers=(OutboxWatch(durable_log),),
        http=create_app(
            name="incident-intake",
            settings=settings,
            routers=[
                http.router(parts.store),
                orders.router(handlers, parts.store, parts.clock),
                silences.router(handlers, parts.store, parts.clock),
                why.router(parts.store, parts.catalog),
            ],
            routes=[
                *webhooks.routes(reception),
                *alertmanager_api.routes(reception, parts.store, started_at),
                *pagerduty_api.routes(reception),
            ],
            ready=lambda: {
                "catalog": parts.catalog.loaded,
                "alerts_to": "outbox" if durable_log.is_diverting else "kafka",
            },
            openapi_paths=openapi.PATHS,
        ),
    )


def _reception(
    settings: IntakeSettings,
    parts: Parts[IntakeUnitOfWork],
    durable_log: DurableLog,
    signing: Signing,
) -> Reception:
    return Reception(
        Ingest(durable_log),
        parts.catalog,
        parts.clock,
        signing,
        production=settings.environment == "production",
        legacy_names=settings.label_names == "legacy",
    )


SERVICE = Definition(
    name="incident-intake",
    prefix="INTAKE",
    settings=IntakeSettings,
    unit=SqlIntakeUnitOfWork,
    build=build,
    recall=kafka.RECALL,
)
