"""Answers withdraw what was not sent, in whatever order the topics tell of it."""

import asyncio
from datetime import timedelta

import pytest

from notifier.domain.states import Delivered, Withdrawn
from tests.unit.notifier.making import asked, requested
from tests.unit.notifier.world import BOB, World, acknowledged, said, triggered
from tocsin.channels import TargetGone, Transient
from tocsin.events import (
    IncidentEvent,
    IncidentMerged,
    IncidentResolved,
    IncidentSnoozed,
    IncidentUnacknowledged,
    NotificationWithdrawn,
)
from tocsin.testing import START

HOUR = timedelta(hours=1)
ANSWERS: list[IncidentEvent] = [
    acknowledged(),
    IncidentSnoozed(incident_id="inc-1", version=2, by=BOB, until=START + HOUR),
    IncidentResolved(incident_id="inc-1", version=2, by=BOB, reason="command"),
    IncidentMerged(incident_id="inc-1", version=2, by=BOB, into="inc-2"),
]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda one: type(one).__name__)
async def test_the_answer_after_the_page_withdraws_what_waits(answer: IncidentEvent) -> None:
    world = World()
    await world.pages("page-1")
    await world.hears(said(triggered()), said(answer))
    await world.passes(HOUR)

    assert world.mail.told == []
    facts = [fact for fact in await world.facts() if isinstance(fact, NotificationWithdrawn)]
    assert [fact.contact_method for fact in facts] == ["mail"]
    assert facts[0].reason.endswith("by bob")


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda one: type(one).__name__)
async def test_the_answer_before_the_page_sends_nothing(answer: IncidentEvent) -> None:
    world = World()
    await world.hears(said(triggered()), said(answer))
    await world.pages("page-1", incident_version=1)
    await world.passes(HOUR)

    assert (world.phone.told, world.mail.told) == ([], [])
    assert await world.told() == ["NotificationWithdrawn", "NotificationWithdrawn"]


async def test_an_answer_whose_beginning_was_never_heard_counts_as_well() -> None:
    world = World()
    await world.hears(said(acknowledged()))
    await world.pages("page-1", incident_version=1)

    assert world.phone.told == []


async def test_a_page_that_escalation_decided_on_the_answer_is_sent() -> None:
    world = World()
    await world.hears(said(triggered()), said(acknowledged(version=2)))
    await world.pages("page-1", incident_version=2)

    assert len(world.phone.pages) == 1


async def test_the_answer_that_a_page_was_decided_on_does_not_withdraw_it() -> None:
    """Escalated although acknowledged; the acknowledgement itself is heard after the page."""
    world = World()
    await world.pages("page-1", incident_version=2)
    await world.hears(said(triggered()), said(acknowledged(version=2)))
    await world.passes(HOUR)

    assert len(world.mail.pages) == 1


async def test_a_page_of_the_next_round_is_sent_and_the_old_one_is_not() -> None:
    world = World()
    await world.hears(
        said(triggered()),
        said(acknowledged(version=2)),
        said(
            IncidentUnacknowledged(incident_id="inc-1", version=3, reason="acknowledgement-timeout")
        ),
    )
    await world.pages("page-old", incident_version=1)
    assert world.phone.told == []

    await world.pages("page-new", incident_version=3)
    assert len(world.phone.pages) == 1


async def test_a_retry_is_withdrawn_by_the_answer() -> None:
    world = World()
    world.phone.script.append(Transient("HTTP 503"))
    await world.pages("page-1")
    await world.hears(said(triggered()), said(acknowledged()))
    await world.passes(HOUR)

    assert len(world.phone.told) == 1
    assert isinstance(world.notifications()["phone"].state, Withdrawn)


async def test_what_was_claimed_but_not_begun_is_not_begun_after_the_answer() -> None:
    world = World()
    await world.hears(said(triggered()))
    await world.hears(asked(requested()))  # Claimed; the sender's task has not run yet.
    await world.hears(said(acknowledged()))
    await world.settles()
    await world.passes(HOUR)

    assert world.phone.told == []
    assert isinstance(world.notifications()["phone"].state, Withdrawn)


async def test_what_is_under_way_at_the_answer_is_corrected_afterwards() -> None:
    world = World()
    world.phone.hold = asyncio.Event()
    await world.hears(said(triggered()))
    await world.hears(asked(requested()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(world.phone.told) == 1

    await world.hears(said(acknowledged()))
    world.phone.hold.set()
    await world.settles()

    assert isinstance(world.notifications()["phone"].state, Delivered)
    assert [(doc.purpose, doc.status) for doc in world.phone.updates] == [
        ("update", "acknowledged")
    ]


async def test_a_failure_under_way_at_the_answer_is_not_tried_again_nor_elsewhere() -> None:
    world = World()
    world.phone.hold = asyncio.Event()
    world.phone.script.append(TargetGone("HTTP 410"))
    await world.hears(said(triggered()))
    await world.hears(asked(requested()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await world.hears(said(acknowledged()))
    world.phone.hold.set()
    await world.settles()
    await world.passes(HOUR)

    assert len(world.phone.pages) == 1
    assert world.mail.told == []
    assert "ResponderUnreachable" not in await world.told()


async def test_those_who_were_paged_hear_what_became_of_it() -> None:
    world = World()
    await world.hears(said(triggered()))
    await world.pages("page-1")
    await world.hears(said(acknowledged(version=2)))
    await world.settles()
    await world.hears(
        said(IncidentResolved(incident_id="inc-1", version=3, by=BOB, reason="command"))
    )
    await world.settles()

    assert [(doc.purpose, doc.status) for doc in world.phone.updates] == [
        ("update", "acknowledged"),
        ("update", "resolved"),
    ]
    assert len(world.phone.pages) == 1


async def test_an_update_that_fails_pages_nobody() -> None:
    world = World()
    await world.pages("page-1")
    await world.told()
    world.phone.script.append(TargetGone("HTTP 410"))
    await world.hears(said(triggered()), said(acknowledged()))
    await world.settles()
    await world.passes(HOUR)

    assert world.mail.told == []
    assert await world.told() == ["NotificationWithdrawn"]


async def test_an_older_update_never_follows_a_newer_one() -> None:
    world = World()
    await world.hears(said(triggered()))
    await world.pages("page-1")
    world.phone.script.extend([Transient("HTTP 503")])
    await world.hears(said(acknowledged(version=2)))
    await world.settles()
    await world.hears(
        said(IncidentResolved(incident_id="inc-1", version=3, by=BOB, reason="command"))
    )
    await world.settles()
    await world.passes(HOUR)

    assert [doc.status for doc in world.phone.updates] == ["acknowledged", "resolved"]
