"""The catalog over HTTP: plan a set of documents, apply it, read any version of the whole."""

import re
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, Field, ValidationError

from escalation.domain.ownership import Rights
from escalation.entrypoints.plans import PlanAnswer, answer_of, mistake_item, told
from escalation.handlers.catalog import CatalogHandlers
from escalation.handlers.planning import Proposal, weighed
from escalation.handlers.refusing import (
    ForeignDocumentError,
    InvalidCatalogError,
    NotYoursError,
    StaleCatalogError,
)
from escalation.ports import EscalationUnitOfWork
from tocsin import json_body
from tocsin.clock import Clock
from tocsin.unit_of_work import Store
from tocsin.web import CatalogWriter, Problem, Reader

VERSION = re.compile(r"[0-9]{1,18}")
B = TypeVar("B", bound=BaseModel)
SET = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"


class Bundle(BaseModel):
    """All documents of a set. They are judged by `tocsin.catalog.validation`, not here."""

    model_config = {"extra": "forbid"}

    set: str = Field(default="default", pattern=SET)
    author: str | None = Field(default=None, min_length=1, max_length=200)
    reason: str = Field(default="", max_length=500)
    weeks: int = Field(default=2, ge=1, le=26)
    documents: list[Any]  # JSON as somebody wrote it.

    @property
    def horizon(self) -> timedelta:
        """How far ahead a plan looks."""
        return timedelta(weeks=self.weeks)


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


_BODY = {"requestBody": {"content": {"application/json": {"schema": Bundle.model_json_schema()}}}}


def router(
    handlers: CatalogHandlers, store: Store[EscalationUnitOfWork], clock: Clock
) -> APIRouter:
    """Return the catalog's routes."""
    routes = APIRouter(tags=["catalog"])

    @routes.post("/v1/catalog/plan", response_model=PlanAnswer, openapi_extra=_BODY)
    async def plan(request: Request, who: Reader) -> Any:  # noqa: ANN401 - a plan, or lines.
        """Say what applying these documents would change, over the next `weeks`; change nothing.

        Who accepts `application/x-ndjson` is told how far it is, line by line, and then the plan.
        """
        del who
        bundle = await parsed(request, Bundle)
        proposal, now = Proposal(bundle.set, tuple(bundle.documents)), clock.now()
        async with store.read() as uow:
            with Problems():
                checked = await handlers.check(uow, proposal, now, bundle.horizon)
        return await told(request, weighed(checked, now, bundle.horizon))

    @routes.put("/v1/catalog", response_model=PlanAnswer, openapi_extra=_BODY)
    async def apply(
        request: Request,
        response: Response,
        who: CatalogWriter,
        if_match: Annotated[str | None, Header()] = None,
    ) -> dict[str, Any]:
        """Make these the documents of their set, if the catalog is still at the `If-Match`."""
        bundle = await parsed(request, Bundle)
        proposal = Proposal(bundle.set, tuple(bundle.documents))
        expected = expected_of(if_match)
        async with store.begin() as uow:
            with Problems():
                done = await handlers.apply(
                    uow,
                    proposal,
                    bundle.author or who.name,
                    expected,
                    clock.now(),
                    reason=bundle.reason,
                    rights=Rights(who.name, who.sets),
                )
        response.headers["ETag"] = f'"{done.version}"'
        return answer_of(done)

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


async def parsed(request: Request, shape: type[B]) -> B:
    """Return the body of a request, or the problem with it."""
    try:
        return shape.model_validate(json_body.parse(await request.body()))
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


def expected_of(if_match: str | None) -> int | None:
    """Return the version that an `If-Match` names, or None for any."""
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    if not VERSION.fullmatch(text):
        detail = f"If-Match: {if_match[:80]!r} is not a version of the catalog, such as 7"
        raise Problem(400, "bad-if-match", detail, field="If-Match")
    return int(text)


class Problems:
    """Turns what the handlers refuse into problems with everything that helps to mend it."""

    def __enter__(self) -> None:
        """Watch."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Translate."""
        match error:
            case InvalidCatalogError(mistakes=found):
                detail = f"{sum(one.is_error for one in found)} mistakes; nothing was changed."
                shown = [mistake_item(one) for one in found]
                raise Problem(422, "invalid-catalog", detail, mistakes=shown) from error
            case NotYoursError(set=of_set, scope=scope):
                raise Problem(403, "forbidden", str(error), set=of_set, scope=scope) from error
            case ForeignDocumentError():
                raise Problem(409, "other-set", str(error)) from error
            case StaleCatalogError(version=version):
                raise Problem(
                    412, "catalog-changed", str(error), {"ETag": f'"{version}"'}, version=version
                ) from error
            case _:
                return
