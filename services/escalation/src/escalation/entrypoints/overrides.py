"""Overrides over HTTP: list, add, end. Each is a document of the catalog."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from escalation.domain.overriding import text
from escalation.domain.ownership import Rights
from escalation.entrypoints.catalog import Problems
from escalation.entrypoints.plans import effect_item
from escalation.entrypoints.unknown import unknown
from escalation.handlers.overrides import Done, Listed, NoSuchOverrideError, OverrideHandlers
from escalation.handlers.refusing import InvalidCatalogError
from escalation.ports import EscalationUnitOfWork
from tocsin import ids
from tocsin.catalog.mistakes import Mistake
from tocsin.clock import Clock
from tocsin.unit_of_work import Store
from tocsin.web import CatalogWriter, Page, Principal, Problem, Reader, after_cursor, cursor_of
from tocsin.web import idempotency_key as key_of

Names = str | list[str]
Limit = Annotated[int, Query(ge=1, le=500)]


class NewOverride(BaseModel):
    """For a span somebody else is on call; the fields are those of the document.

    `from` is now where it is not given. Times without an offset are on the schedule's clock. It
    stands in place of the override that it `replaces`, which ends in the same moment.
    """

    model_config = ConfigDict(extra="forbid")

    schedule: str
    begins: str | None = Field(default=None, alias="from")
    until: str
    add: Names = []
    remove: Names = []
    cover: Names | None = None
    reason: str = Field(default="", max_length=500)
    replaces: str = Field(default="", max_length=200)
    author: str | None = Field(default=None, min_length=1, max_length=200)
    dry_run: bool = False

    def written(self, now: datetime) -> dict[str, Any]:
        """Return the spec of the document."""
        begins = text(now) if self.begins is None else self.begins
        spec: dict[str, Any] = {"schedule": self.schedule, "from": begins, "until": self.until}
        for field in ("add", "remove", "reason"):
            if value := getattr(self, field):
                spec[field] = value
        if self.cover is not None:
            spec["cover"] = self.cover
        return spec


class OverrideItem(BaseModel):
    """An override with its times as instants; `until` is no longer part of it."""

    id: str
    schedule: str
    begins: datetime = Field(serialization_alias="from")
    until: datetime
    add: list[str]
    remove: list[str]
    cover: list[str] | None
    reason: str
    set: str
    author: str
    version: int


class OverrideAnswer(OverrideItem):
    """What became of it: whose shifts move, and the version of the catalog that it made."""

    effects: list[Any]
    catalog_version: int
    dry_run: bool


def router(
    handlers: OverrideHandlers, store: Store[EscalationUnitOfWork], clock: Clock
) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["overrides"])

    @routes.get("/v1/overrides")
    async def listed(
        _who: Reader,
        schedule: str | None = None,
        since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
        until: AwareDatetime | None = None,
        limit: Limit = 50,
        cursor: str | None = None,
    ) -> Page[OverrideItem]:
        """All overrides, by when they begin: of a schedule, or of a span where it is said."""
        async with store.read() as uow:
            catalog, found = await handlers.listed(uow)
        if schedule is not None and catalog.schedule(schedule) is None:
            raise unknown("Schedule", schedule, catalog)
        after = after_cursor(cursor)
        shown = [
            one
            for one in found
            if schedule in {None, one.spec.schedule}
            and (since is None or one.override.ends > since)
            and (until is None or one.override.begins < until)
            and (after is None or _place(one) > after)
        ]
        items = [OverrideItem(**_item(one)) for one in shown[:limit]]
        more = len(shown) > limit
        return Page(items=items, next=cursor_of(_place(shown[limit - 1])) if more else None)

    @routes.post("/v1/overrides", status_code=201)
    async def add(who: CatalogWriter, request: Request, body: NewOverride) -> OverrideAnswer:
        """Put somebody else on call for a while; with `dry_run`, say what that would move."""
        now = clock.now()
        begin = store.read if body.dry_run else store.begin
        async with begin() as uow:
            with _Problems():
                done = await handlers.add(
                    uow,
                    _name(who, request),
                    body.written(now),
                    body.author or who.name,
                    now,
                    replaces=body.replaces,
                    dry_run=body.dry_run,
                    rights=Rights(who.name, who.sets),
                )
        return _answer(done, dry_run=body.dry_run)

    @routes.delete("/v1/overrides/{override}")
    async def end(who: CatalogWriter, override: str, dry_run: bool = False) -> OverrideAnswer:
        """End an override now; one that has not begun is gone. Again changes nothing."""
        begin = store.read if dry_run else store.begin
        async with begin() as uow:
            with _Problems():
                done = await handlers.end(
                    uow,
                    override,
                    who.name,
                    clock.now(),
                    dry_run=dry_run,
                    rights=Rights(who.name, who.sets),
                )
        return _answer(done, dry_run=dry_run)

    return routes


def _name(who: Principal, request: Request) -> str:
    """Return the name of a new override: the same again for the same key of the same caller."""
    key = key_of(request)
    return ids.prefixed("ovr", ids.derived("override", who.name, key) if key else ids.new())


def _place(one: Listed) -> str:
    # Sorted as the list is: an instant in UTC, always as long.
    return f"{one.override.begins:%Y%m%d%H%M%S%f} {one.held.name}"


def _item(one: Listed) -> dict[str, Any]:
    spec = one.spec
    return {
        "id": one.held.name,
        "schedule": spec.schedule,
        "begins": one.override.begins,
        "until": one.override.ends,
        "add": list(spec.add),
        "remove": list(spec.remove),
        "cover": None if spec.cover is None else list(spec.cover),
        "reason": spec.reason,
        "set": one.held.set,
        "author": one.held.author,
        "version": one.held.version,
    }


def _answer(done: Done, *, dry_run: bool) -> OverrideAnswer:
    return OverrideAnswer(
        **_item(done.listed),
        effects=[effect_item(one) for one in done.effects],
        catalog_version=done.version,
        dry_run=dry_run,
    )


class _Problems(Problems):
    """Turns what the handlers refuse into problems that name the field and the fix."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Translate."""
        match error:
            case InvalidCatalogError(mistakes=found):
                errors = [_error(one) for one in found if one.is_error]
                detail = "; ".join(f"{one['field']}: {one['message']}" for one in errors)
                raise Problem(422, "invalid", detail, errors=errors) from error
            case NoSuchOverrideError():
                raise Problem(404, "no-such-override", str(error)) from error
            case _:
                super().__exit__(kind, error, trace)


def _error(mistake: Mistake) -> dict[str, str]:
    hint = f'; did you mean "{mistake.suggestion}"?' if mistake.suggestion else ""
    field = mistake.path.removeprefix("spec").removeprefix(".") or "body"
    return {"field": field, "message": f"{mistake.message}{hint}"}
