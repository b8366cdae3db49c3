"""`tocsin compare`: whether the services agree about the open incidents."""

from typing import Any

import httpx
import typer

from tocsin.cli.failure import CliError
from tocsin.cli.session import Session, session

OPEN = "triggered,acknowledged"
HALTED = "halted"
SETTLE = 3.0
Difference = dict[str, Any]


def compare(
    ctx: typer.Context,
    settle: float = typer.Option(SETTLE, min=0, help="Look again after so many seconds."),
) -> None:
    """Compare open incidents, their climbs and their timelines; exit 1 where they differ.

    What differs is looked at twice: an event on its way is no difference.
    """
    run = session(ctx)
    count, found = _differences(run)
    if found and settle:
        run.world.sleep(settle)
        count, again = _differences(run)
        known = {(one["incident"], one["what"]) for one in found}
        found = [one for one in again if (one["incident"], one["what"]) in known]
    run.out.answer({"incidents": count, "differences": found})
    run.out.table(
        ("incident", "number", "state", "what"),
        [(one["incident"], one["number"], one["status"], one["what"]) for one in found],
        empty=f"{count} open incidents, and every service knows them as they are.",
    )
    if found:
        raise typer.Exit(1)


def _differences(run: Session) -> tuple[int, list[Difference]]:
    items = list(run.client.items("incident-intake", "/v1/incidents", {"status": OPEN}))
    found: list[Difference] = []
    for item in items:
        for what in (_climb(run, item), _timeline(run, item["id"])):
            if what:
                about = {"incident": item["id"], "number": item["number"]}
                found.append({**about, "status": item["status"], "what": what})
    return len(items), found


def _climb(run: Session, item: dict[str, Any]) -> str | None:
    climb = _maybe(run, "escalation", f"/v1/escalations/{item['id']}")
    if climb is None:
        return "escalation does not know it"
    status = str(climb["status"])
    if item["status"] == "triggered" and status == HALTED:
        return f"escalation has halted: {climb['reason']}"
    if item["status"] == "acknowledged" and status != HALTED:
        return f"escalation goes on: {status}"
    return None


def _timeline(run: Session, incident: str) -> str | None:
    timeline = _maybe(run, "postmortem", f"/v1/timelines/{incident}")
    return None if timeline and timeline["items"] else "postmortem has no timeline"


def _maybe(run: Session, service: str, path: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = run.client.get(service, path)
    except CliError as error:
        if error.more.get("status") != httpx.codes.NOT_FOUND:
            raise
        return None
    return found
