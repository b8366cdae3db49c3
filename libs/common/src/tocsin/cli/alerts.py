"""`tocsin ring` and `tocsin alerts`: a test alert in, and the alerts there are."""

from typing import Any

import httpx
import typer

from tocsin.cli.failure import CliError, UsageError
from tocsin.cli.session import Session, session
from tocsin.cli.times import shown

BAD_SIGNATURE = "urn:tocsin:problem:bad-signature"
app = typer.Typer(no_args_is_help=True, help="Alerts.")
INTAKE = "incident-intake"
DEV_KEY = "tocsin-dev-key"  # Of the examples; intake refuses it in production.
SEVERITIES = ("critical", "error", "warning", "info")


def ring(
    ctx: typer.Context,
    title: str = typer.Option("A test of the alarm", help="What people read."),
    severity: str = typer.Option("critical", help=", ".join(SEVERITIES)),
    key: str = typer.Option("", help="Integration key; default TOCSIN_KEY, then the examples'."),
    service: str = typer.Option("", help="Service, for a key that has none."),
    dedup_key: str = typer.Option("", help="The alert's identity; default: a new one each time."),
    resolve: bool = typer.Option(False, "--resolve", help="End the alert of --dedup-key."),
) -> None:
    """Send a test alert through the front door."""
    run = session(ctx)
    if severity not in SEVERITIES:
        raise UsageError(f"{severity!r} is not a severity; one of {', '.join(SEVERITIES)}")
    if resolve and not dedup_key:
        raise UsageError("--resolve needs the --dedup-key of the alert to end")
    body = {
        "title": title,
        "severity": severity,
        "status": "resolved" if resolve else "firing",
        "dedup_key": dedup_key or f"ring-{run.world.now().timestamp():.6f}",
    }
    if service:
        body["service"] = service
    answer = _send(run, body, key or run.access.key or DEV_KEY)
    run.out.answer({**answer, "dedup_key": body["dedup_key"]})
    what = "the end of the alert" if resolve else title
    run.out.say(f"accepted: {what} (dedup key {body['dedup_key']})")


def _send(run: Session, body: dict[str, str], key: str) -> dict[str, Any]:
    # The operator's token is no business of the front door.
    headers = {"X-Tocsin-Key": key, "Authorization": ""}
    try:
        found: dict[str, Any] = run.client.send(
            INTAKE, "POST", "/v1/alerts/generic", body, headers
        ).json()
    except CliError as error:
        if error.more.get("status") in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            raise CliError(_refused(error.more.get("problem")), more=error.more) from error
        raise
    return found


def _refused(problem: Any) -> str:  # noqa: ANN401 - JSON.
    if isinstance(problem, dict) and problem.get("type") == BAD_SIGNATURE:
        return "This integration has to sign, and `ring` cannot; give the key of another one."
    return "The integration key is not known; give one with --key or TOCSIN_KEY."


@app.command("list")
def listed(
    ctx: typer.Context,
    service: str = typer.Option("", help="Of one service only."),
    status: str = typer.Option("", help="firing, resolved, expired or suppressed only."),
) -> None:
    """List alerts, one line per identity."""
    run = session(ctx)
    found = list(
        run.client.items(
            INTAKE, "/v1/alerts", {"service": service or None, "status": status or None}
        )
    )
    run.out.answer({"items": found})
    run.out.table(
        ("status", "severity", "service", "title", "since", "ended", "incident"),
        [
            (
                one["status"],
                one["severity"],
                one["service"],
                one["title"],
                shown(one.get("started_at")),
                shown(one.get("ended_at")),
                one.get("incident") or "",
            )
            for one in found
        ],
        empty="There are no alerts.",
    )
