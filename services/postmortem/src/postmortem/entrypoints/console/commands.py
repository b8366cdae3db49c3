"""The buttons of an incident: a posted form to a command."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from postmortem.domain.standings import Standing
from tocsin import ids
from tocsin.catalog.naming import named, unknown
from tocsin.events import (
    AcknowledgeIncident,
    Actor,
    AddNote,
    Command,
    EscalateIncident,
    ReassignIncident,
    ResolveIncident,
    SnoozeIncident,
)
from tocsin.holder import CatalogHolder
from tocsin.web import Problem

VIA = "console"
LONGEST_NOTE = 10_000
LONGEST_KEY = 100
LONGEST_NAMES = 2_000
LONGEST_REASON = 500
SNOOZES = {
    "30m": ("30 minutes", timedelta(minutes=30)),
    "1h": ("1 hour", timedelta(hours=1)),
    "4h": ("4 hours", timedelta(hours=4)),
    "8h": ("8 hours", timedelta(hours=8)),
    "1d": ("1 day", timedelta(days=1)),
}
Given = Mapping[str, str]
Make = Callable[[Given, datetime], tuple[type[Command], dict[str, Any]]]


def command(verb: str, incident_id: str, by: Actor, given: Given, now: datetime) -> Command:
    """Return the command that a form asks for; a problem that names the field, if it is wrong."""
    make = _HANDING.get(verb) if "to" in given else _VERBS.get(verb)
    if make is None:
        raise Problem(404, "not-found", f"There is no button {verb[:40]!r}.")
    kind, more = make(given, now)
    return kind(incident_id=incident_id, by=by, via=VIA, **more)


def names_in(given: Given) -> tuple[str, ...]:
    """Return the people and teams that a form names, apart by commas or blanks."""
    return tuple(given.get("to", "").replace(",", " ").split())


def check_names(given: Given, holder: CatalogHolder) -> None:
    """Say at once which of these names nobody, as far as is known; intake decides it again."""
    catalog = holder.current
    wrong = [unknown(one, catalog) for one in names_in(given) if named(one, catalog) is None]
    if wrong and holder.loaded:
        raise Problem(422, "invalid", f"to: {'; '.join(wrong)}", field="to")


def key_of(incident: Standing, token: str) -> str:
    """Return what makes two presses one: the same while the incident stands as it was shown."""
    return ids.derived("console", token, incident.incident_id, str(incident.version))


def command_id(verb: str, incident_id: str, by: Actor, given: Given) -> str:
    """Return the id of a command: the same form pressed twice is the same command.

    Unless it says something else by then: who goes back to a form may fill it in anew.
    """
    key = given.get("key", "")
    if not 0 < len(key) <= LONGEST_KEY:
        raise Problem(422, "invalid", "key: is missing; load the page again.", field="key")
    said = [f"{name}={text}" for name, text in sorted(given.items()) if name != "csrf"]
    return ids.derived("console-command", by.kind, by.name, verb, incident_id, *said)


def _plain(kind: type[Command]) -> Make:
    return lambda _given, _now: (kind, {})


def _snooze(given: Given, now: datetime) -> tuple[type[Command], dict[str, Any]]:
    chosen = SNOOZES.get(given.get("for", ""))
    if chosen is None:
        detail = f"for: must be one of {', '.join(SNOOZES)}"
        raise Problem(422, "invalid", detail, field="for")
    return SnoozeIncident, {"until": now + chosen[1]}


def _handing(kind: type[Command]) -> Make:
    def make(given: Given, now: datetime) -> tuple[type[Command], dict[str, Any]]:
        del now
        names, reason = names_in(given), given.get("reason", "").strip()
        if not names or len(given["to"]) > LONGEST_NAMES:
            raise Problem(422, "invalid", "to: name a person or a team", field="to")
        if len(reason) > LONGEST_REASON:
            detail = f"reason: write at most {LONGEST_REASON} characters"
            raise Problem(422, "invalid", detail, field="reason")
        return kind, {"to": names, "reason": reason}

    return make


def _note(given: Given, now: datetime) -> tuple[type[Command], dict[str, Any]]:
    del now
    text = given.get("text", "").replace("\r\n", "\n").strip()
    if not 0 < len(text) <= LONGEST_NOTE:
        detail = f"text: write 1 to {LONGEST_NOTE} characters"
        raise Problem(422, "invalid", detail, field="text")
    return AddNote, {"text": text}


_VERBS: dict[str, Make] = {
    "acknowledge": _plain(AcknowledgeIncident),
    "resolve": _plain(ResolveIncident),
    "escalate": _plain(EscalateIncident),
    "snooze": _snooze,
    "note": _note,
}
# By the form that names people: an empty name there never means the next level.
_HANDING: dict[str, Make] = {
    "escalate": _handing(EscalateIncident),
    "reassign": _handing(ReassignIncident),
}
