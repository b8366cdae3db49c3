"""Levels that all end at once, worked off by escalation.

The real service on a SQLite file, its topics in memory: incidents whose first level ends in the
same second, and the loop that fires timers. By the clock, commits to the disk included.
"""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from dev.bench.figures import Answer
from escalation.bootstrap import SERVICE
from escalation.settings import EscalationSettings
from tocsin.application import Application
from tocsin.catalog import KINDS, Catalog
from tocsin.database import Database
from tocsin.events import Envelope, Event, IncidentTriggered
from tocsin.holder import CatalogHolder
from tocsin.lifecycle import Parts
from tocsin.migrate import migrate
from tocsin.sql import SqlStore
from tocsin.testing import ManualClock, MemoryBroker
from tocsin.timers import TimerLoop

TIMERS = 10_000
AT_ONCE = 500
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
LEVEL = timedelta(minutes=5)
METHOD = {"name": "mail", "channel": "email", "address": "somebody@example.org"}
RULES = [{"urgency": "high", "contact_method": "mail", "after": "0s"}]
ROTATION = {"type": "weekly", "start": "2026-01-05T09:00", "participants": ["ada", "bob"]}
LEVELS = [
    {"targets": [{"schedule": "bench"}], "escalate_after": "5m"},
    {"targets": [{"user": "bob"}], "escalate_after": "5m"},
]
SPECS: dict[tuple[str, str], dict[str, Any]] = {
    **{
        ("User", name): {"contact_methods": [METHOD], "notification_rules": RULES}
        for name in ("ada", "bob")
    },
    ("Schedule", "bench"): {"layers": [{"name": "base", "rotation": ROTATION}]},
    ("EscalationPolicy", "bench"): {"levels": LEVELS, "last_resort": {"user": "ada"}},
    ("Service", "bench"): {"escalation_policy": "bench"},
}


def measured() -> Answer:
    """Measure."""
    fired, seconds = asyncio.run(worked_off(TIMERS))
    return Answer(f"{fired:,} timers that are due at once, worked off", seconds, "s", 5)


async def worked_off(count: int) -> tuple[int, float]:
    """Let so many levels end at once; return how many timers fired, and in which time."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/escalation.db"
        await migrate(url, "escalation")
        database, clock = Database(url), ManualClock(NOW)
        store: SqlStore[Any] = SqlStore(database, SERVICE.unit, clock.now)
        specs = {key: KINDS[key[0]].model_validate(spec) for key, spec in SPECS.items()}
        parts: Parts[Any] = Parts(store, clock, CatalogHolder(Catalog(1, specs)), MemoryBroker())
        application = SERVICE.build(EscalationSettings(database=url), parts)
        try:
            await _begin(application, list(_incidents(count)))
            clock.advance(LEVEL)
            return await _fired(TimerLoop(application))
        finally:
            await database.close()


async def _begin(application: Application[Any], incidents: list[Envelope[Event]]) -> None:
    """Let these incidents begin: each has its first level's timer."""
    (hears,) = [one for one in application.subscriptions if one.topic.name == "incidents"]
    for first in range(0, len(incidents), AT_ONCE):
        async with application.store.begin() as uow:
            await hears.handle(uow, incidents[first : first + AT_ONCE], NOW)


async def _fired(timers: TimerLoop[Any]) -> tuple[int, float]:
    started, fired = time.perf_counter(), 0
    while batch := await timers.fire():
        fired += batch
    return fired, time.perf_counter() - started


def _incidents(count: int) -> Iterator[Envelope[Event]]:
    for number in range(count):
        incident = IncidentTriggered(
            incident_id=f"inc_{number:032x}",
            version=1,
            number=number + 1,
            title="Bench",
            service="bench",
            severity="critical",
            urgency="high",
            source="bench",
        )
        yield Envelope(incident, NOW, "bench", f"begins-{number}")
