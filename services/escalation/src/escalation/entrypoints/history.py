"""The catalog's history over HTTP: its versions, and the way back to one."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from escalation.domain.ownership import Rights
from escalation.entrypoints.catalog import SET, VERSION, Problems, expected_of, parsed
from escalation.entrypoints.plans import PlanAnswer, answer_of, told
from escalation.handlers.catalog import CatalogHandlers
from escalation.handlers.planning import weighed
from escalation.handlers.rolling_back import (
    NoSuchSetError,
    NoSuchVersionError,
    RollbackHandlers,
)
from escalation.ports import AppliedVersion, EscalationUnitOfWork
from tocsin.clock import Clock
from tocsin.unit_of_work import Store
from tocsin.web import CatalogWriter, Page, Problem, Reader, after_cursor, cursor_of

Limit = Annotated[int, Query(ge=1, le=500)]


class VersionItem(BaseModel):
    """A version of the catalog: by whom, with which token, when, and why."""

    version: int
    sets: list[str]
    author: str
    token: str
    at: datetime
    reason: str
    changed: int


class Rollback(BaseModel):
    """Back to a version: of every set, or of one; `dry_run` only plans it."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1)
    set: str | None = Field(default=None, pattern=SET)
    author: str | None = Field(default=None, min_length=1, max_length=200)
    reason: str = Field(default="", max_length=400)
    weeks: int = Field(default=2, ge=1, le=26)
    dry_run: bool = False


_BODY = {"requestBody": {"content": {"application/json": {"schema": Rollback.model_json_schema()}}}}


def router(
    handlers: CatalogHandlers, store: Store[EscalationUnitOfWork], clock: Clock
) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["catalog"])
    back = RollbackHandlers(handlers)

    @routes.get("/v1/catalog/history")
    async def history(
        _who: Reader, limit: Limit = 50, cursor: str | None = None
    ) -> Page[VersionItem]:
        """Return the versions that were applied, the latest first."""
        before = _place(cursor)
        async with store.read() as uow:
            found = await uow.catalog_history.versions(before, limit + 1)
        shown = found[:limit]
        more = len(found) > limit
        return Page(
            items=[_item(one) for one in shown],
            next=cursor_of(str(shown[-1].version)) if more else None,
        )

    @routes.post("/v1/catalog/rollback", response_model=PlanAnswer, openapi_extra=_BODY)
    async def roll_back(
        request: Request,
        response: Response,
        who: CatalogWriter,
        if_match: Annotated[str | None, Header()] = None,
    ) -> Any:  # noqa: ANN401 - a plan, or lines.
        """Put what was in force at a version in force again, as a new version."""
        body = await parsed(request, Rollback)
        expected, now = expected_of(if_match), clock.now()
        if body.dry_run:
            async with store.read() as uow:
                with _Problems():
                    checked = await back.check(uow, body.version, body.set)
            return await told(request, weighed(checked, now, timedelta(weeks=body.weeks)))
        async with store.begin() as uow:
            with _Problems():
                done = await back.roll_back(
                    uow,
                    body.version,
                    body.set,
                    body.author or who.name,
                    expected,
                    now,
                    reason=body.reason,
                    rights=Rights(who.name, who.sets),
                )
        response.headers["ETag"] = f'"{done.version}"'
        return answer_of(done)

    return routes


class _Problems(Problems):
    """Knows what the way back is refused for as well."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Translate."""
        if isinstance(error, NoSuchVersionError):
            raise Problem(404, "no-such-version", str(error), field="version") from error
        if isinstance(error, NoSuchSetError):
            raise Problem(404, "no-such-set", str(error), field="set") from error
        super().__exit__(kind, error, trace)


def _place(cursor: str | None) -> int | None:
    text = after_cursor(cursor)
    if text is None:
        return None
    if not VERSION.fullmatch(text):
        raise Problem(422, "bad-cursor", "cursor: is not one that a list gave", field="cursor")
    return int(text)


def _item(one: AppliedVersion) -> VersionItem:
    return VersionItem(
        version=one.version,
        sets=list(one.sets),
        author=one.author,
        token=one.note.token,
        at=one.at,
        reason=one.note.reason,
        changed=one.changed,
    )
