"""`tocsin on-call`, `tocsin shifts` and `tocsin calendar`: who answers, and when."""

from datetime import datetime
from typing import Annotated
from urllib.parse import quote

import typer

from tocsin.cli.client import Json
from tocsin.cli.session import session
from tocsin.cli.times import instant, rfc3339, shown

ESCALATION = "escalation"
Known = Annotated[str, typer.Option(help="By the catalog that was in force at this time.")]


def on_call(
    ctx: typer.Context,
    schedule: str = typer.Argument("", help="One schedule only."),
    at: str = typer.Option("", help="At another instant: a time, or from now (2h)."),
    as_known_at: Known = "",
) -> None:
    """Tell who is on call."""
    run = session(ctx)
    now = run.world.now()
    found = run.client.get(
        ESCALATION,
        "/v1/on-call",
        {
            "schedule": schedule or None,
            "at": rfc3339(instant(at, now)) if at else None,
            "as_known_at": _known(as_known_at, now),
        },
    )
    run.out.answer(found)
    run.out.table(
        ("schedule", "on call", "because"),
        [
            (one["schedule"], _people(one) or "nobody", ", ".join(one["reason"]))
            for one in found["items"]
        ],
        empty="There are no schedules.",
    )
    if as_known_at and found["items"]:
        run.out.say(f"as version {found['items'][0]['catalog_version']} of the catalog says")


def calendar(ctx: typer.Context, person: str) -> None:
    """Tell the address of somebody's shifts as a calendar; who knows it may read them."""
    run = session(ctx)
    found = run.client.get(ESCALATION, f"/v1/users/{quote(person, safe='')}/calendar")
    run.out.answer(found)
    run.out.say(found["url"])


def shifts(
    ctx: typer.Context,
    schedule: str,
    start: str = typer.Option("", "--from", help="From when; default: now."),
    until: str = typer.Option("14d", help="Until when: a time, or how long (14d)."),
    as_known_at: Known = "",
) -> None:
    """Tell the shifts of a schedule."""
    run = session(ctx)
    now = run.world.now()
    begin = instant(start, now) if start else now
    found = run.client.get(
        ESCALATION,
        f"/v1/schedules/{quote(schedule, safe='')}/shifts",
        {
            "from": rfc3339(begin),
            "to": rfc3339(instant(until, begin)),
            "as_known_at": _known(as_known_at, now),
        },
    )
    run.out.answer(found)
    run.out.table(
        ("from", "until", "on call"),
        [(shown(one["from"]), shown(one["until"]), _people(one)) for one in found["items"]],
        empty="Nobody is on call in this time.",
    )


def _known(as_known_at: str, now: datetime) -> str | None:
    return rfc3339(instant(as_known_at, now)) if as_known_at else None


def _people(one: Json) -> str:
    shadows = (f"{name} (shadow)" for name in one.get("shadows", ()))
    return ", ".join([*one["responders"], *shadows])
