"""`tocsin topics`: make the topics, or say how they differ."""

import asyncio
from datetime import datetime

import typer

from tocsin import durations
from tocsin.cli.access import SERVICES
from tocsin.cli.failure import CliError, UsageError
from tocsin.cli.session import session
from tocsin.cli.times import instant
from tocsin.errors import Refused, Unavailable

ALL = "all"
app = typer.Typer(no_args_is_help=True, help="Kafka's topics: make, check, rewind.")


@app.command("provision")
def provision(
    ctx: typer.Context,
    replication: int = typer.Option(
        0, min=0, max=10, help="Copies of each record; 0: one on each broker, at most three."
    ),
) -> None:
    """Create the topics that are missing; existing ones stay as they are."""
    run = session(ctx)
    access = run.access
    try:
        made = asyncio.run(run.world.provision(access.kafka, access.topic_prefix, replication))
    except Unavailable as error:
        raise CliError(str(error)) from error
    run.out.answer({"created": made})
    run.out.say(f"created {', '.join(made)}" if made else "every topic is there already")


@app.command("check")
def check(ctx: typer.Context) -> None:
    """Name every way in which the topics are not as declared; exit 1 if there is one."""
    run = session(ctx)
    access = run.access
    try:
        found = asyncio.run(run.world.differences(access.kafka, access.topic_prefix))
    except Unavailable as error:
        raise CliError(str(error)) from error
    run.out.answer({"differences": found})
    for sentence in found or ["every topic is as declared"]:
        run.out.say(sentence)
    if found:
        raise typer.Exit(1)


@app.command("rewind")
def rewind(
    ctx: typer.Context,
    topic: str = typer.Argument(help="Without its prefix, such as incidents; or all."),
    service: str = typer.Option(..., "--service", help="Whose place on it; it must be stopped."),
    to: str = typer.Option(
        "", "--to", help="A time, or how long ago (2h); without it, the beginning."
    ),
    dry_run: bool = typer.Option(False, "--dry-run", help="Say what would change."),
    yes: bool = typer.Option(False, "--yes", help="Do not ask."),
) -> None:
    """Let a stopped service read a topic again from a time on; its inbox passes over the known."""
    run = session(ctx)
    if service not in SERVICES:
        raise UsageError(f"{service!r} is not a service; one of {', '.join(SERVICES)}")
    since = _since(to, run.world.now())
    if not (yes or dry_run):
        if not run.world.at_terminal():
            raise UsageError("nobody can be asked here; say --yes, or --dry-run to look first")
        typer.confirm(f"Rewind {service} on {topic} to {to or 'the beginning'}?", abort=True)
    access = run.access
    try:
        moves = asyncio.run(
            run.world.rewind(
                access.kafka,
                access.topic_prefix,
                service,
                None if topic == ALL else topic,
                since,
                dry_run=dry_run,
            )
        )
    except (Unavailable, Refused) as error:
        raise CliError(str(error)) from error
    run.out.answer({"service": service, "done": not dry_run, "partitions": moves})
    run.out.table(
        ("topic", "partition", "from", "to"),
        [
            (
                one["topic"],
                one["partition"],
                "unknown" if one["from"] is None else one["from"],
                one["to"],
            )
            for one in moves
        ],
        empty="There are no partitions.",
    )
    if dry_run:
        run.out.say("Nothing was changed.")


def _since(text: str, now: datetime) -> datetime | None:
    if not text:
        return None
    try:
        return now - durations.parse(text)
    except ValueError:
        return instant(text, now)


@app.command("lag")
def lag(
    ctx: typer.Context,
    service: str = typer.Option("", "--service", help="One service only; without it, all four."),
) -> None:
    """Say how many records each service has yet to handle; exit 1 if there are any."""
    run = session(ctx)
    access = run.access
    if service and service not in SERVICES:
        raise UsageError(f"{service!r} is not a service; one of {', '.join(SERVICES)}")
    try:
        found = {
            name: asyncio.run(run.world.lag(access.kafka, access.topic_prefix, name))
            for name in ([service] if service else SERVICES)
        }
    except Unavailable as error:
        raise CliError(str(error)) from error
    run.out.answer(found)
    rows = [(name, topic, count) for name, lags in found.items() for topic, count in lags.items()]
    run.out.table(("service", "topic", "behind"), rows, empty="No service has read anything yet.")
    if any(count for _, _, count in rows):
        raise typer.Exit(1)
