"""`tocsin key`: keys for monitoring tools."""

import hashlib
import secrets

import typer

from tocsin.catalog.integrations import SOURCES
from tocsin.cli.session import session

key = typer.Typer(no_args_is_help=True, help="Integration keys.")
KEY_BYTES = 24


@key.command("new")
def new_key(
    ctx: typer.Context,
    name: str = typer.Option("my-integration", help="The integration's name in the catalog."),
    source: str = typer.Option("generic", help=f"What sends: one of {', '.join(SOURCES)}"),
    service: str = typer.Option("", help="Whose alerts they are; without it, routes decide."),
) -> None:
    """Make a random integration key, and the document that lets it in."""
    run = session(ctx)
    fresh = secrets.token_hex(KEY_BYTES)
    digest = hashlib.sha256(fresh.encode()).hexdigest()
    lines = ["kind: Integration", f"name: {name}", "spec:", f"  source: {source}"]
    lines += [f"  service: {service}"] if service else []
    lines += [f'  key_sha256: "{digest}"']
    run.out.answer({"key": fresh, "key_sha256": digest, "yaml": "\n".join(lines) + "\n"})
    run.out.say(f"key: {fresh}")
    run.out.say("It is shown once. The sender gets it; the catalog gets its hash:")
    run.out.say("")
    for line in lines:
        run.out.say(line)
