"""`tocsin validate`, `plan` and `apply`: on-call as code, from a folder to every service."""

import getpass
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from tocsin.catalog import Catalog, loading, validation
from tocsin.catalog.loading import Loaded
from tocsin.catalog.mistakes import Mistake
from tocsin.cli.access import SERVICES
from tocsin.cli.failure import CliError, UsageError
from tocsin.cli.on_call import ESCALATION
from tocsin.cli.session import Session, session

CHANGES = 2
TAKEN_UP_WITHIN = 60.0
POLL = 0.25
LONGEST_VALUE = 120
SIGNS = {"created": "+", "changed": "~", "deleted": "-"}
STYLES = {"created": "green", "changed": "yellow", "deleted": "red"}

Folder = Annotated[Path, typer.Argument(help="A folder of YAML files, or one file.")]
Set = Annotated[str, typer.Option("--set", help="Whose documents these are.")]


def validate(ctx: typer.Context, folder: Folder) -> None:
    """Check a folder of documents on its own; each mistake with its file and line."""
    run = session(ctx)
    loaded = _load(folder)
    mistakes = [] if loaded.broken else validation.mistakes(loaded.written, known=Catalog())
    wrong = [str(one) for one in loaded.broken]
    wrong += [loaded.located(one) for one in mistakes if one.is_error]
    warnings = [loaded.located(one) for one in mistakes if not one.is_error]
    if wrong:
        raise _wrong(wrong, warnings)
    run.out.answer({"documents": len(loaded.documents), "warnings": warnings})
    for warning in warnings:
        run.out.say(warning, style="yellow")
    run.out.say(f"{len(loaded.documents)} documents, no mistakes")


def plan(ctx: typer.Context, folder: Folder, of_set: Set = "default") -> None:
    """Show what applying a folder would change; exit 0 for nothing, 2 for changes."""
    run = session(ctx)
    found = _planned(run, _load(folder), of_set)
    run.out.answer(found)
    _show(run, found)
    if found["changes"]:
        raise typer.Exit(CHANGES)


def apply(
    ctx: typer.Context,
    folder: Folder,
    of_set: Set = "default",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    within: Annotated[
        float, typer.Option(help="Seconds every service has to take it up.", min=1)
    ] = TAKEN_UP_WITHIN,
) -> None:
    """Put a folder in force, and return when every service has taken it up."""
    run = session(ctx)
    loaded = _load(folder)
    found = _planned(run, loaded, of_set)
    _show(run, found)
    version = found["version"]
    if found["changes"]:
        _confirm(run, found, of_set, yes=yes)
        found = _applied(run, loaded, of_set, version)
        version = found["version"]
    _await(run, version, within)
    run.out.answer(found)
    run.out.say(f"version {version} is in force everywhere", style="green")


def _load(folder: Path) -> Loaded:
    if not folder.exists():
        raise UsageError(f"{folder}: there is no such folder")
    loaded = loading.load(folder)
    if not loaded.documents and not loaded.broken:
        # Applied, this would delete all that the set holds: more likely the wrong folder.
        raise CliError(f"{folder}: holds no documents (*.yaml, *.yml)")
    return loaded


def _planned(run: Session, loaded: Loaded, of_set: str) -> dict[str, Any]:
    if loaded.broken:
        raise _wrong([str(one) for one in loaded.broken], [])
    try:
        found: dict[str, Any] = run.client.post(
            ESCALATION, "/v1/catalog/plan", _bundle(loaded, of_set)
        )
    except CliError as error:
        raise _located(error, loaded) from error
    found["warnings"] = [_text(one, loaded) for one in found.get("warnings", [])]
    return found


def _applied(run: Session, loaded: Loaded, of_set: str, version: int) -> dict[str, Any]:
    body = {**_bundle(loaded, of_set), "author": _author()}
    try:
        found: dict[str, Any] = run.client.send(
            ESCALATION, "PUT", "/v1/catalog", body, {"If-Match": f'"{version}"'}
        ).json()
    except CliError as error:
        if error.more.get("status") == httpx.codes.PRECONDITION_FAILED:
            raise CliError(
                "The catalog has changed since this plan was made; run it again.", more=error.more
            ) from error
        raise _located(error, loaded) from error
    return found


