"""A plan as the API tells it, at once or while it is being worked out.

A large one is tens of megabytes of JSON: it is written as it is sent, and never there whole.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Any

import orjson
from fastapi import Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from escalation.domain.effects import Effect
from escalation.entrypoints.outcome import people, services
from escalation.handlers.planning import Plan, Progress
from tocsin.catalog.mistakes import Mistake
from tocsin.catalog.planning import Change

NDJSON = "application/x-ndjson"
PIECE = 64 * 1024


class PlanAnswer(BaseModel):
    """What changes, what that means for people, and what will surprise somebody."""

    version: int
    changes: list[Any]
    effects: list[Any]
    warnings: list[Any]
    people: list[Any] | None = None
    services: list[Any] | None = None


async def told(request: Request, steps: AsyncIterator[Progress | Plan]) -> Any:  # noqa: ANN401 - as above.
    """Return the answer of a plan that is being worked out: at once, or as lines while it is."""
    if NDJSON in request.headers.get("accept", ""):
        return StreamingResponse(_lines(steps), media_type=NDJSON)
    async for step in steps:
        if isinstance(step, Plan):
            return StreamingResponse(_written(step), media_type="application/json")
    raise AssertionError("the last step is the plan")


async def _lines(steps: AsyncIterator[Progress | Plan]) -> AsyncIterator[bytes]:
    async for step in steps:
        if isinstance(step, Plan):
            yield b'{"plan":'
            async for piece in _written(step):
                yield piece
            yield b"}\n"
        else:
            yield orjson.dumps({"progress": {"done": step.done, "of": step.of}}) + b"\n"


async def _written(plan: Plan) -> AsyncIterator[bytes]:
    """Yield what `answer_of` returns, piece by piece: in between, whoever is to be paged is."""
    for piece in pieces(plan):
        yield piece
        await asyncio.sleep(0)


def pieces(plan: Plan) -> Iterator[bytes]:
    """Yield the JSON of a plan in pieces."""
    piece = bytearray(b'{"version":%d' % plan.version)
    for name, items in _lists(plan):
        piece += b',"%s":[' % name.encode()
        for place, item in enumerate(items):
            piece += b"," if place else b""
            piece += orjson.dumps(item, option=orjson.OPT_UTC_Z)
            if len(piece) >= PIECE:
                yield bytes(piece)
                piece.clear()
        piece += b"]"
    yield bytes(piece + b"}")


def answer_of(plan: Plan) -> dict[str, Any]:
    """Return a plan as the API tells it."""
    return {"version": plan.version, **{name: list(items) for name, items in _lists(plan)}}


def _lists(plan: Plan) -> Iterator[tuple[str, Iterable[dict[str, Any]]]]:
    yield "changes", map(_change, plan.changes)
    yield "effects", map(effect_item, plan.effects)
    yield "warnings", map(mistake_item, plan.warnings)
    if plan.outcome:
        yield "people", people(plan.outcome)
        yield "services", services(plan.outcome)


def _change(change: Change) -> dict[str, Any]:
    fields: Sequence[dict[str, Any]] = [
        {"path": one.path, "before": one.before, "after": one.after} for one in change.fields
    ]
    return {
        "action": change.action,
        "kind": change.kind,
        "name": change.name,
        "renamed": change.renamed or None,
        "fields": fields,
    }


def effect_item(effect: Effect) -> dict[str, Any]:
    """Return a difference as the API tells it."""
    return {
        "kind": effect.kind,
        "subject": effect.subject,
        "text": effect.text,
        "level": effect.level,
        "before": list(effect.before),
        "after": list(effect.after),
        "from": effect.begins,
        "until": effect.until,
    }


def mistake_item(mistake: Mistake) -> dict[str, Any]:
    """Return a mistake as the API tells it."""
    return {
        "level": mistake.level,
        "kind": mistake.kind,
        "name": mistake.name,
        "path": mistake.path,
        "message": mistake.message,
        "suggestion": mistake.suggestion or None,
        "position": mistake.position,
        "text": str(mistake),
    }
