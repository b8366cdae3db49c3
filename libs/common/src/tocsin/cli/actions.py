"""`tocsin postmortems actions`: what was promised, by whom, by when."""

from datetime import date
from typing import Any
from urllib.parse import quote

import typer

from tocsin.cli.failure import UsageError
from tocsin.cli.postmortems import BY, POSTMORTEM, WHICH, address, order
from tocsin.cli.session import Session, session

app = typer.Typer(no_args_is_help=True, help="Action items of postmortems.")
ITEM = typer.Argument(help="The action item's id.")


@app.command("list")
def listed(
    ctx: typer.Context,
    state: str = typer.Option("", help="open, done or dropped only."),
    owner: str = typer.Option("", help="Of one owner only."),
    overdue: bool = typer.Option(False, help="Open, and due before today."),
) -> None:
    """List action items of all postmortems, the earliest due first."""
    run = session(ctx)
    today = run.world.now().date().isoformat()
    wanted = {
        "state": "open" if overdue else state or None,
        "owner": owner or None,
        "due_before": today if overdue else None,
    }
    found = list(run.client.items(POSTMORTEM, "/v1/action-items", wanted))
    run.out.answer({"items": found})
    run.out.table(
        ("id", "due", "state", "owner", "action item"),
        [(one["id"], one["due"], one["state"], one["owner"], one["title"]) for one in found],
        empty="There are no action items.",
    )


@app.command("add")
def add(
    ctx: typer.Context,
    which: str = WHICH,
    title: str = typer.Argument(help="What is promised."),
    owner: str = typer.Option(help="Who promises it."),
    due: str = typer.Option(help="By when: a date (2026-04-01)."),
    by: str = BY,
) -> None:
    """Promise a change, with an owner and a date."""
    run = session(ctx)
    body = {"title": title, "owner": owner, "due": _date(due), **order(by)}
    answer = run.client.post(POSTMORTEM, f"{address(run, which)}/action-items", body)
    run.out.answer(answer)
    run.out.say(f"{answer['id']}: {title}, {owner}, due {answer['due']}")


@app.command("change")
def change(
    ctx: typer.Context,
    item: str = ITEM,
    title: str = typer.Option("", help="What is promised now."),
    owner: str = typer.Option("", help="Who promises it now."),
    due: str = typer.Option("", help="By when now."),
    by: str = BY,
) -> None:
    """Say anew what is promised, by whom or by when."""
    given = {"title": title, "owner": owner, "due": _date(due) if due else ""}
    _changed(session(ctx), item, {name: text for name, text in given.items() if text}, by)


@app.command("done")
def done(ctx: typer.Context, item: str = ITEM, by: str = BY) -> None:
    """It was done."""
    _changed(session(ctx), item, {"state": "done"}, by)


@app.command("drop")
def drop(ctx: typer.Context, item: str = ITEM, by: str = BY) -> None:
    """It will not be done."""
    _changed(session(ctx), item, {"state": "dropped"}, by)


@app.command("reopen")
def reopen(ctx: typer.Context, item: str = ITEM, by: str = BY) -> None:
    """It is to be done after all."""
    _changed(session(ctx), item, {"state": "open"}, by)


def _changed(run: Session, item: str, given: dict[str, Any], by: str) -> None:
    path = f"/v1/action-items/{quote(item, safe='')}"
    found = run.client.get(POSTMORTEM, path)
    kept = {name: found[name] for name in ("title", "owner", "due", "state")}
    headers = {"If-Match": f'"{found["version"]}"'}
    body = {**kept, **given, **order(by)}
    answer = run.client.send(POSTMORTEM, "PUT", path, body, headers).json()
    run.out.answer(answer)
    run.out.say(
        f"{answer['id']}: {answer['title']}, {answer['owner']}, due {answer['due']},"
        f" {answer['state']}"
    )


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise UsageError(f"{text!r} is not a date, such as 2026-04-01") from error