def _bundle(loaded: Loaded, of_set: str) -> dict[str, Any]:
    return {"set": of_set, "documents": loaded.written}


def _author() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # A container's user has no name.
        return "cli"


def _confirm(run: Session, found: dict[str, Any], of_set: str, *, yes: bool) -> None:
    if yes or not run.world.at_terminal():
        return
    number = len(found["changes"])
    if not typer.confirm(f"Apply {number} changes to the set {of_set}?", err=True):
        raise CliError("Nothing was changed.")


def _await(run: Session, version: int, within: float) -> None:
    """Return when every service is at `version`; say which one lags when time is up."""
    deadline = run.world.monotonic() + within
    waiting: Sequence[str] = tuple(SERVICES)
    told: Sequence[str] = ()
    while True:
        waiting = [one for one in waiting if not _is_at(run.client.ready(one), version)]
        if not waiting:
            return
        if run.world.monotonic() >= deadline:
            raise CliError(
                f"Version {version} is applied, but after {within:.0f} s"
                f" {', '.join(waiting)} had not taken it up; see `tocsin status`.",
                more={"version": version, "lagging": list(waiting)},
            )
        if waiting != told:
            run.out.progress(f"version {version}: waiting for {', '.join(waiting)}")
            told = waiting
        run.world.sleep(POLL)


def _is_at(state: dict[str, Any] | None, version: int) -> bool:
    found = (state or {}).get("catalog_version")
    return isinstance(found, int) and found >= version


def _show(run: Session, found: dict[str, Any]) -> None:
    for warning in found["warnings"]:
        run.out.say(warning, style="yellow")
    if not found["changes"]:
        run.out.say(f"nothing changes; the catalog is at version {found['version']}")
    for change in found["changes"]:
        _show_change(run, change)
    for effect in found.get("effects", []):
        run.out.say(f"  > {effect['text']}")


def _show_change(run: Session, change: dict[str, Any]) -> None:
    action = change["action"]
    other = change.get("renamed")
    renamed = f" (looks like a rename: {other})" if other else ""
    run.out.say(
        f"{SIGNS.get(action, action)} {change['kind']} {change['name']}{renamed}",
        style=STYLES.get(action, ""),
    )
    if action != "changed":
        return
    for field in change.get("fields", []):
        run.out.say(f"    {field['path']}: {_short(field['before'])} -> {_short(field['after'])}")


def _short(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _located(error: CliError, loaded: Loaded) -> CliError:
    """Return a refusal with the file and line of each mistake in it."""
    problem = error.more.get("problem", {})
    mistakes = problem.get("mistakes")
    if not mistakes:
        return error
    errors = [_text(one, loaded) for one in mistakes if one.get("level") != "warning"]
    warnings = [_text(one, loaded) for one in mistakes if one.get("level") == "warning"]
    return _wrong(errors, warnings)


def _text(mistake: dict[str, Any], loaded: Loaded) -> str:
    position = mistake.get("position")
    if not isinstance(position, int) or not 0 <= position < len(loaded.documents):
        return str(mistake.get("text", mistake))
    return loaded.located(
        Mistake(
            kind=str(mistake["kind"]),
            name=str(mistake["name"]),
            path=str(mistake["path"]),
            message=str(mistake["message"]),
            suggestion=str(mistake.get("suggestion") or ""),
            level="warning" if mistake.get("level") == "warning" else "error",
            position=position,
        )
    )


def _wrong(mistakes: Sequence[str], warnings: Sequence[str]) -> CliError:
    number = f"{len(mistakes)} mistake{'s' if len(mistakes) != 1 else ''}"
    return CliError(
        "\n".join([*mistakes, f"{number}; nothing was changed"]),
        more={"mistakes": list(mistakes), "warnings": list(warnings)},
    )
