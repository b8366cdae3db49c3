"""`tocsin incidents`: read them, and answer them."""

from typing import Any
from urllib.parse import quote

import httpx
import typer

from tocsin.cli.alerts import INTAKE
from tocsin.cli.failure import CliError
from tocsin.cli.session import Session, session
from tocsin.cli.times import instant, rfc3339, shown

app = typer.Typer(no_args_is_help=True, help="Incidents, by number or id.")
WHICH = typer.Argument(help="The incident's number or id.")
NAMES = "user:NAME or team:NAME; give it again for more."
TO = typer.Option([], help=NAMES)
REASON = typer.Option("", help="Why; it is told with the page, and on the timeline.")
BY = typer.Option("", help="Who does it; without it, the token.")


@app.command("list")
def listed(
    ctx: typer.Context,
    status: str = typer.Option("", help="triggered, acknowledged or resolved only."),
    service: str = typer.Option("", help="Of one service only."),
    since: str = typer.Option("", help="Opened since: a time, or how long ago (2h)."),
) -> None:
    """List incidents, newest first."""
    run = session(ctx)
    found = list(
        run.client.items(
            INTAKE,
            "/v1/incidents",
            {
                "status": status or None,
                "service": service or None,
                "since": _ago(run, since) if since else None,
            },
        )
    )
    run.out.answer({"items": found})
    run.out.table(
        ("number", "status", "severity", "service", "title", "triggered", "acknowledged by"),
        [
            (
                one["number"],
                one["status"],
                one["severity"],
                one["service"],
                one["title"],
                shown(one["triggered_at"]),
                one["acknowledged_by"] or "",
            )
            for one in found
        ],
        empty="There are no incidents.",
    )


@app.command("show")
def show(ctx: typer.Context, which: str = WHICH) -> None:
    """Show an incident, its alerts and its timeline."""
    run = session(ctx)
    found = _incident(run, which)
    story, missing = _timeline(run, found["id"])
    run.out.answer({**found, "timeline": story, "timeline_error": missing or None})
    run.out.say(f"#{found['number']} {found['title']}", style="bold")
    run.out.say(
        f"{found['status']}, {found['severity']}, {found['service']},"
        f" triggered {shown(found['triggered_at'])}; id {found['id']}"
    )
    run.out.say("")
    run.out.table(
        ("alert", "status", "severity", "since", "ended"),
        [
            (
                alert["title"],
                alert["status"],
                alert["severity"],
                shown(alert["started_at"]),
                shown(alert["ended_at"]),
            )
            for alert in found.get("alert_list", [])
        ],
        empty="No alert belongs to it.",
    )
    run.out.say("")
    run.out.table(
        ("time", "what happened"),
        [(shown(entry["at"]), entry["text"]) for entry in story],
        empty=missing or "Nothing is on its timeline yet.",
    )


@app.command("ack")
def acknowledge(ctx: typer.Context, which: str = WHICH, by: str = BY) -> None:
    """I have it: escalation stops."""
    _command(session(ctx), which, "acknowledge", _order(by), "acknowledged")


@app.command("resolve")
def resolve(ctx: typer.Context, which: str = WHICH, by: str = BY) -> None:
    """It is over."""
    _command(session(ctx), which, "resolve", _order(by), "resolved")


@app.command("escalate")
def escalate(
    ctx: typer.Context,
    which: str = WHICH,
    to: list[str] = TO,
    reason: str = REASON,
    by: str = BY,
) -> None:
    """Page the next level now; with --to, these people and teams as well, and all else goes on."""
    body = {**({"to": to} if to else {}), **_order(by, reason)}
    done = f"escalated to {', '.join(to)}" if to else "escalates"
    _command(session(ctx), which, "escalate", body, done)


@app.command("reassign")
def reassign(
    ctx: typer.Context,
    which: str = WHICH,
    to: list[str] = typer.Option(..., help=NAMES),
    reason: str = REASON,
    by: str = BY,
) -> None:
    """Make it the business of these people and teams: they are paged instead of everybody else."""
    done = f"reassigned to {', '.join(to)}"
    _command(session(ctx), which, "reassign", {"to": to, **_order(by, reason)}, done)


@app.command("snooze")
def snooze(
    ctx: typer.Context,
    which: str = WHICH,
    until: str = typer.Argument(help="Until when: a time, or how long (2h)."),
    by: str = BY,
) -> None:
    """Page again later, unless it is resolved by then."""
    run = session(ctx)
    at = rfc3339(instant(until, run.world.now()))
    _command(run, which, "snooze", {"until": at, **_order(by)}, f"snoozed until {shown(at)}")


@app.command("note")
def note(
    ctx: typer.Context, which: str = WHICH, text: str = typer.Argument(), by: str = BY
) -> None:
    """Write something on its timeline."""
    _command(session(ctx), which, "note", {"text": text, **_order(by)}, "noted")


def _order(by: str, reason: str = "") -> dict[str, Any]:
    return {name: said for name, said in (("by", by), ("reason", reason)) if said}


def _command(run: Session, which: str, verb: str, body: dict[str, Any], done: str) -> None:
    found = _incident(run, which)
    path = f"/v1/incidents/{quote(found['id'], safe='')}/{verb}"
    answer = run.client.post(INTAKE, path, body)
    run.out.answer({"incident": found["id"], "number": found["number"], **answer})
    run.out.say(f"#{found['number']} {found['title']}: {done}")


def _incident(run: Session, which: str) -> dict[str, Any]:
    """Return the incident that a number (with or without #) or an id names."""
    path = f"/v1/incidents/{quote(which.removeprefix('#'), safe='')}"
    try:
        found: dict[str, Any] = run.client.get(INTAKE, path)
    except CliError as error:
        if error.more.get("status") == httpx.codes.NOT_FOUND:
            raise CliError(f"There is no incident {which}.", more=error.more) from error
        raise
    return found


def _timeline(run: Session, incident: str) -> tuple[list[dict[str, Any]], str]:
    """Return the timeline, and why there is none: the incident itself is still worth showing."""
    path = f"/v1/timelines/{quote(incident, safe='')}"
    try:
        return list(run.client.items("postmortem", path)), ""
    except CliError as error:
        if error.more.get("status") == httpx.codes.NOT_FOUND:
            return [], ""
        return [], f"The timeline cannot be read: {error.sentence}"


def _ago(run: Session, text: str) -> str:
    now = run.world.now()
    at = instant(text, now)
    return rfc3339(now - (at - now) if at > now else at)
