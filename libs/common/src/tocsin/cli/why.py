"""`tocsin why`: why somebody was paged for an incident or an alert, or why nobody was."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import httpx
import typer

from tocsin.cli.alerts import INTAKE
from tocsin.cli.failure import CliError
from tocsin.cli.session import Session, session
from tocsin.cli.times import shown

POSTMORTEM = "postmortem"
INCIDENT = re.compile(r"#?[0-9]{1,15}|inc_[0-9a-f]{32}")
WHICH = typer.Argument(help="An incident's number or id, or an alert's id or dedup key.")


def why(
    ctx: typer.Context,
    which: str = WHICH,
    service: str = typer.Option("", help="Of which service the alert is, where it is not clear."),
) -> None:
    """Say why somebody was paged, or why nobody was: each decision, its rule and its catalog."""
    run = session(ctx)
    found = None
    if INCIDENT.fullmatch(which) and not service:
        found = _of_incident(run, which.removeprefix("#"))
    if found is None:
        found = _of_alert(run, which, service)
    run.out.answer(found)
    for sentence in found["answer"]:
        run.out.say(sentence, style="bold")
    run.out.say("")
    run.out.table(
        ("time", "decided", "why", "catalog"),
        _rows(found["items"]),
        empty="No decision about it is kept.",
    )
    if found["partial"]:
        run.out.say(found["partial"], style="yellow")


def _rows(items: Sequence[dict[str, Any]]) -> list[tuple[str, str, str, object]]:
    return [
        (shown(one["at"]), one["code"], _told(one), one["catalog_version"] or "") for one in items
    ]


def _told(one: dict[str, Any]) -> str:
    # A service of the release before does not say what would have altered it.
    instead = one.get("instead")
    return f"{one['sentence']} → {instead}" if instead else str(one["sentence"])


def _of_incident(run: Session, which: str) -> dict[str, Any] | None:
    """Return the whole chain; what intake alone knows where the rest cannot be read."""
    path = f"/v1/incidents/{quote(which, safe='')}/why"
    known = _unless_missing(run, path)
    if known is None:
        return None
    try:
        first = run.client.get(POSTMORTEM, known["more"])
        items = list(run.client.items(POSTMORTEM, known["more"]))
    except CliError as error:
        return {**known, "partial": f"Whom it paged cannot be read now: {error.sentence}"}
    return {"incident": first["incident"], "answer": first["answer"], "items": items, "partial": ""}


def _of_alert(run: Session, which: str, service: str) -> dict[str, Any]:
    found = _unless_missing(run, "/v1/why", {"alert": which, "service": service or None})
    if found is None:
        raise CliError(
            f"There is no incident or alert {which}. `tocsin incidents list` and"
            " `tocsin alerts list` show what there is; an alert that was accepted and is in"
            " neither may be a dead letter: `tocsin dead-letters list`."
        )
    others = ", ".join(found["others"])
    return {**found, "partial": f"The same key in other services: {others}" if others else ""}


def _unless_missing(
    run: Session, path: str, params: dict[str, object] | None = None
) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = run.client.get(INTAKE, path, params)
    except CliError as error:
        if error.more.get("status") == httpx.codes.NOT_FOUND:
            return None
        raise
    return found
