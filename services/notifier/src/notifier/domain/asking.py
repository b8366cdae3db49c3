"""What people write to Tocsin in a chat: `ack 42`, `incidents`, `page checkout It is down`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from notifier.domain import reply
from notifier.domain.incident import Incident
from notifier.domain.visible import shortened, visible
from tocsin.channels import Action

MOST_LISTED = 20
MAX_TITLE = 200
_NUMBERED = re.compile(r"(\S+)\s+#?([0-9]{1,9})(?:\s+(.+))?", re.DOTALL)
_WITH_WORDS: dict[str, Action] = {"snooze": "snooze", "note": "note"}
HELP = """\
on-call: who is on call now
incidents: what is open
ack 42, resolve 42, escalate 42: answer incident 42
snooze 42 1h: be quiet about it for a while
note 42 …: write something on its timeline
page SERVICE …: open an incident by hand and page whoever is on call for it
help: this"""


@dataclass(frozen=True, slots=True)
class Do:
    """An action, on the incident of this number or on the latest one."""

    action: Action
    number: int | None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Open:
    """A new incident of this service."""

    service: str
    title: str


@dataclass(frozen=True, slots=True)
class ListIncidents:
    """Which incidents are open."""


@dataclass(frozen=True, slots=True)
class WhoIsOnCall:
    """Who answers now."""


@dataclass(frozen=True, slots=True)
class Help:
    """What can be asked."""


Asked: TypeAlias = Do | Open | ListIncidents | WhoIsOnCall | Help


def parse(text: str) -> Asked | None:
    """Return what is asked; None where it is nothing that we know."""
    words = text.strip()
    first, _, rest = words.partition(" ")
    match first.lower():
        case "incidents":
            return ListIncidents()
        case "on-call" | "oncall":
            return WhoIsOnCall()
        case "help":
            return Help()
        case "page":
            service, _, title = rest.strip().partition(" ")
            return Open(service, title.strip()[:1024]) if service and title.strip() else None
    numbered = _NUMBERED.fullmatch(words)
    if numbered and (action := _WITH_WORDS.get(numbered[1].lower())):
        return Do(action, int(numbered[2]), (numbered[3] or "").strip())
    said = reply.parse(words)
    return Do(said.action, said.number) if said else None


def listed(incidents: Sequence[Incident]) -> str:
    """Return what is open, in words; of more than a few the newest."""
    if not incidents:
        return "Nothing is open."
    lines = [
        f"#{one.number} {one.severity.upper()} {visible(one.service)}:"
        f" {shortened(visible(one.title), MAX_TITLE)}"
        + (f" — {visible(one.answer)}" if one.status != "triggered" else "")
        for one in incidents[:MOST_LISTED]
    ]
    if len(incidents) > MOST_LISTED:
        lines.append("and more: the console lists them all")
    return "\n".join(lines)
