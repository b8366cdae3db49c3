"""An escalation policy as a picture, and the same in words."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from postmortem.domain.ladder import BOX, LEFT, LINE, TITLE, WIDTH, drawn, ladder, said
from postmortem.entrypoints.console.live import mark
from postmortem.entrypoints.console.schedules import Wall
from tocsin.catalog import Service
from tocsin.web import Problem

SIZES = {"left": LEFT, "wide": WIDTH, "box": BOX, "title": TITLE, "line": LINE}


def router(routes: APIRouter, wall: Wall) -> None:
    """Add the routes."""

    @routes.get("/policies/{name}")
    async def policy(request: Request, name: str) -> Response:
        """One policy, with whom it would page now."""
        visitor, now = await wall.door.reader(request), wall.door.clock.now()
        catalog = wall.catalog
        spec = catalog.policy(name)
        if spec is None:
            detail = f"The catalog has no escalation policy {name[:100]!r}."
            raise Problem(404, "unknown-policy", detail)
        async with wall.store.read() as uow:
            watches = await uow.watches.all()
        found = ladder(spec, catalog, {one.schedule: one.present(now) for one in watches})
        return wall.pages.show(
            "policy.html",
            visitor=visitor,
            since=mark(now),
            name=name,
            team=spec.team,
            ladder=found,
            drawn=drawn(found),
            sizes=SIZES,
            said=said,
            services=sorted(
                own
                for (_, own), one in catalog.specs.items()
                if isinstance(one, Service) and one.escalation_policy == name
            ),
        )
