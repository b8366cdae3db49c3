"""What people do with a postmortem: write, ask for a review, publish, take back.

Each is one transaction: what was there, what is there now, who did it, and what is told.
"""

import hashlib

from postmortem.domain.review import Review
from postmortem.domain.words import Words, known_section
from postmortem.handlers.sheet import Act, Detail, Sheet, pictured, save, tell
from postmortem.ports import PostmortemUnitOfWork, Publication
from tocsin.events import PostmortemPublished


async def write(
    uow: PostmortemUnitOfWork,
    sheet: Sheet,
    section: str,
    text: str,
    expected: int,
    act: Act,
) -> Words:
    """Write a section over the version `expected`; OutdatedError shows what stands instead."""
    known = sheet.words.get(known_section(section), Words(section))
    if await uow.reviews.is_done(act.change_id):
        return known
    sheet.review.writable()
    words = known.edited(text, expected, act.by, act.now)
    if words is not known:
        await uow.reviews.write(sheet.facts.postmortem_id, words)
        detail: Detail = {"section": section, "version": words.version, "text": words.text}
        await save(uow, sheet.review.changed(), act, "wrote", detail)
    return words


async def request_review(uow: PostmortemUnitOfWork, sheet: Sheet, act: Act) -> None:
    """Ask for a review of the facts as they are now."""
    if await uow.reviews.is_done(act.change_id):
        return
    facts = sheet.facts
    asked = sheet.review.requested(facts.basis, act.by, act.now, is_over=facts.is_over)
    await save(uow, asked, act, "asked for review", {"digest": facts.digest})


async def publish(uow: PostmortemUnitOfWork, sheet: Sheet, seen: str | None, act: Act) -> None:
    """Publish it as the next version, which stays as it is from then on."""
    if await uow.reviews.is_done(act.change_id):
        return
    facts = sheet.facts
    review = sheet.review.publication(facts.digest, seen, is_over=facts.is_over)
    kept = _publication(sheet, review, act)
    await uow.reviews.publish(kept)
    detail: Detail = {"number": kept.number, "digest": facts.digest, "sha256": kept.sha256}
    await save(uow, review, act, "published", detail)
    fact = PostmortemPublished(
        postmortem_id=facts.postmortem_id,
        incident_id=facts.incident_id,
        by=act.by,
        number=kept.number,
        title=facts.title,
        digest=facts.digest,
    )
    await tell(uow, fact, act)


async def take_back(uow: PostmortemUnitOfWork, sheet: Sheet, act: Act) -> None:
    """Make it a draft again; published versions stay."""
    if await uow.reviews.is_done(act.change_id):
        return
    await save(uow, sheet.review.taken_back(), act, "took back to draft", {})


def _publication(sheet: Sheet, review: Review, act: Act) -> Publication:
    whole = pictured(sheet.draft, sheet.facts).model_copy(
        update={
            "status": "published",
            "number": review.published,
            "published_by": act.by,
            "published_at": act.now,
        }
    )
    text = whole.model_dump_json()
    return Publication(
        postmortem_id=review.postmortem_id,
        number=review.published,
        document=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        digest=sheet.facts.digest,
        published_by=act.by,
        published_at=act.now,
    )
