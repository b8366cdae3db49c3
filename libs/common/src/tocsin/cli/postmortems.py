"""`tocsin postmortems`: read, write, review, publish, export; and what was promised."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import typer

from tocsin.cli.alerts import INTAKE
from tocsin.cli.failure import CliError
from tocsin.cli.session import Session, session
from tocsin.cli.times import shown

POSTMORTEM = "postmortem"
LONGEST_NUMBER = 10
app = typer.Typer(no_args_is_help=True, help="Postmortems, by their id or their incident's.")
WHICH = typer.Argument(help="The postmortem's id, or its incident's id or number.")
BY = typer.Option("", help="Who does it; without it, the token.")


class Format(StrEnum):
    """What a postmortem can be exported as."""

    MARKDOWN = "md"
    HTML = "html"
    JSON = "json"
    SVG = "svg"


@app.command("list")
def listed(ctx: typer.Context) -> None:
    """List the postmortems of resolved incidents, the latest resolve first."""
    run = session(ctx)
    found = list(run.client.items(POSTMORTEM, "/v1/postmortems"))
    run.out.answer({"items": found})
    run.out.table(
        ("id", "status", "service", "title", "resolved", "events"),
        [
            (
                one["id"],
                one["status"],
                one["service"],
                one["title"],
                shown(one["resolved_at"]),
                one["events"],
            )
            for one in found
        ],
        empty="No incident was resolved yet, so there is no postmortem.",
    )


@app.command("show")
def show(ctx: typer.Context, which: str = WHICH) -> None:
    """Show where a postmortem stands, its text, and what late facts changed."""
    run = session(ctx)
    found = run.client.get(POSTMORTEM, address(run, which))
    run.out.answer(found)
    for line in found["markdown"].splitlines():
        run.out.say(line)
    _late(run, found)


def _late(run: Session, found: dict[str, Any]) -> None:
    changes = found["changes"]
    if not changes["events"] and not changes["facts"]:
        return
    since = "it was published" if found["status"] == "published" else "its review was asked for"
    run.out.say(f"The facts changed since {since}:", style="bold")
    run.out.table(
        ("time", "event"),
        [(shown(one["at"]), one["text"]) for one in changes["events"]],
        empty="No event came.",
    )
    run.out.table(
        ("section", "was", "is"),
        [(one["section"], one["before"] or "", one["after"] or "") for one in changes["facts"]],
        empty="",
    )
    if changes["more"]:
        run.out.say(f"and {changes['more']} more")


@app.command("write")
def write(
    ctx: typer.Context,
    which: str = WHICH,
    section: str = typer.Argument(help="The section's key, such as impact."),
    text: str = typer.Argument("-", help="The text; - reads it from standard input."),
    by: str = BY,
) -> None:
    """Write a section; refused, with what stands there, if somebody else changed it meanwhile."""
    run = session(ctx)
    path = address(run, which)
    found = run.client.get(POSTMORTEM, path)
    versions = {one["key"]: one["words_version"] for one in found["sections"]}
    headers = {"If-Match": f'"{versions.get(section, 0)}"'}
    body = {"text": sys.stdin.read() if text == "-" else text, **order(by)}
    place = f"{path}/sections/{quote(section, safe='')}"
    try:
        answer = run.client.send(POSTMORTEM, "PUT", place, body, headers).json()
    except CliError as error:
        raise _with_theirs(error) from error
    run.out.answer(answer)
    run.out.say(f"{section}: version {answer['version']} is written")


def _with_theirs(error: CliError) -> CliError:
    if error.more.get("status") != httpx.codes.PRECONDITION_FAILED:
        return error
    theirs = error.more["problem"]["current"]["text"]
    return CliError(f"{error.sentence}\nWhat stands there now:\n{theirs}", more=error.more)


@app.command("review")
def review(ctx: typer.Context, which: str = WHICH, by: str = BY) -> None:
    """Ask for a review of the draft."""
    _did(session(ctx), which, "review", order(by), "is in review")


@app.command("publish")
def publish(
    ctx: typer.Context,
    which: str = WHICH,
    digest: str = typer.Option("", help="Which facts were looked at, if they changed in review."),
    by: str = BY,
) -> None:
    """Publish what was reviewed; the version never changes."""
    body = {**order(by), **({"digest": digest} if digest else {})}
    _did(session(ctx), which, "publish", body, "is published")


@app.command("draft")
def draft(ctx: typer.Context, which: str = WHICH, by: str = BY) -> None:
    """Take it back to draft; what was published stays."""
    _did(session(ctx), which, "draft", order(by), "is a draft again")


def _did(run: Session, which: str, verb: str, body: dict[str, Any], done: str) -> None:
    answer = run.client.post(POSTMORTEM, f"{address(run, which)}/{verb}", body)
    run.out.answer(answer)
    run.out.say(f"{answer['title']}: {done}")


@app.command("history")
def history(ctx: typer.Context, which: str = WHICH) -> None:
    """Show who did what to it, latest first."""
    run = session(ctx)
    found = list(run.client.items(POSTMORTEM, f"{address(run, which)}/history"))
    run.out.answer({"items": found})
    run.out.table(
        ("time", "who", "did", "on"),
        [
            (
                shown(one["at"]),
                one["by"]["name"],
                one["what"],
                one["detail"].get("section") or one["detail"].get("title") or "",
            )
            for one in found
        ],
        empty="Nobody did anything yet.",
    )


@app.command("export")
def export(
    ctx: typer.Context,
    which: str = WHICH,
    kind: Format = typer.Option(Format.MARKDOWN, "--format", help="What to write it as."),
    version: int = typer.Option(0, help="A published version; without it, as it stands."),
    to: Path | None = typer.Option(None, help="The file to write; without it, standard output."),
) -> None:
    """Write a postmortem as a document, or the picture of its incident."""
    run = session(ctx)
    path = address(run, which) + (f"/versions/{version}" if version else "")
    content = run.client.send(POSTMORTEM, "GET", f"{path}.{kind}").content
    if to is None:
        sys.stdout.write(content.decode())
        return
    try:
        to.write_bytes(content)
    except OSError as error:
        raise CliError(f"{to} cannot be written: {error.strerror}") from error
    run.out.answer({"file": str(to), "bytes": len(content)})
    run.out.say(f"{to}: {len(content)} bytes")


def order(by: str) -> dict[str, Any]:
    """Return the part of a body that says who does it."""
    return {"by": by} if by else {}


def address(run: Session, which: str) -> str:
    """Return the path of a postmortem; the number of an incident is looked up."""
    name = which.removeprefix("#")
    if name.isdecimal() and len(name) <= LONGEST_NUMBER:
        name = _incident(run, name)
    return f"/v1/postmortems/{quote(name, safe='')}"


def _incident(run: Session, number: str) -> str:
    try:
        return str(run.client.get(INTAKE, f"/v1/incidents/{number}")["id"])
    except CliError as error:
        if error.more.get("status") == httpx.codes.NOT_FOUND:
            raise CliError(f"There is no incident {number}.", more=error.more) from error
        raise
