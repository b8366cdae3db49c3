"""A notice as a neutral message: when, for what, who was it before, and who is it after."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from notifier.domain.handoff_note import HandoffNote
from notifier.domain.notice import Notice
from notifier.domain.outlook import Handoff
from notifier.domain.visible import visible
from tocsin.channels import Fact, MessageDoc
from tocsin.durations import spoken

REPEAT = "(You may have had this message before: we could not see whether it arrived.)"
HALF_A_MINUTE = timedelta(seconds=30)
_WORDS = {"on_call": "on call", "off_call": "off call"}


def render(
    notice: Notice,
    handoffs: Sequence[Handoff],
    notes: Sequence[HandoffNote],
    zone: str,
    now: datetime,
) -> MessageDoc:
    """Return what a notice says; its times are on the clock of `zone`."""
    names = ", ".join(one.schedule for one in handoffs)
    title = f"You are {_WORDS[notice.kind]} in {_soon(notice.handoff_at - now)}: {names}"
    here = ZoneInfo(zone)
    facts = (
        *(_fact(one, here) for one in handoffs),
        *(_words(note, here) for note in notes),
    )
    lines = [title, *(f"{fact.name}: {visible(fact.value)}" for fact in facts)]
    if notice.repeat_possible:
        lines.append(REPEAT)
    return MessageDoc(
        purpose="notice",
        title=title,
        text="\n".join(lines),
        incident_id="",
        number=0,
        status="",
        severity="info",
        urgency="low",
        service=names,
        responder=notice.person,
        facts=facts,
        repeat_possible=notice.repeat_possible,
    )


def _fact(handoff: Handoff, zone: ZoneInfo) -> Fact:
    others = ", ".join(handoff.others) or "nobody"
    at = _clock(handoff.at, zone)
    if handoff.kind == "off_call":
        return Fact(f"Off call for {handoff.schedule}", f"at {at}, then {others}")
    until = f" until {_clock(handoff.until, zone)}" if handoff.until else ""
    return Fact(f"On call for {handoff.schedule}", f"from {at}{until}, after {others}")


def _words(note: HandoffNote, zone: ZoneInfo) -> Fact:
    left = f"{note.by} on {_clock(note.left_at, zone)}"
    return Fact(f"Note for {note.schedule}", f"{note.text} (left by {left})")


def _soon(left: timedelta) -> str:
    """Return how long it is until then, to the nearest minute: `1 h`, `48 min`."""
    return spoken(left + HALF_A_MINUTE).removesuffix(" 0 min").removesuffix(" 0 h")


def _clock(at: datetime, zone: ZoneInfo) -> str:
    """Return an instant with its offset: on the night the clocks change one hour comes twice."""
    here = at.astimezone(zone)
    return f"{here:%a %Y-%m-%d %H:%M} ({here:%z}, {zone.key})"
