"""`tocsin status` and `tocsin key`: is everything there, and keys for monitoring tools."""

import hashlib
import secrets

import typer

from tocsin.cli.access import SERVICES
from tocsin.cli.session import session

key = typer.Typer(no_args_is_help=True, help="Integration keys.")
KEY_BYTES = 24


def status(ctx: typer.Context) -> None:
    """Ask all four services whether they may take work; exit 1 unless all may."""
    run = session(ctx)
    found = {service: run.client.ready(service) for service in SERVICES}
    run.out.answer(
        {
            service: {
                "url": run.access.urls[service],
                "answers": state is not None,
                **(state or {}),
            }
            for service, state in found.items()
        }
    )
    run.out.table(
        ("service", "address", "state", "catalog", "details"),
        [
            (service, run.access.urls[service], _state(state), *_rest(state))
            for service, state in found.items()
        ],
        empty="",
    )
    if not all(state and state.get("ready") for state in found.values()):
        raise typer.Exit(1)


def _state(state: dict[str, object] | None) -> str:
    if state is None:
        return "not answering"
    return "ready" if state.get("ready") else "not ready"


def _rest(state: dict[str, object] | None) -> tuple[str, str]:
    known = dict(state or {})
    known.pop("ready", None)
    version = known.pop("catalog_version", "")
    return str(version), ", ".join(f"{name}: {value}" for name, value in known.items())


@key.command("new")
def new_key(
    ctx: typer.Context,
    name: str = typer.Option("my-integration", help="The integration's name in the catalog."),
    source: str = typer.Option("generic", help="What sends: alertmanager, grafana, generic, …"),
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
