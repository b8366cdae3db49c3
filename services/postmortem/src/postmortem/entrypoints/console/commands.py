"""The buttons of an incident: a posted form to a command."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from postmortem.domain.standings import Standing
from tocsin import ids
from tocsin.events import (
    AcknowledgeIncident,
    Actor,
    AddNote,
    Command,
    EscalateIncident,
    ResolveIncident,
    SnoozeIncident,
)
from tocsin.web import Problem

VIA = "console"
LONGEST_NOTE = 10_000
LONGEST_KEY = 100
SNOOZES = {
    "30m": ("30 minutes", timedelta(minutes=30)),
    "1h": ("1 hour", timedelta(hours=1)),
    "4h": ("4 hours", timedelta(hours=4)),
    "8h": ("8 hours", timedelta(hours=8)),
    "1d": ("1 day", timedelta(days=1)),
}
Given = Mapping[str, str]


def command(verb: str, incident_id: str, by: Actor, given: Given, now: datetime) -> Command:
    """Return the command that a form asks for; a problem that names the field, if it is wrong."""
    make = _VERBS.get(verb)
    if make is None:
        raise Problem(404, "not-found", f"There is no button {verb[:40]!r}.")
    kind, more = make(given, now)
    return kind(incident_id=incident_id, by=by, via=VIA, **more)


def key_of(incident: Standing, token: str) -> str:
    """Return what makes two presses one: the same while the incident stands as it was shown."""
    return ids.derived("console", token, incident.incident_id, str(incident.version))


def command_id(verb: str, incident_id: str, by: Actor, given: Given) -> str:
    """Return the id of a command: the same form pressed twice is the same command."""
    key = given.get("key", "")
    if not 0 < len(key) <= LONGEST_KEY:
        raise Problem(422, "invalid", "key: is missing; load the page again.", field="key")
    return ids.derived("console-command", by.kind, by.name, verb, incident_id, key)


def _plain(
    kind: type[Command],
) -> Callable[[Given, datetime], tuple[type[Command], dict[str, Any]]]:
    return lambda _given, _now: (kind, {})


def _snooze(given: Given, now: datetime) -> tuple[type[Command], dict[str, Any]]:
    chosen = SNOOZES.get(given.get("for", ""))
    if chosen is None:
        detail = f"for: must be one of {', '.join(SNOOZES)}"
        raise Problem(422, "invalid", detail, field="for")
    return SnoozeIncident, {"until": now + chosen[1]}


def _note(given: Given, now: datetime) -> tuple[type[Command], dict[str, Any]]:
    del now
    text = given.get("text", "").replace("\r\n", "\n").strip()
    if not 0 < len(text) <= LONGEST_NOTE:
        detail = f"text: write 1 to {LONGEST_NOTE} characters"
        raise Problem(422, "invalid", detail, field="text")
    return AddNote, {"text": text}


_VERBS: dict[str, Callable[[Given, datetime], tuple[type[Command], dict[str, Any]]]] = {
    "acknowledge": _plain(AcknowledgeIncident),
    "resolve": _plain(ResolveIncident),
    "escalate": _plain(EscalateIncident),
    "snooze": _snooze,
    "note": _note,
}
