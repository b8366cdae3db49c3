"""People and teams as somebody names them: `user:ada`, `team:payments`, or a bare name.

Facts spell a person as `ada` and a team as `team:payments`, so that no reader has to guess.
"""

from collections.abc import Iterable

from tocsin.catalog.documents import Target
from tocsin.catalog.snapshot import Catalog
from tocsin.catalog.suggestions import nearest

_TEAM = "team:"
_KINDS = {"user": "User", "team": "Team"}


def named(text: str, catalog: Catalog) -> Target | None:
    """Return whom this names, or None; a bare name is a person's, else a team's."""
    kind, _, name = text.rpartition(":")
    if kind in {"", "user"} and catalog.user(name) is not None:
        return Target(user=name)
    if kind in {"", "team"} and catalog.team(name) is not None:
        return Target(team=name)
    return None


def told(text: str, catalog: Catalog) -> Target:
    """Return whom a fact names; who has left the catalog since is still named."""
    team = text.removeprefix(_TEAM)
    return named(text, catalog) or (Target(user=text) if team == text else Target(team=team))


def spelt(target: Target) -> str:
    """Return how a fact names a person or a team."""
    return f"{_TEAM}{target.team}" if target.team else str(target.user)


def in_words(names: Iterable[str]) -> str:
    """Return what facts and commands name as people read it: `ada, team payments`."""
    return ", ".join(one.removeprefix("user:").replace(_TEAM, "team ", 1) for one in names)


def unknown(text: str, catalog: Catalog) -> str:
    """Return why this names nobody, with the nearest right word."""
    kind, _, name = text.rpartition(":")
    if kind not in {"", *_KINDS}:
        return f"{text!r} is neither user:NAME nor team:NAME"
    what = {"": "person and no team", "user": "person", "team": "team"}[kind]
    wanted = {_KINDS[kind]} if kind else set(_KINDS.values())
    near = nearest(name, {known for of_kind, known in catalog.specs if of_kind in wanted})
    prefix = f"{kind}:" if kind else ""
    hint = f'; did you mean "{prefix}{near}"?' if near else ""
    return f"the catalog has no {what} {name!r}{hint}"
