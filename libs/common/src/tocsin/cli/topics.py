"""`tocsin topics`: make the topics, or say how they differ."""

import asyncio

import typer

from tocsin.cli.failure import CliError
from tocsin.cli.session import session
from tocsin.errors import Unavailable

app = typer.Typer(no_args_is_help=True, help="Kafka's topics: make them, or check them.")


@app.command("provision")
def provision(
    ctx: typer.Context,
    replication: int = typer.Option(1, min=1, max=10, help="Copies of each record."),
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
