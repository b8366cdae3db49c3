"""The JSON of postmortems and action items, as people and scripts see and send it."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from postmortem.domain.action_item import ActionItem, Promise
from postmortem.domain.changes import Changes
from postmortem.domain.document import ItemState, Section, Status
from postmortem.domain.plain import one_line
from postmortem.domain.report import report
from postmortem.domain.words import Words, tidy
from postmortem.handlers.sheet import Sheet
from postmortem.ports import Change, Summary
from tocsin.errors import InputError
from tocsin.events import Actor


def _tidy(text: str) -> str:
    try:
        return tidy(text)
    except InputError as error:
        raise ValueError(str(error).removeprefix("text: ")) from error


def _line(text: str) -> str:
    line = one_line(_tidy(text))
    if not line:
        raise ValueError("must not be empty")
    return line


Title = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_line)]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_line)]


class Order(BaseModel):
    """Who does it; without a name, the token."""

    by: Name | None = None


class Text(Order):
    """What people write in a section: paragraphs, and lists whose lines start with `- `."""

    text: Annotated[str, AfterValidator(_tidy)]


class Publish(Order):
    """`digest` says which facts were looked at; needed where they changed during the review."""

    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class NewActionItem(Order):
    """A change that is promised."""

    title: Title
    owner: Name
    due: date
    state: ItemState = "open"

    @property
    def promise(self) -> Promise:
        """The promise that it is."""
        return Promise(self.title, self.owner, self.due, self.state)


class ActionItemShape(BaseModel):
    """An action item; `version` is what `If-Match` says to change it."""

    id: str
    postmortem_id: str
    incident_id: str
    title: str
    owner: str
    due: date
    state: ItemState
    version: int
    opened_by: Actor
    opened_at: datetime
    changed_by: Actor
    changed_at: datetime

    @classmethod
    def of(cls, item: ActionItem) -> "ActionItemShape":
        """Return the shape of an item."""
        promise = item.promise
        return cls(
            id=item.action_item_id,
            postmortem_id=item.postmortem_id,
            incident_id=item.incident_id,
            title=promise.title,
            owner=promise.owner,
            due=promise.due,
            state=promise.state,
            version=item.version,
            opened_by=item.opened_by,
            opened_at=item.opened_at,
            changed_by=item.changed_by,
            changed_at=item.changed_at,
        )


class WordsShape(BaseModel):
    """What stands in a section; `version` is what `If-Match` says to change it."""

    section: str
    text: str
    version: int
    edited_by: Actor | None
    edited_at: datetime | None

    @classmethod
    def of(cls, words: Words) -> "WordsShape":
        """Return the shape of a section's text."""
        return cls(
            section=words.section,
            text=words.text,
            version=words.version,
            edited_by=words.edited_by,
            edited_at=words.edited_at,
        )


class ChangeItem(BaseModel):
    """Something that was done to a postmortem."""

    revision: int
    what: str
    by: Actor
    at: datetime
    detail: dict[str, str | int]

    @classmethod
    def of(cls, change: Change) -> "ChangeItem":
        """Return the shape of a change."""
        return cls(
            revision=change.revision,
            what=change.what,
            by=change.changed_by,
            at=change.changed_at,
            detail=dict(change.detail),
        )


class PostmortemItem(BaseModel):
    """A postmortem in a list. `digest` is that of the facts as they are now."""

    id: str
    incident_id: str
    title: str
    service: str
    status: Status
    digest: str
    events: int
    resolved_at: datetime | None
    last_event_at: datetime

    @classmethod
    def of(cls, one: Summary) -> "PostmortemItem":
        """Return the shape of a draft in a list."""
        return cls(
            id=one.postmortem_id,
            incident_id=one.incident_id,
            title=one.title,
            service=one.service,
            status=one.status,
            digest=one.digest,
            events=one.events,
            resolved_at=one.resolved_at,
            last_event_at=one.last_event_at,
        )


class MetricItem(BaseModel):
    """A duration and what it rests on; `value_ms` is null where an input is missing."""

    name: str
    value_ms: int | None
    event_ids: tuple[str, ...]


class FullPostmortem(PostmortemItem):
    """A postmortem whole: as published where it is, else as it stands.

    `changes` is what late facts changed since it was published, or since its review was asked for.
    """

    markdown: str
    metrics: list[MetricItem]
    revision: int
    published: int
    published_by: Actor | None
    published_at: datetime | None
    review_requested_by: Actor | None
    review_requested_at: datetime | None
    sections: tuple[Section, ...]
    action_items: list[ActionItemShape]
    changes: Changes

    @classmethod
    def of_sheet(cls, sheet: Sheet) -> "FullPostmortem":
        """Return the shape of a postmortem with people's part."""
        facts, shown = sheet.facts, sheet.shown
        return cls(
            id=facts.postmortem_id,
            incident_id=facts.incident_id,
            title=facts.title,
            service=facts.service,
            status=sheet.review.status,
            digest=facts.digest,
            events=facts.events,
            resolved_at=facts.resolved_at,
            last_event_at=facts.last_event_at,
            markdown=report(shown),
            metrics=[
                MetricItem(name=one.name, value_ms=one.milliseconds, event_ids=one.rests_on)
                for one in facts.metrics
            ],
            revision=sheet.review.revision,
            published=sheet.review.published,
            published_by=shown.published_by,
            published_at=shown.published_at,
            review_requested_by=sheet.review.requested_by,
            review_requested_at=sheet.review.requested_at,
            sections=shown.sections,
            action_items=[ActionItemShape.of(item) for item in sheet.items],
            changes=sheet.changes,
        )
