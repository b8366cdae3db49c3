"""The catalog over HTTP: plan a set of documents, apply it, read any version of the whole."""

import re
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, Field, ValidationError

from escalation.domain.effects import Effect
from escalation.handlers.catalog import (
    CatalogHandlers,
    ForeignDocumentError,
    InvalidCatalogError,
    Plan,
    Proposal,
    StaleCatalogError,
)
from escalation.ports import EscalationUnitOfWork
from tocsin import json_body
from tocsin.catalog.mistakes import Mistake
from tocsin.catalog.planning import Change
from tocsin.clock import Clock
from tocsin.unit_of_work import Store
from tocsin.web import Problem, Reader, Writer

VERSION = re.compile(r"[0-9]{1,18}")
SET = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"


class Bundle(BaseModel):
    """All documents of a set. They are judged by `tocsin.catalog.validation`, not here."""

    model_config = {"extra": "forbid"}

    set: str = Field(default="default", pattern=SET)
    author: str | None = Field(default=None, min_length=1, max_length=200)
    documents: list[Any]  # JSON as somebody wrote it.


class HeldDocument(BaseModel):
    """A document of the catalog, with the version that last changed it."""

    kind: str
    name: str
    set: str
    version: int
    author: str
    spec: dict[str, Any]  # As it was written.


class CatalogVersion(BaseModel):
    """The whole catalog at a version."""

    version: int
    documents: list[HeldDocument]


class PlanAnswer(BaseModel):
    """What changes, what that means for people, and what will surprise somebody."""

    version: int
    changes: list[Any]
    effects: list[Any]
    warnings: list[Any]


_BODY = {"requestBody": {"content": {"application/json": {"schema": Bundle.model_json_schema()}}}}


def router(
    handlers: CatalogHandlers, store: Store[EscalationUnitOfWork], clock: Clock
) -> APIRouter:
    """Return the catalog's routes."""
    routes = APIRouter(tags=["catalog"])

    @routes.post("/v1/catalog/plan", response_model=PlanAnswer, openapi_extra=_BODY)
    async def plan(request: Request, who: Reader) -> dict[str, Any]:
        """Say what applying these documents would change; change nothing."""
        del who
        bundle = await _bundle(request)
        proposal = Proposal(bundle.set, tuple(bundle.documents))
        async with store.read() as uow:
            with _Problems():
                return _answer(await handlers.plan(uow, proposal, clock.now()))

    @routes.put("/v1/catalog", response_model=PlanAnswer, openapi_extra=_BODY)
    async def apply(
        request: Request,
        response: Response,
        who: Writer,
        if_match: Annotated[str | None, Header()] = None,
    ) -> dict[str, Any]:
        """Make these the documents of their set, if the catalog is still at the `If-Match`."""
        bundle = await _bundle(request)
        proposal = Proposal(bundle.set, tuple(bundle.documents))
        expected = _expected(if_match)
        async with store.begin() as uow:
            with _Problems():
                done = await handlers.apply(
                    uow, proposal, bundle.author or who.name, expected, clock.now()
                )
        response.headers["ETag"] = f'"{done.version}"'
        return _answer(done)

    @routes.get("/v1/catalog")
    async def read(
        response: Response, who: Reader, version: Annotated[int | None, Query(ge=0)] = None
    ) -> CatalogVersion:
        """Return the catalog: every document of every set, now or at a version."""
        del who
        async with store.read() as uow:
            latest = await uow.catalog_history.version()
            if version is not None and version > latest:
                raise Problem(404, "no-such-version", f"The catalog is at version {latest}.")
            held = await uow.catalog_history.documents(version)
        shown = latest if version is None else version
        response.headers["ETag"] = f'"{shown}"'
        documents = [
            HeldDocument(
                kind=one.kind,
                name=one.name,
                set=one.set,
                version=one.version,
                author=one.author,
                spec=dict(one.spec),
            )
            for one in held
        ]
        return CatalogVersion(version=shown, documents=documents)

    return routes


async def _bundle(request: Request) -> Bundle:
    try:
        return Bundle.model_validate(json_body.parse(await request.body()))
    except json_body.BrokenJsonError as error:
        raise Problem(400, "broken-json", str(error)) from error
    except json_body.ExcessiveJsonError as error:
        raise Problem(400, "excessive-json", str(error)) from error
    except ValidationError as error:
        mistakes = [
            {"field": ".".join(map(str, item["loc"])) or "body", "message": item["msg"]}
            for item in error.errors(include_url=False, include_context=False)
        ]
        detail = "; ".join(f"{item['field']}: {item['message']}" for item in mistakes)
        raise Problem(422, "invalid", detail, errors=mistakes) from error


def _expected(if_match: str | None) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    if not VERSION.fullmatch(text):
        detail = f"If-Match: {if_match[:80]!r} is not a version of the catalog, such as 7"
        raise Problem(400, "bad-if-match", detail, field="If-Match")
    return int(text)


class _Problems:
    """Turns what the handlers refuse into problems with everything that helps to mend it."""

    def __enter__(self) -> None:
        """Watch."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Translate."""
        match error:
            case InvalidCatalogError(mistakes=found):
                detail = f"{sum(one.is_error for one in found)} mistakes; nothing was changed."
                shown = [_mistake(one) for one in found]
                raise Problem(422, "invalid-catalog", detail, mistakes=shown) from error
            case ForeignDocumentError():
                raise Problem(409, "other-set", str(error)) from error
            case StaleCatalogError(version=version):
                raise Problem(
                    412, "catalog-changed", str(error), {"ETag": f'"{version}"'}, version=version
                ) from error
            case _:
                return


def _answer(plan: Plan) -> dict[str, Any]:
    return {
        "version": plan.version,
        "changes": [_change(one) for one in plan.changes],
        "effects": [_effect(one) for one in plan.effects],
        "warnings": [_mistake(one) for one in plan.warnings],
    }


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


def _effect(effect: Effect) -> dict[str, Any]:
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


def _mistake(mistake: Mistake) -> dict[str, Any]:
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
