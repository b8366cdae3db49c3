"""A postmortem as one HTML file: nothing is loaded, nothing runs, every stranger's word is escaped.

It reads on a phone and on paper, in dark and light, and by ear.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from html import escape

from postmortem.domain import svg
from postmortem.domain.document import Block, Document, Grid, Paragraph, Points, Section
from postmortem.domain.markdown import Footnotes
from postmortem.domain.plain import blocks, one_line, visible
from postmortem.domain.standing import standing

STYLE = """
:root{color-scheme:light dark;font:16px/1.55 system-ui,sans-serif}
body{max-width:62rem;margin:0 auto;padding:1rem}
h1,h2,p,li,dd{overflow-wrap:anywhere}
td{overflow-wrap:break-word;max-width:28rem}
h2{margin-top:2rem;border-bottom:1px solid #8886}
.wide{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #8886}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dd{margin:0}
.prompt,.standing{font-style:italic}
figure{margin:1rem 0;overflow-x:auto}svg{min-width:44rem;max-width:100%;height:auto}
sup a{padding:0 .2em}
code{overflow-wrap:anywhere}
@media print{body{max-width:none;font-size:11pt}a{color:inherit;text-decoration:none}
h2{break-after:avoid}tr,svg{break-inside:avoid}svg{min-width:0}}
"""
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{STYLE_HASH}' 'sha256-{svg.STYLE_HASH}';"
    " base-uri 'none'; form-action 'none'"
)


def page(document: Document) -> str:
    """Return the document as a whole HTML page."""
    notes = Footnotes()
    title = f"Postmortem: {_line(document.title)}"
    about, *sections = document.sections
    body = [
        f"<h1>{title}</h1>",
        f'<p class="standing">{_line(standing(document))}</p>',
        *_facts(about.facts, notes),
    ]
    for section in sections:
        body += _section(section, document, notes)
    head = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>"
    )
    return "\n".join([head, *body, *_evidence(notes), "</main>", "</body>", "</html>", ""])


def _line(text: str) -> str:
    return escape(one_line(text))


def _section(section: Section, document: Document, notes: Footnotes) -> Iterator[str]:
    yield f'<section id="{section.key}">\n<h2>{escape(section.heading)}</h2>'
    if section.key == "timeline" and document.picture:
        # Ours, and the only markup that is not made here.
        yield f'<figure tabindex="0">{document.picture}</figure>'
    yield from _facts(section.facts, notes)
    has_items = section.key == "action-items" and bool(document.action_items)
    if has_items:
        yield from _items(document)
    if section.words:
        yield from _prose(section.words)
    elif section.prompt and not has_items:
        prompt = "Nothing was written here." if document.number else section.prompt
        yield f'<p class="prompt">{escape(prompt)}</p>'
    yield "</section>"


def _prose(text: str) -> Iterator[str]:
    for block in blocks(text):
        lines = [escape(visible(line)) for line in block.lines]
        if block.is_list:
            yield "<ul>" + "".join(f"<li>{line}</li>" for line in lines) + "</ul>"
        else:
            yield f"<p>{'<br>'.join(lines)}</p>"


def _items(document: Document) -> Iterator[str]:
    rows = [
        (item.title, item.owner, item.due.isoformat(), item.state) for item in document.action_items
    ]
    head = ("action item", "owner", "due", "state")
    yield from _table(head, [[_line(cell) for cell in row] for row in rows])


def _facts(facts: Iterable[Block], notes: Footnotes) -> Iterator[str]:
    for block in facts:
        match block:
            case Paragraph():
                said = [_line(one.text) + _cite(notes, one.rests_on) for one in block.said]
                yield f"<p>{' '.join(said)}</p>"
            case Points():
                yield "<dl>"
                for one in block.points:
                    value = _line(one.said.text) + _cite(notes, one.said.rests_on)
                    yield f"<dt>{_line(one.label)}</dt><dd>{value}</dd>"
                yield "</dl>"
            case Grid():
                rows = [[*map(_line, row.cells), _cite(notes, row.rests_on)] for row in block.rows]
                yield from _table((*block.head, "evidence"), rows)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    names = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    yield f'<div class="wide" tabindex="0"><table>\n<thead><tr>{names}</tr></thead>\n<tbody>'
    for row in rows:
        yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>"
    yield "</tbody></table></div>"


def _cite(notes: Footnotes, ids: Iterable[str]) -> str:
    number = notes.number(ids)
    if number is None:
        return ""
    return f'<sup><a href="#events-{number}" aria-label="events {number}">{number}</a></sup>'


def _evidence(notes: Footnotes) -> Iterator[str]:
    yield '<section id="events">\n<h2>Events</h2>\n<ol>'
    for number, ids in notes.cited():
        named = ", ".join(f"<code>{_line(event_id)}</code>" for event_id in ids)
        yield f'<li id="events-{number}" value="{number}">{named}</li>'
    yield "</ol>\n</section>"
