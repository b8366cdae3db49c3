"""`tocsin absences`: who is away, and how reading their calendars goes."""

import typer

from tocsin.cli.on_call import ESCALATION
from tocsin.cli.session import session
from tocsin.cli.times import instant, rfc3339, shown

PATH = "/v1/absences"


def absences(
    ctx: typer.Context,
    person: str = typer.Argument("", help="One person only."),
    start: str = typer.Option("", "--from", help="From when; default: now."),
    until: str = typer.Option("90d", help="Until when: a time, or how long (90d)."),
    calendars: bool = typer.Option(False, "--calendars", help="How reading the calendars goes."),
) -> None:
    """Tell who is away, and so passed over by the schedules."""
    if calendars:
        _tell_calendars(ctx)
        return
    run = session(ctx)
    begin = instant(start, run.world.now()) if start else run.world.now()
    params = {
        "person": person or None,
        "from": rfc3339(begin),
        "to": rfc3339(instant(until, begin)),
    }
    found = list(run.client.items(ESCALATION, PATH, params))
    run.out.answer({"items": found})
    run.out.table(
        ("person", "from", "until"),
        [(one["person"], shown(one["from"]), shown(one["until"])) for one in found],
        empty="Nobody is away in this time.",
    )


def _tell_calendars(ctx: typer.Context) -> None:
    run = session(ctx)
    found = run.client.get(ESCALATION, f"{PATH}/calendars")
    run.out.answer(found)
    run.out.table(
        ("calendar", "of", "read", "fails since", "because"),
        [
            (
                one["calendar"],
                ", ".join(owner["name"] for owner in one["owners"]),
                shown(one["read_at"]) if one["read_at"] else "never",
                shown(one["failing_since"]) if one["failing_since"] else "",
                one["error"] or "",
            )
            for one in found["items"]
        ],
        empty="The catalog names no calendars.",
    )
