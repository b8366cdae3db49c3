"""A postmortem as Markdown: facts with their evidence, and people's words or the prompt for them.

The same document gives the same bytes.
"""

from collections.abc import Iterable

from postmortem.domain.document import Block, Document, Grid, Paragraph, Points, Section
from postmortem.domain.markdown import Footnotes, inline, prose, table
from postmortem.domain.standing import standing


def report(document: Document) -> str:
    """Return the document as Markdown."""
    notes = Footnotes()
    about, *sections = document.sections
    title = about.facts[0]
    cite = notes.cite(title.points[0].said.rests_on) if isinstance(title, Points) else ""
    lines = [f"# Postmortem: {inline(document.title)}{cite}", "", f"*{_standing(document)}*", ""]
    lines += _facts(about.facts, notes)
    for section in sections:
        lines += [f"## {section.heading}", "", *_section(section, document, notes)]
    return "\n".join([*lines, *notes.lines(), ""])


def _standing(document: Document) -> str:
    return inline(standing(document))


def _section(section: Section, document: Document, notes: Footnotes) -> list[str]:
    lines = _facts(section.facts, notes)
    if section.key == "action-items" and document.action_items:
        lines += [*_items(document), ""]
    if section.words:
        lines += [*prose(section.words), ""]
    elif section.prompt and not (section.key == "action-items" and document.action_items):
        lines += [f"*{_unwritten(section, document)}*", ""]
    return lines


def _unwritten(section: Section, document: Document) -> str:
    return "Nothing was written here." if document.number else section.prompt


def _items(document: Document) -> list[str]:
    head = ("action item", "owner", "due", "state")
    return table(
        head,
        [
            (inline(item.title), inline(item.owner), item.due.isoformat(), item.state)
            for item in document.action_items
        ],
    )


def _facts(blocks: Iterable[Block], notes: Footnotes) -> list[str]:
    return [line for block in blocks for line in [*_block(block, notes), ""]]


def _block(block: Block, notes: Footnotes) -> list[str]:
    match block:
        case Paragraph():
            said = [inline(one.text) + notes.cite(one.rests_on) for one in block.said]
            return [" ".join(said)]
        case Points():
            return [
                f"- {inline(one.label)}: {inline(one.said.text)}{notes.cite(one.said.rests_on)}"
                for one in block.points
            ]
        case Grid():
            rows = [(*map(inline, row.cells), notes.cite(row.rests_on)) for row in block.rows]
            return table((*block.head, "evidence"), rows)
