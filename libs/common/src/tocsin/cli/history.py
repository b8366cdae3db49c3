"""`tocsin history` and `tocsin rollback`: the versions of the catalog, and the way back to one."""

from itertools import islice
from typing import Annotated, Any

import httpx
import typer

from tocsin.catalog.loading import Loaded
from tocsin.cli import plans
from tocsin.cli.catalog import CHANGED, Weeks, Yes, author, confirm, located
from tocsin.cli.failure import CliError
from tocsin.cli.on_call import ESCALATION
from tocsin.cli.session import Session, session
from tocsin.cli.taking_up import TAKEN_UP_WITHIN, Within, taken_up
from tocsin.cli.times import shown

PATH = "/v1/catalog/rollback"


def history(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="How many of the latest.")] = 20,
) -> None:
    """List the versions of the catalog, the latest first."""
    run = session(ctx)
    found = list(islice(run.client.items(ESCALATION, "/v1/catalog/history"), limit))
    run.out.answer({"items": found})
    run.out.table(
        ("version", "at", "by", "token", "sets", "documents", "reason"),
        [
            (
                one["version"],
                shown(one["at"]),
                one["author"],
                one["token"],
                ", ".join(one["sets"]),
                one["changed"],
                one["reason"],
            )
            for one in found
        ],
        empty="Nothing was ever applied.",
    )


def rollback(
    ctx: typer.Context,
    version: Annotated[int, typer.Argument(min=1, help="What `tocsin history` lists.")],
    of_set: Annotated[str, typer.Option("--set", help="Of one set only.")] = "",
    reason: Annotated[str, typer.Option(help="Why; the history tells it.")] = "",
    yes: Yes = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would change; exit 2 for changes.")
    ] = False,
    weeks: Weeks = plans.WEEKS,
    within: Within = TAKEN_UP_WITHIN,
) -> None:
    """Put an earlier version in force again, as a new one; return when everybody has it."""
    run = session(ctx)
    body = {"version": version, "reason": reason, **({"set": of_set} if of_set else {})}
    try:
        found = plans.asked(run, PATH, {**body, "dry_run": True, "weeks": weeks})
    except CliError as error:
        raise located(error, Loaded()) from error
    found["warnings"] = [str(one["text"]) for one in found["warnings"]]
    plans.show(run, found)
    if dry_run:
        run.out.answer(found)
        raise typer.Exit(2 if found["changes"] else 0)
    if found["changes"]:
        confirm(run, found, f"the set {of_set}" if of_set else "every set", yes=yes)
        found = _rolled_back(run, {**body, "author": author()}, found["version"])
    taken_up(run, found["version"], within)
    run.out.answer(found)
    run.out.say(f"version {found['version']} is in force everywhere", style="green")


def _rolled_back(run: Session, body: dict[str, Any], version: int) -> dict[str, Any]:
    headers = {"If-Match": f'"{version}"'}
    try:
        found: dict[str, Any] = run.client.send(ESCALATION, "POST", PATH, body, headers).json()
    except CliError as error:
        if error.more.get("status") == httpx.codes.PRECONDITION_FAILED:
            raise CliError(CHANGED, more=error.more) from error
        raise located(error, Loaded()) from error
    return found
