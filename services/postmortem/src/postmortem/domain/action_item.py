"""A change that was promised: what, by whom, by when, and whether it was made."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from postmortem.domain.document import Item, ItemState
from postmortem.domain.words import OutdatedError
from tocsin.errors import InputError
from tocsin.events import Actor

MOST_ITEMS = 200


@dataclass(frozen=True, slots=True)
class Promise:
    """What people say of an action item; whoever changes it says all of it."""

    title: str
    owner: str
    due: date
    state: ItemState = "open"


@dataclass(frozen=True, slots=True)
class ActionItem:
    """An action item, who opened it, and who changed it last."""

    action_item_id: str
    postmortem_id: str
    incident_id: str
    promise: Promise
    version: int
    opened_by: Actor
    opened_at: datetime
    changed_by: Actor
    changed_at: datetime

    def changed(self, promise: Promise, expected: int, by: Actor, now: datetime) -> "ActionItem":
        """Return it with what is promised now, if `expected` is the version looked at."""
        if promise == self.promise and expected in {self.version, self.version - 1}:
            return self
        if expected != self.version:
            raise OutdatedError("action item", expected, self, promise)
        return replace(
            self, promise=promise, version=self.version + 1, changed_by=by, changed_at=now
        )

    @property
    def item(self) -> Item:
        """The item as a document shows it."""
        promise = self.promise
        return Item(
            id=self.action_item_id,
            title=promise.title,
            owner=promise.owner,
            due=promise.due,
            state=promise.state,
        )


def room_for_another(items: int) -> None:
    """Refuse more items than anybody would keep."""
    if items >= MOST_ITEMS:
        raise InputError(f"a postmortem has at most {MOST_ITEMS} action items; close or merge some")
