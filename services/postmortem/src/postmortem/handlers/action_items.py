"""What people promise, and whether it was done; also of a published postmortem: work goes on."""

from postmortem.domain.action_item import ActionItem, Promise, room_for_another
from postmortem.handlers.sheet import Act, Sheet, save, tell
from postmortem.ports import PostmortemUnitOfWork
from tocsin import ids
from tocsin.events import ActionItemClosed, ActionItemOpened, PostmortemEvent


async def promise(
    uow: PostmortemUnitOfWork, sheet: Sheet, promise: Promise, act: Act
) -> ActionItem:
    """Open an action item; also of a published postmortem, for work goes on."""
    facts = sheet.facts
    item = ActionItem(
        action_item_id=ids.prefixed("act", ids.derived("action-item", act.change_id)),
        postmortem_id=facts.postmortem_id,
        incident_id=facts.incident_id,
        promise=promise,
        version=1,
        opened_by=act.by,
        opened_at=act.now,
        changed_by=act.by,
        changed_at=act.now,
    )
    if await uow.reviews.is_done(act.change_id):
        return await uow.action_items.get(item.action_item_id) or item
    room_for_another(len(sheet.items))
    await uow.action_items.save(item)
    await save(uow, sheet.review.changed(), act, "opened action item", _of(item))
    await tell(uow, _opened(item, act, again=False), act)
    return item


async def change(
    uow: PostmortemUnitOfWork,
    sheet: Sheet,
    item: ActionItem,
    promise: Promise,
    expected: int,
    act: Act,
) -> ActionItem:
    """Change what is promised, or whether it is done; OutdatedError shows what stands."""
    if await uow.reviews.is_done(act.change_id):
        return item
    changed = item.changed(promise, expected, act.by, act.now)
    if changed is not item:
        await uow.action_items.save(changed)
        await save(uow, sheet.review.changed(), act, "changed action item", _of(changed))
        await tell(uow, _told(changed, act), act)
    return changed


def _of(item: ActionItem) -> dict[str, str | int]:
    promise = item.promise
    return {
        "action_item": item.action_item_id,
        "version": item.version,
        "title": promise.title,
        "owner": promise.owner,
        "due": promise.due.isoformat(),
        "state": promise.state,
    }


def _opened(item: ActionItem, act: Act, *, again: bool) -> ActionItemOpened:
    return ActionItemOpened(
        postmortem_id=item.postmortem_id,
        incident_id=item.incident_id,
        action_item_id=item.action_item_id,
        title=item.promise.title,
        owner=item.promise.owner,
        due=item.promise.due,
        by=act.by,
        again=again,
    )


def _told(now: ActionItem, act: Act) -> PostmortemEvent:
    if now.promise.state == "open":
        return _opened(now, act, again=True)
    return ActionItemClosed(
        postmortem_id=now.postmortem_id,
        incident_id=now.incident_id,
        action_item_id=now.action_item_id,
        by=act.by,
        done=now.promise.state == "done",
    )
