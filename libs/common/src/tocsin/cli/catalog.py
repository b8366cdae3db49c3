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
from tocsin.cli import plans
from tocsin.cli.failure import CliError, UsageError
from tocsin.cli.on_call import ESCALATION
from tocsin.cli.session import Session, session
from tocsin.cli.taking_up import TAKEN_UP_WITHIN, Within, taken_up

CHANGES = 2
UNREAD = "names of other documents were not looked up: a file that cannot be read may hold them"
CHANGED = "The catalog has changed since this plan was made; run it again."

Folder = Annotated[Path, typer.Argument(help="A folder of YAML files, or one file.")]
Set = Annotated[str, typer.Option("--set", help="Whose documents these are.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Weeks = Annotated[
    int, typer.Option(min=1, max=26, help="How far ahead shifts are compared and gaps looked for.")
]


def validate(ctx: typer.Context, folder: Folder) -> None:
    """Check a folder of documents on its own; each mistake with its file and line."""
    run = session(ctx)
    loaded = _load(folder)
    wrong, warnings = _judged(loaded)
    if wrong:
        raise _wrong(wrong, warnings, UNREAD if loaded.broken else "")
    run.out.answer({"documents": len(loaded.documents), "warnings": warnings})
    for warning in warnings:
        run.out.say(warning, style="yellow")
    run.out.say(f"{len(loaded.documents)} documents, no mistakes")


def plan(
    ctx: typer.Context,
    folder: Folder,
    of_set: Set = "default",
    weeks: Weeks = plans.WEEKS,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Answer in Markdown, for a pull request.")
    ] = False,
) -> None:
    """Show what applying a folder would change, and for whom; exit 0 for nothing, 2 for changes."""
    run = session(ctx)
    if markdown and run.out.machine:
        raise UsageError("--json or --markdown, not both")
    found = _planned(run, _load(folder), of_set, weeks)
    if markdown:
        run.out.text(plans.markdown(found, of_set))
    else:
        run.out.answer(found)
        plans.show(run, found)
    if found["changes"]:
        raise typer.Exit(CHANGES)


def apply(
    ctx: typer.Context,
    folder: Folder,
    of_set: Set = "default",
    yes: Yes = False,
    reason: Annotated[str, typer.Option(help="Why; the history tells it.")] = "",
    weeks: Weeks = plans.WEEKS,
    within: Within = TAKEN_UP_WITHIN,
) -> None:
    """Put a folder in force, and return when every service has taken it up."""
    run = session(ctx)
    loaded = _load(folder)
    found = _planned(run, loaded, of_set, weeks)
    plans.show(run, found)
    version = found["version"]
    if found["changes"]:
        confirm(run, found, f"the set {of_set}", yes=yes)
        found = _applied(run, loaded, of_set, version, reason)
        version = found["version"]
    taken_up(run, version, within)
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


def _judged(loaded: Loaded) -> tuple[list[str], list[str]]:
    """Return the mistakes and the warnings of a folder on its own."""
    found = validation.mistakes(loaded.written, known=Catalog(), whole=not loaded.broken)
    wrong = [str(one) for one in loaded.broken]
    wrong += [loaded.located(one) for one in found if one.is_error]
    return wrong, [loaded.located(one) for one in found if not one.is_error]


def _planned(run: Session, loaded: Loaded, of_set: str, weeks: int) -> dict[str, Any]:
    if loaded.broken:
        raise _wrong(*_judged(loaded), UNREAD)
    try:
        body = {**_bundle(loaded, of_set), "weeks": weeks}
        found = plans.asked(run, "/v1/catalog/plan", body)
    except CliError as error:
        raise located(error, loaded) from error
    found["warnings"] = [_text(one, loaded) for one in found.get("warnings", [])]
    return found


def _applied(
    run: Session, loaded: Loaded, of_set: str, version: int, reason: str
) -> dict[str, Any]:
    body = {**_bundle(loaded, of_set), "author": author(), "reason": reason}
    try:
        found: dict[str, Any] = run.client.send(
            ESCALATION, "PUT", "/v1/catalog", body, {"If-Match": f'"{version}"'}
        ).json()
    except CliError as error:
        if error.more.get("status") == httpx.codes.PRECONDITION_FAILED:
            raise CliError(CHANGED, more=error.more) from error
        raise located(error, loaded) from error
    return found


def _bundle(loaded: Loaded, of_set: str) -> dict[str, Any]:
    return {"set": of_set, "documents": loaded.written}


def author() -> str:
    """Return who runs this, by the name that the machine knows."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # A container's user has no name.
        return "cli"


def confirm(run: Session, found: dict[str, Any], what: str, *, yes: bool) -> None:
    """Ask at a terminal whether these changes are to be made; CliError where they are not."""
    if yes or not run.world.at_terminal():
        return
    number = len(found["changes"])
    if not typer.confirm(f"Apply {number} changes to {what}?", err=True):
        raise CliError("Nothing was changed.")


def located(error: CliError, loaded: Loaded) -> CliError:
    """Return a refusal with each mistake in it, and its file and line where it has one here."""
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


def _wrong(mistakes: Sequence[str], warnings: Sequence[str], unread: str = "") -> CliError:
    number = f"{len(mistakes)} mistake{'s' if len(mistakes) != 1 else ''}"
    hints = [unread] if unread else []
    return CliError(
        "\n".join([*mistakes, *hints, f"{number}; nothing was changed"]),
        more={"mistakes": list(mistakes), "warnings": list(warnings)},
    )
