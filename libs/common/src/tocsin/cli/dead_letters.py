"""`tocsin dead-letters`: what could not be understood, at each service."""

from collections.abc import Iterator
from typing import Any

import httpx
import typer

from tocsin.cli.access import SERVICES
from tocsin.cli.failure import CliError, UsageError
from tocsin.cli.session import Session, session
from tocsin.cli.times import shown

app = typer.Typer(no_args_is_help=True, help="Records that were given up on: list, show, replay.")
ANY = typer.Option("", "--service", help="One service only; without it, all four.")


@app.command("list")
def listed(ctx: typer.Context, service: str = ANY) -> None:
    """List dead letters."""
    run = session(ctx)
    found = [
        {"service": name, **letter}
        for name in _services(service)
        for letter in run.client.items(name, f"/v1/dead-letters/{name}")
    ]
    run.out.answer({"items": found})
    run.out.table(
        ("id", "service", "topic", "since", "replayed", "reason"),
        [
            (
                one["id"],
                one["service"],
                one["topic"],
                shown(one["first_seen_at"]),
                shown(one.get("replayed_at")),
                one["reason"],
            )
            for one in found
        ],
        empty="There are no dead letters.",
    )


@app.command("show")
def show(ctx: typer.Context, letter: str, service: str = ANY) -> None:
    """Show one, with the record it holds."""
    run = session(ctx)
    name, found = _found(run, letter, service)
    run.out.answer({"service": name, **found})
    for field, value in {"service": name, **found}.items():
        if value is not None:
            run.out.say(f"{field.replace('_', ' ')}: {value}")


@app.command("replay")
def replay(ctx: typer.Context, letter: str, service: str = ANY) -> None:
    """Put the record on its topic again, unchanged."""
    run = session(ctx)
    name, _ = _found(run, letter, service)
    answer = run.client.post(name, f"/v1/dead-letters/{name}/{letter}/replay")
    run.out.answer({"service": name, **answer})
    run.out.say(f"{letter} goes to {answer.get('topic', 'its topic')} again")


def _services(wanted: str) -> Iterator[str]:
    if wanted and wanted not in SERVICES:
        raise UsageError(f"{wanted!r} is not a service; one of {', '.join(SERVICES)}")
    yield from [wanted] if wanted else SERVICES


def _found(run: Session, letter: str, service: str) -> tuple[str, dict[str, Any]]:
    for name in _services(service):
        try:
            return name, run.client.get(name, f"/v1/dead-letters/{name}/{letter}")
        except CliError as error:
            if error.more.get("status") != httpx.codes.NOT_FOUND:
                raise
    raise CliError(f"No service has a dead letter {letter}.")
