"""Handoff notes: left by the API or by command, told once, and refused by name where they are."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.escalation.examples import ADA
from tests.unit.escalation.service import BASE, READ, Service
from tests.unit.escalation.test_override_commands import World, command
from tocsin.events import HandoffNoteLeft, LeaveHandoffNote

PATH = "/v1/schedules/web/notes"


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    made = Service()
    await made.put(list(BASE), 0)
    await made.told()
    yield made
    await made.client.aclose()


async def test_a_note_is_told_with_its_author(service: Service) -> None:
    answer = await service.client.post(PATH, json={"text": "  Look at #7.\n", "by": "ada"})
    assert answer.status_code == 201, answer.text
    item = answer.json()
    assert (item["schedule"], item["text"], item["by"]) == ("web", "Look at #7.", "ada")
    (told,) = await service.told()
    assert told == HandoffNoteLeft(note_id=item["id"], schedule="web", text="Look at #7.", by=ADA)


async def test_asked_again_with_its_key_it_is_the_same_event(service: Service) -> None:
    for _ in range(2):
        answer = await service.client.post(
            PATH, json={"text": "Look at #7."}, headers={"Idempotency-Key": "k1"}
        )
        assert answer.status_code == 201
    first, second = await service.store.take_outbox()
    assert first.value == second.value


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        (PATH, {"text": " "}, 422, "text"),
        (PATH, {"text": "x" * 2001}, 422, "text"),
        (PATH, {"text": "x", "to": "bob"}, 422, "to"),
        (PATH, {}, 422, "text"),
        ("/v1/schedules/wed/notes", {"text": "x"}, 404, "did you mean"),
    ],
)
async def test_what_is_wrong_is_named_and_tells_nothing(
    service: Service, path: str, body: dict[str, str], status: int, said: str
) -> None:
    answer = await service.client.post(path, json=body)
    assert answer.status_code == status
    assert said in answer.text
    assert await service.told() == []


async def test_who_may_only_read_leaves_none(service: Service) -> None:
    headers = {"Authorization": f"Bearer {READ}"}
    answer = await service.client.post(PATH, json={"text": "x"}, headers=headers)
    assert answer.status_code == 403


async def test_a_command_is_told_once_however_often_it_comes() -> None:
    world = World()
    await world.opens()
    wish = LeaveHandoffNote(note_id="hnt_1", schedule="web", text="Look at #7.", by=ADA)
    told = await world.hears(command("c1", wish), command("c1", wish))
    assert told == [HandoffNoteLeft(note_id="hnt_1", schedule="web", text="Look at #7.", by=ADA)]
