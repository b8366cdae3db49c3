"""A plan as the API tells it, at once or while it is being worked out."""

from collections.abc import AsyncIterator, Sequence
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
            return answer_of(step)
    raise AssertionError("the last step is the plan")


async def _lines(steps: AsyncIterator[Progress | Plan]) -> AsyncIterator[bytes]:
    async for step in steps:
        if isinstance(step, Plan):
            plan = PlanAnswer(**answer_of(step)).model_dump_json().encode()
            yield b'{"plan":' + plan + b"}\n"
        else:
            yield orjson.dumps({"progress": {"done": step.done, "of": step.of}}) + b"\n"


def answer_of(plan: Plan) -> dict[str, Any]:
    """Return a plan as the API tells it."""
    found = {
        "version": plan.version,
        "changes": [_change(one) for one in plan.changes],
        "effects": [effect_item(one) for one in plan.effects],
        "warnings": [mistake_item(one) for one in plan.warnings],
    }
    if plan.outcome:
        found["people"] = people(plan.outcome)
        found["services"] = services(plan.outcome)
    return found


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
