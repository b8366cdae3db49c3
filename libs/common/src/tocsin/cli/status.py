"""`tocsin status`: is everything there, is anything overdue, was anything given up on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import typer

from tocsin.cli.access import SERVICES
from tocsin.cli.failure import CliError
from tocsin.cli.session import Session, session
from tocsin.cli.times import shown

MOST = 500
UNKNOWN = "?"


@dataclass(frozen=True)
class Seen:
    """What a service says of itself; None: that could not be learned."""

    name: str
    url: str
    state: dict[str, Any] | None
    obligations: Sequence[dict[str, Any]] | None = None
    dead_letters: int | None = None
    problems: tuple[str, ...] = field(default=())

    @property
    def is_well(self) -> bool:
        """Whether it may take work, and owes nothing that is late."""
        ready = bool(self.state and self.state.get("ready"))
        return ready and not self.obligations and not self.problems and not self.wrong

    @property
    def wrong(self) -> str:
        """What its auditor has found beside what is overdue."""
        return str((self.state or {}).get("wrong", ""))


def status(ctx: typer.Context) -> None:
    """Ask all four services; exit 1 if one is not ready, or something is overdue."""
    run = session(ctx)
    found = [_seen(run, name) for name in SERVICES]
    run.out.answer({one.name: _answer(one) for one in found})
    run.out.table(
        ("service", "address", "state", "catalog", "overdue", "dead letters", "details"),
        [_row(one) for one in found],
        empty="",
    )
    if not run.out.machine:
        _tell_overdue(run, found)
    if not all(one.is_well for one in found):
        raise typer.Exit(1)


def _seen(run: Session, name: str) -> Seen:
    url, state = run.access.urls[name], run.client.ready(name)
    if state is None:
        return Seen(name, url, None)
    problems: list[str] = []
    overdue = _page(run, name, f"/v1/obligations/{name}", problems, overdue="true")
    letters = _page(run, name, f"/v1/dead-letters/{name}", problems)
    waiting = None if letters is None else sum(not one["replayed_at"] for one in letters)
    return Seen(name, url, state, overdue, waiting, tuple(dict.fromkeys(problems)))


def _page(
    run: Session, service: str, path: str, problems: list[str], **params: str
) -> list[dict[str, Any]] | None:
    """Return the first page of a list; one that this release does not have is not known."""
    try:
        items = run.client.get(service, path, {"limit": MOST, **params})["items"]
    except CliError as error:
        if error.more.get("status") != httpx.codes.NOT_FOUND:
            problems.append(error.sentence)
        return None
    return list(items)


def _answer(one: Seen) -> dict[str, Any]:
    return {
        "url": one.url,
        "answers": one.state is not None,
        **(one.state or {}),
        "obligations": None if one.obligations is None else list(one.obligations),
        "dead_letters": one.dead_letters,
        "problems": list(one.problems),
    }


def _row(one: Seen) -> tuple[object, ...]:
    known = dict(one.state or {})
    for shown_elsewhere in ("ready", "overdue"):
        known.pop(shown_elsewhere, None)
    version = known.pop("catalog_version", "")
    details = [*(f"{name}: {value}" for name, value in known.items()), *one.problems]
    return (
        one.name,
        one.url,
        _state(one.state),
        version,
        _count(None if one.obligations is None else len(one.obligations)),
        _count(one.dead_letters),
        ", ".join(details),
    )


def _count(number: int | None) -> str:
    if number is None:
        return UNKNOWN
    return f"{MOST} or more" if number >= MOST else str(number)


def _state(state: dict[str, Any] | None) -> str:
    if state is None:
        return "not answering"
    return "ready" if state.get("ready") else "not ready"


def _tell_overdue(run: Session, found: Sequence[Seen]) -> None:
    late = [(one.name, promise) for one in found for promise in one.obligations or ()]
    run.out.say("")
    if not late and any(one.obligations is None for one in found):
        run.out.say("What is overdue is not known of every service.")
        return
    run.out.table(
        ("overdue since", "service", "promised", "done again"),
        [
            (shown(promise["due_at"]), name, promise["text"], promise["attempts"])
            for name, promise in late
        ],
        empty="Nothing is overdue.",
    )
