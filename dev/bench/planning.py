"""What the plan of a large catalog costs, over four weeks.

2,000 people, 500 schedules of three layers, 500 policies and 500 services, on a store in memory:
the processor's time from the documents to the plan, then to its answer in JSON, and the process
at its largest.
"""

import asyncio
import resource
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from dev.bench.figures import Answer
from escalation.adapters.memory import MemoryEscalationUnitOfWork
from escalation.entrypoints.plans import pieces
from escalation.handlers.catalog import CatalogHandlers
from escalation.handlers.planning import Plan, Proposal, weighed
from tocsin.holder import CatalogHolder
from tocsin.testing import MemoryStore

PEOPLE, SCHEDULES = 2_000, 500
EACH = PEOPLE // SCHEDULES
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
WEEKS = timedelta(weeks=4)
ZONES = ("Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Sydney")
Document = dict[str, Any]


def measured() -> Iterator[Answer]:
    """Measure a plan in which a few schedules differ, and one in which all do."""
    for moved in (SCHEDULES // 50, SCHEDULES):
        cost = asyncio.run(_planned(moved))
        name = (
            f"a plan of {PEOPLE:,} people and {SCHEDULES} schedules over 4 weeks, {moved} of which"
            f" change ({cost.shifts:,} shifts move)"
        )
        yield Answer(name, cost.seconds, "s", 10)
        yield Answer(f"its answer, {cost.size / 1e6:.1f} MB of JSON", cost.writing, "s")
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield Answer("the process of these plans, at its largest", largest, "MB", 300)


# Never the plan itself: the event loop writes out what is returned to it, for nobody to read.
class Cost(NamedTuple):
    """What a plan cost, how many shifts move by it, and how large its answer is."""

    seconds: float
    writing: float
    shifts: int
    size: int


async def _planned(moved: int) -> Cost:
    store = MemoryStore(MemoryEscalationUnitOfWork)
    handlers = CatalogHandlers(CatalogHolder())
    async with store.begin() as uow:
        await handlers.apply(uow, Proposal("default", tuple(_documents(0))), "bench", None, NOW)
    proposal = Proposal("default", tuple(_documents(moved)))
    started = time.process_time()
    async with store.read() as uow:
        checked = await handlers.check(uow, proposal, NOW)
    steps = [step async for step in weighed(checked, NOW, WEEKS)]
    plan = steps[-1]
    assert isinstance(plan, Plan)
    assert plan.outcome
    planned = time.process_time()
    size = sum(map(len, pieces(plan)))
    writing = time.process_time() - planned
    return Cost(planned - started, writing, len(plan.outcome.moves), size)


def _documents(moved: int) -> list[Document]:
    """Return the catalog; in the first `moved` schedules, everybody's turn comes one earlier."""
    found = [_document("User", f"u{number}", _user()) for number in range(PEOPLE)]
    for number in range(SCHEDULES):
        turns = [f"u{number * EACH + place}" for place in range(EACH)]
        if number < moved:
            turns = [*turns[1:], turns[0]]
        name = f"s{number}"
        found.append(_document("Schedule", name, _schedule(turns, ZONES[number % len(ZONES)])))
        levels = [{"targets": [{"schedule": name}]}, {"targets": [{"user": turns[0]}]}]
        policy = {"levels": levels, "last_resort": {"user": "u0"}}
        found.append(_document("EscalationPolicy", name, policy))
        found.append(_document("Service", name, {"escalation_policy": name}))
    return found


def _document(kind: str, name: str, spec: Document) -> Document:
    return {"kind": kind, "name": name, "spec": spec}


def _user() -> Document:
    methods = [{"name": "mail", "channel": "email", "address": "somebody@example.org"}]
    rules = [
        {"urgency": urgency, "contact_method": "mail", "after": "0s"} for urgency in ("high", "low")
    ]
    return {"contact_methods": methods, "notification_rules": rules}


def _schedule(turns: Sequence[str], zone: str) -> Document:
    def layer(name: str, kind: str, people: Sequence[str], **hours: str) -> Document:
        rotation = {"type": kind, "start": "2026-01-05T09:00", "participants": list(people)}
        return {"name": name, "rotation": rotation, **({"restrictions": [hours]} if hours else {})}

    layers = [
        layer("base", "weekly", turns),
        layer("night", "daily", turns[::-1], **{"from": "22:00", "until": "07:00"}),
        layer("office", "daily", turns[:2], **{"from": "09:00", "until": "18:00"}),
    ]
    return {"time_zone": zone, "layers": layers}
