"""`tocsin swap`: two people agree to take each other's turns."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from tocsin.cli.failure import UsageError
from tocsin.cli.on_call import ESCALATION
from tocsin.cli.session import session
from tocsin.cli.taking_up import TAKEN_UP_WITHIN, DryRun, Within, moves, told
from tocsin.cli.times import instant, rfc3339, shown

PATH = "/v1/swaps"
By = Annotated[str, typer.Option("--by", help="Who says so: a person of the catalog.")]

app = typer.Typer(no_args_is_help=True, help="Swaps: propose, list, accept, decline, withdraw.")


@app.command("propose")
def propose(
    ctx: typer.Context,
    schedule: str,
    by: By,
    other: Annotated[str, typer.Option("--with", help="Who is to take it.")],
    start: Annotated[str, typer.Option("--from", help="From when: a time, or from now (2h).")],
    until: Annotated[str, typer.Option(help="Until when: a time, or how long (1d).")],
    return_start: Annotated[str, typer.Option("--return-from", help="Taken in return.")] = "",
    return_until: Annotated[str, typer.Option("--return-until", help="Until when.")] = "",
    reason: Annotated[str, typer.Option(help="Why; pages tell it.")] = "",
    expires_at: Annotated[
        str, typer.Option(help="Until when it can be accepted; default: until the first begins.")
    ] = "",
    dry_run: DryRun = False,
) -> None:
    """Propose a swap, and say what it would move; nothing changes until the other accepts it."""
    run = session(ctx)
    if bool(return_start) != bool(return_until):
        raise UsageError("say both --return-from and --return-until, or neither")

    def span(begins: str, ends: str) -> dict[str, str]:
        since = instant(begins, run.world.now())
        return {"from": rfc3339(since), "until": rfc3339(instant(ends, since))}

    body: dict[str, Any] = {
        "schedule": schedule,
        "by": by,
        "with": other,
        "reason": reason,
        **span(start, until),
    }
    if return_start:
        body["in_return"] = span(return_start, return_until)
    if expires_at:
        body["expires_at"] = rfc3339(instant(expires_at, run.world.now()))
    if dry_run:
        body["dry_run"] = True
    answer = run.client.post(ESCALATION, PATH, body)
    moves(run, answer)
    run.out.answer(answer)
    if dry_run:
        run.out.say("nothing was proposed")
    else:
        when = f"until {shown(answer['expires_at'])}"
        run.out.say(f"{answer['id']}: {_words(answer)}; {other} accepts it {when}, or not")


@app.command("list")
def listed(
    ctx: typer.Context,
    schedule: Annotated[str, typer.Option(help="Of one schedule only.")] = "",
    person: Annotated[str, typer.Option(help="Of one person only.")] = "",
) -> None:
    """List swaps."""
    run = session(ctx)
    params = {"schedule": schedule or None, "person": person or None}
    found = list(run.client.items(ESCALATION, PATH, params))
    run.out.answer({"items": found})
    run.out.table(
        ("id", "schedule", "swap", "status", "reason"),
        [(one["id"], one["schedule"], _words(one), one["status"], one["reason"]) for one in found],
        empty="There are no swaps.",
    )


@app.command("accept")
def accept(
    ctx: typer.Context,
    swap: str,
    by: By,
    dry_run: DryRun = False,
    within: Within = TAKEN_UP_WITHIN,
) -> None:
    """Agree: both are on call for each other, and every service knows when this returns."""
    run = session(ctx)
    body = {"by": by, "dry_run": True} if dry_run else {"by": by}
    answer = run.client.post(ESCALATION, _path(swap, "accept"), body)
    told(run, answer, _became(swap, answer), within)


@app.command("decline")
def decline(ctx: typer.Context, swap: str, by: By) -> None:
    """Say no: everything stays as it is."""
    _answer(ctx, swap, "decline", by)


@app.command("withdraw")
def withdraw(ctx: typer.Context, swap: str, by: By) -> None:
    """Take back what was proposed, while nobody has agreed."""
    _answer(ctx, swap, "withdraw", by)


def _answer(ctx: typer.Context, swap: str, verb: str, by: str) -> None:
    run = session(ctx)
    answer = run.client.post(ESCALATION, _path(swap, verb), {"by": by})
    run.out.answer(answer)
    run.out.say(_became(swap, answer))


def _path(swap: str, verb: str) -> str:
    return f"{PATH}/{quote(swap, safe='')}/{verb}"


def _became(swap: str, answer: dict[str, Any]) -> str:
    return f"{swap} is {answer['status']}: {_words(answer)}"


def _words(one: dict[str, Any]) -> str:
    given = f"{one['with']} instead of {one['by']}, {shown(one['from'])} to {shown(one['until'])}"
    if not (back := one["in_return"]):
        return given
    taken = f"{one['by']} instead of {one['with']}, {shown(back['from'])} to {shown(back['until'])}"
    return f"{given}; {taken}"
