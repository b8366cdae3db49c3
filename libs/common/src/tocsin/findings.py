"""Findings: what is not as it must be, when people are told of it, and in which words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tocsin.obligations import TELL_EVERY, Debts, Obligation, plain

BUNDLED_FOR = timedelta(minutes=1)  # News that comes sooner after an alarm goes with the next.
TELL_LASTING_EVERY = timedelta(days=1)
MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong since then. One that is `shared` every replica finds.

    `lasting`: nobody is woken less for it, and somebody outside may have to mend it. It is told
    daily, and says nothing about whether all is well.
    """

    key: str
    since: datetime
    text: str
    shared: bool = False
    lasting: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What people were told last, and when; of what lasts, by its keys, when of each."""

    keys: frozenset[str] = frozenset()
    at: datetime | None = None
    lasting: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alarm:
    """One message about everything: a subject, a text for people, a document for programs."""

    subject: str
    text: str
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Situation:
    """All that one look has found: how the ledger stands, the longest overdue, the rest.

    `is_partial` says that there may be more: the database was away, or another replica tells.
    """

    service: str
    at: datetime
    debts: Debts = field(default_factory=Debts)
    overdue: tuple[Obligation, ...] = ()
    findings: tuple[Finding, ...] = ()
    is_partial: bool = False

    @property
    def is_well(self) -> bool:
        """Return whether there is nothing to tell, but for what lasts."""
        return not self.debts.overdue and not self.urgent and not self.is_partial

    @property
    def keys(self) -> frozenset[str]:
        """What the findings are told apart by."""
        return frozenset(finding.key for finding in self.findings)

    @property
    def urgent(self) -> frozenset[str]:
        """The keys of those that do not last."""
        return frozenset(finding.key for finding in self.findings if not finding.lasting)

    def told(self, before: Told) -> Told:
        """Return what people know once they are told of all this."""
        lasting = dict.fromkeys(self.keys - self.urgent, self.at)
        return Told(self.urgent, None if self.is_well else self.at, {**before.lasting, **lasting})


def is_time(situation: Situation, told: Told) -> bool:
    """Return whether people are to be told now: of what is new, and of all again after a while."""
    news = bool(situation.urgent - told.keys) or situation.debts.untold > 0
    is_new = news or _is_day_over(situation, told)
    if not is_new and not situation.urgent:
        return False
    quiet_for = None if told.at is None else situation.at - told.at
    if quiet_for is None or quiet_for < timedelta(0):  # The clock was put back.
        return True
    return quiet_for >= (BUNDLED_FOR if is_new else TELL_EVERY)


def is_over(situation: Situation, told: Told) -> bool:
    """Return whether what people were told of is settled: they want to know that too."""
    return situation.is_well and told.at is not None


def _is_day_over(situation: Situation, told: Told) -> bool:
    """Return whether something that lasts is new, or was told a day ago."""
    for key in situation.keys - situation.urgent:
        at = told.lasting.get(key)
        if at is None or not timedelta(0) <= situation.at - at < TELL_LASTING_EVERY:
            return True
    return False


def alarm(situation: Situation, look_at: str) -> Alarm:
    """Return the one message that tells of all of it."""
    count = situation.debts.overdue
    parts = [f"{count} overdue"] if count else []
    parts += sorted(situation.keys)
    subject = plain(f"[Tocsin] {situation.service}: {', '.join(parts)}")
    lines = [f"{situation.service}, {spoken(situation.at)}", ""]
    if count:
        lines += [f"{count} promised and overdue, the longest first:"]
        lines += [line for one in situation.overdue for line in _promise(one, situation.at)]
        if count > len(situation.overdue):
            lines.append(f"  and {count - len(situation.overdue)} more")
        lines.append("")
    for finding in situation.findings:
        lines.append(f"{plain(finding.text)}, since {spoken(finding.since)}")
    lines += ["", f"Look at: {look_at}"]
    return Alarm(subject, "\n".join(lines) + "\n", _document("alarm", situation, subject))


def all_clear(situation: Situation) -> Alarm:
    """Return the message that it is settled."""
    subject = f"[Tocsin] {situation.service}: nothing is overdue any more"
    text = f"{situation.service}, {spoken(situation.at)}\n\nNothing is overdue any more.\n"
    return Alarm(subject, text, _document("all-clear", situation, subject))


def spoken(at: datetime) -> str:
    """Return an instant as people read it: UTC, to the second."""
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")


def _promise(one: Obligation, now: datetime) -> list[str]:
    late = int(one.lateness(now).total_seconds())
    again = f"; done again {one.attempts} times" if one.attempts else ""
    return [f"  {plain(one.text)}", f"    was due {spoken(one.due_at)}, {late} s ago{again}"]


def _document(kind: str, situation: Situation, subject: str) -> dict[str, Any]:
    return {
        "type": kind,
        "service": situation.service,
        "at": situation.at.isoformat(),
        "subject": subject,
        "overdue": situation.debts.overdue,
        "obligations": [
            {
                "id": one.obligation_id,
                "kind": one.kind,
                "subject": one.subject,
                "text": plain(one.text),
                "due_at": one.due_at.isoformat(),
            }
            for one in situation.overdue
        ],
        "findings": [
            {"what": one.key, "since": one.since.isoformat(), "text": plain(one.text)}
            for one in situation.findings
        ],
    }
