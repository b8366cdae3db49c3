"""A postmortem as a document: facts that were compiled, words that people wrote, and who did what.

It is what is published and kept, and what Markdown, HTML and JSON are made from.
"""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from tocsin.events import Actor

Status = Literal["draft", "in-review", "published"]
ItemState = Literal["open", "done", "dropped"]
Ids = tuple[str, ...]


class Part(BaseModel):
    """A frozen part of a document. Unknown fields are ignored: a later release may add some."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Said(Part):
    """A sentence, and the events it rests on."""

    text: str
    rests_on: Ids = ()


class Paragraph(Part):
    """Sentences that belong together."""

    kind: Literal["paragraph"] = "paragraph"
    said: tuple[Said, ...]


class Point(Part):
    """A name and its value."""

    label: str
    said: Said


class Points(Part):
    """Names and values."""

    kind: Literal["points"] = "points"
    points: tuple[Point, ...]


class Row(Part):
    """A line of a table, and the events it rests on."""

    cells: tuple[str, ...]
    rests_on: Ids = ()


class Grid(Part):
    """A table; the column of the evidence is added by whoever draws it."""

    kind: Literal["table"] = "table"
    head: tuple[str, ...]
    rows: tuple[Row, ...]


Block = Paragraph | Points | Grid


class Section(Part):
    """One heading with its facts. With a `prompt`, people write here as well."""

    key: str
    heading: str
    prompt: str = ""
    facts: tuple[Block, ...] = ()
    words: str = ""
    words_version: int = 0
    edited_by: Actor | None = None
    edited_at: datetime | None = None


class Item(Part):
    """An action item as it stood."""

    id: str
    title: str
    owner: str
    due: date
    state: ItemState


class Document(Part):
    """A postmortem whole. `digest` names the facts, `number` the published version, 0 for none."""

    format: Literal["tocsin.postmortem.v1"] = "tocsin.postmortem.v1"
    postmortem_id: str
    incident_id: str
    title: str
    service: str
    status: Status = "draft"
    number: int = 0
    digest: str = ""
    events: int
    review_requested_by: Actor | None = None
    review_requested_at: datetime | None = None
    published_by: Actor | None = None
    published_at: datetime | None = None
    sections: tuple[Section, ...]
    action_items: tuple[Item, ...] = ()
    picture: str = ""


def rests_on(sections: tuple[Section, ...]) -> frozenset[str]:
    """Return the ids of all events that these sections name."""
    found: set[str] = set()
    for section in sections:
        for block in section.facts:
            for line in lines(block):
                found.update(line.rests_on)
    return frozenset(found)


def lines(block: Block) -> tuple[Row, ...]:
    """Return what a block says, line by line; the first cell names the line."""
    match block:
        case Paragraph():
            return tuple(Row(cells=(said.text,), rests_on=said.rests_on) for said in block.said)
        case Points():
            return tuple(
                Row(cells=(point.label, point.said.text), rests_on=point.said.rests_on)
                for point in block.points
            )
        case Grid():
            return block.rows
