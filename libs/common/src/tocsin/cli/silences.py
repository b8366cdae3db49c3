"""`tocsin silence`: for a while, matching alerts notify nobody."""

from typing import Annotated
from urllib.parse import quote

import typer

from tocsin import matching
from tocsin.cli.alerts import INTAKE
from tocsin.cli.failure import UsageError
from tocsin.cli.session import session
from tocsin.cli.times import instant, rfc3339, shown

app = typer.Typer(no_args_is_help=True, help="Silences: add, list, expire.")


@app.command("add")
def add(
    ctx: typer.Context,
    matchers: Annotated[
        list[str], typer.Argument(help='Matchers, all of which must hold: team="db"')
    ],
    until: Annotated[str, typer.Option(help="Until when: a time, or how long (2h).")],
    start: Annotated[str, typer.Option("--from", help="From when; default: now.")] = "",
    comment: Annotated[str, typer.Option(help="Why.")] = "",
) -> None:
    """Silence the alerts whose labels satisfy every matcher."""
    run = session(ctx)
    now = run.world.now()
    for text in matchers:
        _check(text)
    body = {
        "matchers": matchers,
        "starts_at": rfc3339(instant(start, now) if start else now),
        "ends_at": rfc3339(instant(until, now)),
        "comment": comment,
    }
    answer = run.client.post(INTAKE, "/v1/silences", body)
    run.out.answer(answer)
    run.out.say(f"silenced until {shown(body['ends_at'])}: {', '.join(matchers)} ({answer['id']})")


@app.command("list")
def listed(ctx: typer.Context) -> None:
    """List silences."""
    run = session(ctx)
    found = list(run.client.items(INTAKE, "/v1/silences"))
    run.out.answer({"items": found})
    run.out.table(
        ("id", "matchers", "from", "until", "by", "comment"),
        [
            (
                one["id"],
                ", ".join(one["matchers"]),
                shown(one["starts_at"]),
                shown(one["ends_at"]),
                one.get("created_by", ""),
                one.get("comment", ""),
            )
            for one in found
        ],
        empty="There are no silences.",
    )


@app.command("expire")
def expire(ctx: typer.Context, silence: str) -> None:
    """End a silence now; what still fires behind it pages."""
    run = session(ctx)
    answer = run.client.post(INTAKE, f"/v1/silences/{quote(silence, safe='')}/expire")
    run.out.answer(answer or {"id": silence})
    run.out.say(f"{silence} has ended")


def _check(text: str) -> None:
    try:
        matching.parse(text)
    except ValueError as error:
        raise UsageError(str(error)) from error
