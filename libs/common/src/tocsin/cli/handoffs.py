"""`tocsin handoff`: words for whoever is on call next."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from tocsin.cli.on_call import ESCALATION
from tocsin.cli.session import session
from tocsin.cli.times import shown

POSTMORTEM = "postmortem"

app = typer.Typer(no_args_is_help=True, help="Handoffs: leave a note, read notes.")


@app.command("note")
def note(
    ctx: typer.Context,
    schedule: str,
    text: str,
    by: Annotated[str, typer.Option("--by", help="Who leaves it; default: the token's name.")] = "",
) -> None:
    """Leave a note for whoever is on call next for a schedule."""
    run = session(ctx)
    body: dict[str, Any] = {"text": text} | ({"by": by} if by else {})
    answer = run.client.post(ESCALATION, f"/v1/schedules/{quote(schedule, safe='')}/notes", body)
    run.out.answer(answer)
    run.out.say(f"{answer['id']}: left for whoever is on call next for {schedule}")


@app.command("notes")
def notes(ctx: typer.Context, schedule: str) -> None:
    """List the notes of a schedule, the newest first."""
    run = session(ctx)
    found = list(run.client.items(POSTMORTEM, "/v1/handoff-notes", {"schedule": schedule}))
    run.out.answer({"items": found})
    run.out.table(
        ("left", "by", "note"),
        [(shown(one["left_at"]), one["by"], one["text"]) for one in found],
        empty="There are no notes.",
    )
