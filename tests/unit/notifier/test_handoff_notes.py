"""A note for whoever is on call next is in their notice, and in nobody else's."""

from datetime import timedelta

import pytest

from notifier.domain.handoff_note import HandoffNote, carries
from tests.unit.notifier.shifts import event, foreseen, hour
from tests.unit.notifier.test_notices import catalog, foresees, person, world
from tests.unit.notifier.world import World, said
from tocsin.events import Actor, HandoffNoteLeft

__all__ = ["world"]
WISHES = {"on_call": ["1h"], "off_call": ["1h"]}


def note(left_at: float) -> HandoffNote:
    return HandoffNote("web", "n1", "Look at #7.", "adam", hour(left_at))


@pytest.mark.parametrize(
    ("left_at", "carried"),
    [(5, [9]), (9, [20]), (10, [20]), (18, [20]), (20, []), (-1, [])],
)
def test_who_goes_on_call_next_is_told(left_at: float, carried: list[float]) -> None:
    # Eve at nine, nobody from seventeen on, adam at twenty.
    outlook = foreseen("web", (0, "adam"), (9, "eve"), (17,), (20, "adam"), (24,))
    found = [one.at for one in outlook.handoffs() if carries(one, note(left_at), outlook)]
    assert found == [hour(one) for one in carried]


def test_without_a_note_none_is_carried() -> None:
    outlook = foreseen("web", (0, "adam"), (9, "eve"), (24,))
    assert not any(carries(one, None, outlook) for one in outlook.handoffs())


async def leaves(world: World, text: str, note_id: str = "n1") -> None:
    fact = HandoffNoteLeft(
        note_id=note_id, schedule="web", text=text, by=Actor(kind="user", name="adam")
    )
    await world.hears(said(fact, world.clock.now()))


async def test_the_last_note_is_in_the_notice_of_who_is_next(world: World) -> None:
    world.catalog.replace(catalog(1, {"adam": person(handoff_notices=WISHES)}))
    await foresees(world, event("web", (0, "adam"), (12, "eve"), (14, "adam"), (30,)))
    await leaves(world, "Nothing to say.")
    await leaves(world, "Look at #7.\nIt \u202eflaps.", "n2")
    await world.passes(timedelta(hours=2))
    texts = {doc.responder: doc.text for _, _, doc in world.mail.told}
    assert set(texts) == {"adam", "eve"}
    words = "Note for web: Look at #7. It \\u202eflaps. (left by adam on Mon 2026-01-05 09:00"
    assert words in texts["eve"]
    assert "Note" not in texts["adam"]
    await world.passes(timedelta(hours=3))
    later = [doc.text for _, _, doc in world.mail.told[2:] if "on call in" in doc.title]
    assert len(later) == 1
    assert "Note" not in later[0]
