"""A postmortem as it lies on the desk, and how it is taken and put back.

Whoever writes holds the incident, as whoever adds an event does, so no fact arrives in between.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from postmortem.domain.action_item import ActionItem
from postmortem.domain.changes import Changes, changes
from postmortem.domain.document import Document
from postmortem.domain.picture import picture
from postmortem.domain.postmortem import Postmortem, compiled, document
from postmortem.domain.recorded import is_identity
from postmortem.domain.review import Review
from postmortem.domain.svg import drawing
from postmortem.domain.words import Words
from postmortem.ports import Change, PostmortemUnitOfWork
from tocsin import ids
from tocsin.events import Actor, PostmortemEvent, caused_by

SOURCE = "postmortem"
Detail = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something, and when; the same `change_id` again does nothing again."""

    by: Actor
    now: datetime
    change_id: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A postmortem as it lies on the desk: facts, people's part, and what late facts changed.

    `shown` is what a reader sees: the published version where it is published, else the draft.
    """

    facts: Postmortem
    review: Review
    words: Mapping[str, Words]
    items: Sequence[ActionItem]
    draft: Document
    shown: Document
    changes: Changes

    @property
    def export(self) -> Document:
        """What a reader sees, with the picture: kept where it is published, else drawn now."""
        return self.shown if self.shown.number else pictured(self.shown, self.facts)


def pictured(document: Document, facts: Postmortem) -> Document:
    """Return the document with the picture of its incident."""
    return document.model_copy(update={"picture": drawing(picture(facts.known))})


async def read(uow: PostmortemUnitOfWork, identity: str) -> Sheet | None:
    """Return a postmortem by its id or its incident's; None if nothing is known of it."""
    incident_id = await uow.incidents.find(identity) if is_identity(identity) else None
    return None if incident_id is None else await _sheet(uow, incident_id)


async def take(uow: PostmortemUnitOfWork, identity: str, now: datetime) -> Sheet | None:
    """Return it as `read` does, and hold it until the transaction ends."""
    incident_id = await uow.incidents.find(identity) if is_identity(identity) else None
    if incident_id is None:
        return None
    await uow.incidents.lock([incident_id], now)
    return await _sheet(uow, incident_id)


async def _sheet(uow: PostmortemUnitOfWork, incident_id: str) -> Sheet | None:
    facts = compiled(incident_id, (await uow.log.of([incident_id])).get(incident_id, ()))
    if facts is None:
        return None
    review = await uow.reviews.of(facts.postmortem_id, incident_id)
    words = await uow.reviews.words(facts.postmortem_id)
    items = await uow.action_items.of(facts.postmortem_id)
    draft = document(facts, review, words, items)
    shown = await _published(uow, review) or draft
    before = review.basis.sections if review.basis else shown.sections
    return Sheet(
        facts=facts,
        review=review,
        words=words,
        items=items,
        draft=draft,
        shown=shown,
        changes=changes(before, facts.sections, facts.story),
    )


async def _published(uow: PostmortemUnitOfWork, review: Review) -> Document | None:
    if review.status != "published":
        return None
    found = await uow.reviews.published(review.postmortem_id, review.published)
    return Document.model_validate_json(found.document) if found else None


async def save(
    uow: PostmortemUnitOfWork,
    review: Review,
    act: Act,
    what: str,
    detail: Detail,
) -> None:
    """Write where a postmortem stands now, and what was done, by whom."""
    change = Change(
        change_id=act.change_id,
        postmortem_id=review.postmortem_id,
        revision=review.revision,
        what=what,
        changed_by=act.by,
        changed_at=act.now,
        detail=detail,
    )
    await uow.reviews.save(review, change)


async def tell(uow: PostmortemUnitOfWork, fact: PostmortemEvent, act: Act) -> None:
    """Publish what was done; the same act is the same event."""
    identity = ids.derived("postmortem-told", act.change_id)
    await uow.publish([caused_by(None, fact, now=act.now, source=SOURCE, event_id=identity)])
