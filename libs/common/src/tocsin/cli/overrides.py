"""`tocsin override`: for a while somebody else is on call."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote

import typer

from tocsin import durations
from tocsin.cli.failure import UsageError
from tocsin.cli.on_call import ESCALATION
from tocsin.cli.session import session
from tocsin.cli.taking_up import TAKEN_UP_WITHIN, DryRun, Within, told
from tocsin.cli.times import instant, rfc3339, shown

PATH = "/v1/overrides"

app = typer.Typer(no_args_is_help=True, help="Overrides: add, list, remove.")


@app.command("add")
def add(
    ctx: typer.Context,
    schedule: str,
    until: Annotated[str, typer.Option(help="Until when: a time, or how long (4h).")],
    start: Annotated[str, typer.Option("--from", help="From when; default: now.")] = "",
    added: Annotated[
        list[str] | None, typer.Option("--add", help="On call as well; may be given again.")
    ] = None,
    removed: Annotated[
        list[str] | None, typer.Option("--remove", help="Not on call; with --add: instead of.")
    ] = None,
    covering: Annotated[
        list[str] | None, typer.Option("--cover", help="On call instead of everybody.")
    ] = None,
    nobody: Annotated[bool, typer.Option("--nobody", help="Nobody is on call.")] = False,
    reason: Annotated[str, typer.Option(help="Why; pages tell it.")] = "",
    replaces: Annotated[
        str, typer.Option(help="An override that ends in the same moment: this one moves it.")
    ] = "",
    dry_run: DryRun = False,
    within: Within = TAKEN_UP_WITHIN,
) -> None:
    """Put somebody else on call for a while; the next page goes to them.

    A time without Z or an offset is on the clock of the schedule's zone.
    """
    run = session(ctx)
    if sum(map(bool, (added or removed, covering, nobody))) != 1:
        raise UsageError("say --add, --remove or both; or else --cover, or --nobody")
    begins, ends = _span(start, until, run.world.now())
    body: dict[str, Any] = {
        "schedule": schedule,
        "from": begins if start else None,  # Now, by the service's clock.
        "until": ends,
        "add": added or [],
        "remove": removed or [],
        "reason": reason,
        "dry_run": dry_run,
    }
    if replaces:
        body["replaces"] = replaces
    if covering or nobody:
        body["cover"] = covering or []
    answer = run.client.post(ESCALATION, PATH, body)
    told(run, answer, f"{answer['id']}: {_did(answer)}, until {shown(answer['until'])}", within)


@app.command("list")
def listed(
    ctx: typer.Context,
    schedule: Annotated[str, typer.Option(help="Of one schedule only.")] = "",
    start: Annotated[str, typer.Option("--from", help="In force after this; default: now.")] = "",
    until: Annotated[str, typer.Option(help="In force before this: a time, or how long.")] = "",
    past: Annotated[bool, typer.Option("--past", help="Those that are over as well.")] = False,
) -> None:
    """List overrides, those that are over left out."""
    run = session(ctx)
    now = run.world.now()
    begin = instant(start, now) if start else now
    found = list(
        run.client.items(
            ESCALATION,
            PATH,
            {
                "schedule": schedule or None,
                "from": None if past and not start else rfc3339(begin),
                "until": rfc3339(instant(until, begin)) if until else None,
            },
        )
    )
    run.out.answer({"items": found})
    run.out.table(
        ("id", "schedule", "from", "until", "on call", "reason", "by"),
        [
            (
                one["id"],
                one["schedule"],
                shown(one["from"]),
                shown(one["until"]),
                _did(one),
                one["reason"],
                one["author"],
            )
            for one in found
        ],
        empty="There are no overrides.",
    )


@app.command("remove")
def remove(
    ctx: typer.Context,
    override: str,
    dry_run: DryRun = False,
    within: Within = TAKEN_UP_WITHIN,
) -> None:
    """End an override now; one that has not begun is gone."""
    run = session(ctx)
    path = f"{PATH}/{quote(override, safe='')}"
    params = {"dry_run": "true"} if dry_run else None
    answer = run.client.send(ESCALATION, "DELETE", path, params=params).json()
    told(run, answer, f"{override} has ended", within)


def _span(start: str, until: str, now: datetime) -> tuple[str, str]:
    """Return both ends as documents write them; a duration counts from the beginning."""
    begins = _time(start, now) if start else rfc3339(now)
    since = datetime.fromisoformat(begins)
    length = _length(until)
    if length is None:
        return begins, _time(until, now)
    ends = since + length
    return begins, rfc3339(ends) if ends.tzinfo else ends.isoformat()


def _time(text: str, now: datetime) -> str:
    try:
        if datetime.fromisoformat(text).tzinfo is None:
            return text  # On the schedule's clock, which the service knows.
    except ValueError:
        pass
    return rfc3339(instant(text, now))


def _length(text: str) -> timedelta | None:
    try:
        return durations.parse(text)
    except ValueError:
        return None


def _did(one: dict[str, Any]) -> str:
    added, removed, cover = one["add"], one["remove"], one["cover"]
    if cover is not None:
        return f"{', '.join(cover) or 'nobody'} instead of everybody"
    if not removed:
        return f"{', '.join(added)} as well"
    if not added:
        return f"not {', '.join(removed)}"
    return f"{', '.join(added)} instead of {', '.join(removed)}"
