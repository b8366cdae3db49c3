"""What people make of postmortems, in a few dicts."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from postmortem.domain.action_item import ActionItem
from postmortem.domain.review import Review
from postmortem.domain.words import Words
from postmortem.ports import Change, Publication, Wanted

Table = dict[Any, Any]


class MemoryReviews:
    """Reviews, words, published versions and history by their ids."""

    def __init__(self, table: Callable[[str], Table]) -> None:
        """Keep them in tables."""
        self._reviews = table("reviews")
        self._words = table("words")
        self._publications = table("publications")
        self._history = table("history")

    async def of(self, postmortem_id: str, incident_id: str) -> Review:
        """Return where a postmortem stands."""
        found: Review = self._reviews.get(postmortem_id, Review(postmortem_id, incident_id))
        return found

    async def save(self, review: Review, change: Change) -> None:
        """Write where it stands now, and what was done."""
        self._reviews[review.postmortem_id] = review
        self._history[change.change_id] = change

    async def words(self, postmortem_id: str) -> Mapping[str, Words]:
        """Return what people wrote, by section."""
        return {
            section: words
            for (owner, section), words in self._words.items()
            if owner == postmortem_id
        }

    async def write(self, postmortem_id: str, words: Words) -> None:
        """Write one section over what was there."""
        self._words[postmortem_id, words.section] = words

    async def publish(self, publication: Publication) -> None:
        """Keep a published version; one that is kept already stays as it is."""
        key = (publication.postmortem_id, publication.number)
        self._publications.setdefault(key, publication)

    async def published(self, postmortem_id: str, number: int) -> Publication | None:
        """Return a published version."""
        return self._publications.get((postmortem_id, number))

    async def is_done(self, change_id: str) -> bool:
        """Return whether this was done already."""
        return change_id in self._history

    async def history(self, postmortem_id: str, before: int | None, limit: int) -> Sequence[Change]:
        """Return what was done, latest first, from before a revision."""
        found = [
            change
            for change in self._history.values()
            if change.postmortem_id == postmortem_id
            and (before is None or change.revision < before)
        ]
        return sorted(found, key=lambda change: change.revision, reverse=True)[:limit]


class MemoryActionItems:
    """Action items by id."""

    def __init__(self, table: Table) -> None:
        """Keep them in `table`."""
        self._table = table

    async def of(self, postmortem_id: str) -> Sequence[ActionItem]:
        """Return the items of a postmortem, by due date."""
        return [one for one in self._sorted() if one.postmortem_id == postmortem_id]

    async def get(self, action_item_id: str) -> ActionItem | None:
        """Return one."""
        return self._table.get(action_item_id)

    async def save(self, item: ActionItem) -> None:
        """Write it whole, over what was there."""
        self._table[item.action_item_id] = item

    async def page(
        self, wanted: Wanted, after: tuple[date, str] | None, limit: int
    ) -> Sequence[ActionItem]:
        """Return items by due date, from behind `after` (due, id)."""
        return [
            one
            for one in self._sorted()
            if wanted.state in {None, one.promise.state}
            and wanted.owner in {None, one.promise.owner}
            and (wanted.due_before is None or one.promise.due < wanted.due_before)
            and (after is None or _place(one) > after)
        ][:limit]

    def _sorted(self) -> list[ActionItem]:
        return sorted(self._table.values(), key=_place)


def _place(item: ActionItem) -> tuple[date, str]:
    return item.promise.due, item.action_item_id
