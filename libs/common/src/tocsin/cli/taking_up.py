"""A version of the catalog is in force when every service has taken it up."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from tocsin.cli.access import SERVICES
from tocsin.cli.failure import CliError
from tocsin.cli.session import Session

TAKEN_UP_WITHIN = 60.0
POLL = 0.25
Within = Annotated[float, typer.Option(help="Seconds every service has to take it up.", min=1)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")]


def moves(run: Session, answer: dict[str, Any]) -> None:
    """Say whose shifts move, by the answer of a service."""
    for effect in answer["effects"]:
        run.out.say(f"  > {effect['text']}")
    if not answer["effects"]:
        run.out.say("  > nobody's shift moves", style="yellow")


def told(run: Session, answer: dict[str, Any], sentence: str, within: float) -> None:
    """Say what moves, and return when every service knows it; of a dry run only what would."""
    moves(run, answer)
    if answer["dry_run"]:
        sentence = "nothing was changed"
    else:
        taken_up(run, answer["catalog_version"], within)
    run.out.answer(answer)
    run.out.say(sentence)


def taken_up(run: Session, version: int, within: float) -> None:
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
