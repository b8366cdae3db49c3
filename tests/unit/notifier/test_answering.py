"""Who is asked after another person has answered, answers for themselves: they are told no more."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest

from notifier.domain import reply
from notifier.domain.states import Delivered, Waiting, Withdrawn
from tests.unit.notifier.making import SECRET
from tests.unit.notifier.world import TWO_WAYS, World, acknowledged, said, triggered
from tocsin.events import AcknowledgeIncident, IncidentResolved, NotificationWithdrawn

HOUR = timedelta(hours=1)


def link(page_id: str) -> str:
    return f"/a/{reply.link_token(SECRET, page_id)}"


@dataclass
class House:
    world: World
    http: httpx.AsyncClient

    async def commands(self) -> list[AcknowledgeIncident]:
        return [one for one in await self.world.facts() if isinstance(one, AcknowledgeIncident)]


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """Bob has it; then ada and eve were asked for, and were told on the phone."""
    world = World({"ada": TWO_WAYS, "eve": TWO_WAYS})
    await world.hears(said(triggered()))
    await world.pages("before")
    await world.hears(said(acknowledged(version=2)))
    await world.pages("asked", incident_version=3)
    await world.pages("other", incident_version=3, responder="eve")
    await world.facts()
    transport = httpx.ASGITransport(app=world.app.http)
    async with httpx.AsyncClient(transport=transport, base_url="https://t.example") as http:
        yield House(world, http)


def states(world: World) -> dict[tuple[str, str], type]:
    return {(one.page_id, one.contact.name): type(one.state) for one in world.all()}


async def test_the_link_asks_and_pressed_nothing_more_is_sent_to_whoever_pressed(
    house: House,
) -> None:
    shown = (await house.http.get(link("asked"))).text
    assert "It is acknowledged by bob. You were asked for after that." in shown
    assert "<button" in shown

    assert "on its way" in (await house.http.post(link("asked"))).text
    facts = await house.world.facts()
    (command,) = [one for one in facts if isinstance(one, AcknowledgeIncident)]
    assert (command.by.name, command.via) == ("ada", "link")
    (gone,) = [one for one in facts if isinstance(one, NotificationWithdrawn)]
    assert (gone.responder, gone.reason) == ("ada", "acknowledged by ada as well")
    found = states(house.world)
    assert found["asked", "phone"] is Delivered
    assert found["asked", "mail"] is Withdrawn
    assert found["other", "mail"] is Waiting

    await house.world.passes(HOUR)
    assert [doc.responder for doc in house.world.mail.pages] == ["eve"]
    assert "<button" not in (await house.http.get(link("asked"))).text


async def test_the_message_has_the_button_that_it_asks_for(house: House) -> None:
    await house.world.pages("next level", incident_version=2)
    asked = house.world.phone.pages[-1]
    assert (asked.status, asked.responder) == ("acknowledged", "ada")
    assert "acknowledge" in [one.action for one in asked.actions]


async def test_a_page_that_was_answered_asks_nothing(house: House) -> None:
    answer = await house.http.post(link("before"))
    assert "It is acknowledged by bob.<" in answer.text
    assert "<button" not in answer.text
    assert await house.commands() == []


async def test_nor_does_one_of_an_incident_that_is_over(house: House) -> None:
    over = IncidentResolved(incident_id="inc-1", version=4, by=acknowledged().by, reason="command")
    await house.world.hears(said(over))
    await house.world.facts()
    assert "<button" not in (await house.http.post(link("asked"))).text
    assert await house.commands() == []
