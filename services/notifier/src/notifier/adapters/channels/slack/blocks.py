"""A message in Block Kit. Words from outside are plain text in it, and escaped all the same."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from notifier.domain.visible import shortened, visible
from tocsin.channels import Button, IncidentLine, MessageDoc
from tocsin.events import Link

MAX_TEXT = 3000  # Of one text object. Slack has more room for `text` itself, and no use for it.
MAX_TITLE = 250
MAX_BUTTON = 75
MAX_BUTTONS = 25
MAX_LINKS = 10
SNOOZES = (("30 min", "30m"), ("1 hour", "1h"), ("4 hours", "4h"), ("1 day", "1d"))
_STYLES = {"acknowledge": "primary", "resolve": "danger"}
_SURE = {
    "resolve": ("Resolve this incident?", "Its alerts count as over.", "Resolve"),
    "escalate": ("Page the next level?", "They are paged at once.", "Escalate"),
}
Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """`text` is what a phone's notification shows, and all there is where blocks are refused."""

    text: str
    blocks: tuple[Block, ...]
    is_for_many: bool = False


def escaped(text: str) -> str:
    """Return text in which Slack finds no mention, no channel and no link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fitted(text: str, limit: int) -> str:
    """Return text escaped in at most `limit` characters, no escape cut in two."""
    done = escaped(text)
    if len(done) <= limit:
        return done
    kept: list[str] = []
    room = limit - 1
    for character in text:
        piece = escaped(character)
        if len(piece) > room:
            break
        kept.append(piece)
        room -= len(piece)
    return "".join(kept) + "…"


def message_of(doc: MessageDoc, *, hears: bool) -> Message:
    """Return the message. Where nobody `hears` a press there are links instead of buttons."""
    title = _title(doc)
    blocks = [_section(title)]
    if asides := [one for one in (_state(doc), visible(doc.late), _repeat(doc)) if one]:
        blocks.append(_aside(asides))
    blocks += _lines(_incident_line(line) for line in doc.incidents)
    if not doc.incidents:
        blocks += _lines(_told(doc))
    if doc.more:
        blocks.append(_aside([f"and {doc.more} more"]))
    links = _links(doc, hears=hears)
    if links:
        text = fitted_links(links)
        blocks.append({"type": "section", "text": _markup(text)})
    if hears and doc.actions:
        blocks.append(_actions(doc.actions[:MAX_BUTTONS]))
    return Message(fitted(title, MAX_TEXT), tuple(blocks), bool(doc.incidents))


def fitted_links(links: Sequence[str]) -> str:
    """Return as many links as have room, whole ones only."""
    kept = ""
    for link in links:
        if len(kept) + len(link) + 3 > MAX_TEXT:
            break
        kept = f"{kept} · {link}" if kept else link
    return kept


def _title(doc: MessageDoc) -> str:
    title = shortened(visible(doc.title), MAX_TITLE).strip() or "(no title)"
    if doc.incidents or not doc.number:
        return title
    return f"#{doc.number} {doc.severity.upper()} {visible(doc.service)}: {title}"


def _state(doc: MessageDoc) -> str:
    if doc.status == "triggered" or doc.incidents:
        return ""
    said = next((fact.value for fact in doc.facts if fact.name == "Status"), doc.status)
    return visible(said[:1].upper() + said[1:])


def _repeat(doc: MessageDoc) -> str:
    if not doc.repeat_possible:
        return ""
    return "You may have had this message before: we could not see whether it arrived."


def _told(doc: MessageDoc) -> Iterable[str]:
    for fact in doc.facts:
        if fact.name not in {"Service", "Severity", "Status"}:
            yield f"{fact.name}: {visible(fact.value)}"
    alone = len(doc.alerts) == 1 and not doc.more and doc.alerts[0].title == doc.title
    for alert in doc.alerts:
        if not alone:
            yield f"• {shortened(visible(alert.title), MAX_TITLE)}"
    if doc.alerts and doc.alerts[0].description:
        yield visible(doc.alerts[0].description, lines=True)


def _incident_line(line: IncidentLine) -> str:
    since = line.since.strftime("%H:%M UTC")
    title = shortened(visible(line.title), MAX_TITLE)
    said = f"#{line.number} {line.severity.upper()} {visible(line.service)}: {title}, since {since}"
    return f"{said} — {visible(line.status)}" if line.status else said


def _lines(lines: Iterable[str]) -> list[Block]:
    """Return lines as few blocks, each within its room."""
    blocks: list[str] = []
    for line in lines:
        # Half the room: escaping may make a character five, and a line is cut by `fitted` then.
        if blocks and len(escaped(blocks[-1])) + len(escaped(line)) < MAX_TEXT:
            blocks[-1] += f"\n{line}"
        else:
            blocks.append(line)
    return [_section(text) for text in blocks if text.strip()]


def _links(doc: MessageDoc, *, hears: bool) -> list[str]:
    found = []
    if not hears:
        found += [_link(one.url, one.label) for one in doc.buttons]
    return found + [
        _link(one.href, f"{_label(one)} ({_host(one.href)})") for one in doc.links[:MAX_LINKS]
    ]


def _label(link: Link) -> str:
    """Return what a link is called. Its host is always said as well: a name may lie."""
    return shortened(visible(link.text), MAX_BUTTON) or "Link"


def _host(href: str) -> str:
    try:
        return urlsplit(href).hostname or "?"
    except ValueError:
        return "?"


def _link(href: str, label: str) -> str:
    address = visible(href).replace("|", "%7C").replace(" ", "%20")
    return f"<{escaped(address)}|{escaped(visible(label)).replace('|', '¦')}>"


def _actions(actions: Iterable[Button]) -> Block:
    return {"type": "actions", "elements": [_element(one) for one in actions]}


def _element(button: Button) -> Block:
    if button.action == "snooze":
        return {
            "type": "static_select",
            "action_id": f"snooze.{button.token}",
            "placeholder": _plain("Snooze", MAX_BUTTON),
            "options": [
                {"text": _plain(text, MAX_BUTTON), "value": f"{button.token}.{value}"}
                for text, value in SNOOZES
            ],
        }
    element: Block = {
        "type": "button",
        "action_id": f"{button.action}.{button.token}",
        "text": _plain(button.label, MAX_BUTTON),
        "value": button.token,
    }
    if style := _STYLES.get(button.action):
        element["style"] = style
    if sure := _SURE.get(button.action):
        title, text, confirm = sure
        element["confirm"] = {
            "title": _plain(title, 100),
            "text": _plain(text, 300),
            "confirm": _plain(confirm, 30),
            "deny": _plain("Back", 30),
        }
    return element


def _section(text: str) -> Block:
    return {"type": "section", "text": _plain(text, MAX_TEXT)}


def _aside(texts: Iterable[str]) -> Block:
    return {"type": "context", "elements": [_plain(text, MAX_TEXT) for text in texts]}


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": fitted(text, limit), "emoji": False}


def _markup(text: str) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True}
