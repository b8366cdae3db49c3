"""Overrides by command: done or refused as the API would, answered once, whatever comes twice."""

from datetime import timedelta
from typing import Any

from escalation.entrypoints.kafka import subscriptions
from escalation.handlers import CatalogHandlers, ClimbHandlers, NoteHandlers, OverrideHandlers
from escalation.handlers.commanding import OverrideCommandHandlers
from tests.unit.escalation.examples import ADA, NOW
from tests.unit.escalation.service import Service, user
from tocsin.bus import Consumer, Record
from tocsin.events import (
    CatalogDocumentChanged,
    EndOverride,
    Envelope,
    Event,
    OnCallChanged,
    OverrideAnswered,
    OverrideSchedule,
    decode,
    encode,
)
from tocsin.testing import ManualClock

HOUR = timedelta(hours=1)
ROTATION = {"type": "weekly", "start": "2026-01-05T09:00", "participants": ["ada"]}
WEB = {
    "kind": "Schedule",
    "name": "web",
    "spec": {"layers": [{"name": "base", "rotation": ROTATION}]},
}

IN_ITS_FOLDER = "change it in the folder of that set, and apply that"
AGREED = "two people agreed on it; undo it by another swap, or by an override by hand"


class World:
    """Escalation with a schedule, and the consumer that hears commands."""

    def __init__(self) -> None:
        self.service = Service()
        documents = CatalogHandlers(self.service.holder)
        overriding = OverrideCommandHandlers(OverrideHandlers(documents))
        found = subscriptions(ClimbHandlers(self.service.holder), overriding, NoteHandlers())
        (commands,) = [one for one in found if one.topic.name == "commands"]
        store: Any = self.service.store
        self.clock = ManualClock(NOW)
        self.consumer = Consumer("escalation", commands, store, self.clock)

    async def opens(self) -> None:
        await self.service.put([user("ada"), user("bob"), user("eve"), WEB])
        await self.service.told()

    async def hears(self, *commands: Envelope[Event]) -> list[Any]:
        records = [
            Record("commands", 0, number, one.data.key.encode(), encode(one))
            for number, one in enumerate(commands)
        ]
        await self.consumer.consume(records)
        await self.service.follow()
        return await self.service.told()


def command(identity: str, data: Event) -> Envelope[Event]:
    return Envelope(data=data, time=NOW, source="postmortem", event_id=identity)


def wanted(override_id: str = "ovr_1", **more: Any) -> OverrideSchedule:
    given = {"ends_at": NOW + HOUR, "cover": ("bob",), "reason": "dentist", **more}
    return OverrideSchedule(override_id=override_id, schedule="web", by=ADA, via="console", **given)


def answers(told: list[Any]) -> list[OverrideAnswered]:
    return [one for one in told if isinstance(one, OverrideAnswered)]


async def test_an_override_is_put_into_the_catalog_and_answered() -> None:
    world = World()
    await world.opens()
    told = await world.hears(command("c1", wanted()))
    (answer,) = answers(told)
    assert (answer.override_id, answer.schedule, answer.refusal) == ("ovr_1", "web", "")
    (changed,) = [one for one in told if isinstance(one, CatalogDocumentChanged)]
    assert (changed.kind, changed.name, changed.author) == ("Override", "ovr_1", "ada")
    (handed,) = [one for one in told if isinstance(one, OnCallChanged)]
    assert handed.responders == ("bob",)
    ((name, spec),) = world.service.holder.current.overrides("web")
    assert (name, spec.cover, spec.reason) == ("ovr_1", ("bob",), "dentist")
    assert (spec.from_, spec.until) == (NOW, NOW + HOUR)


async def test_asked_twice_is_one_override_and_one_version() -> None:
    world = World()
    await world.opens()
    await world.hears(command("c1", wanted()))
    version = world.service.holder.current.version
    assert await world.hears(command("c1", wanted())) == []  # Redelivered: the inbox knows it.
    told = await world.hears(command("c2", wanted()))
    assert [one.refusal for one in answers(told)] == [""]
    assert world.service.holder.current.version == version


async def test_a_refusal_names_the_field_and_leaves_the_others_of_the_batch() -> None:
    world = World()
    await world.opens()
    told = await world.hears(
        command("c1", wanted("ovr_1", cover=("nobody-known",))),
        command("c2", wanted("ovr_2", starts_at=NOW - 2 * HOUR, ends_at=NOW - HOUR)),
        command("c3", EndOverride(override_id="ovr_9", schedule="web", by=ADA)),
        command("c4", wanted("ovr_4")),
    )
    refusals = {one.override_id: one.refusal for one in answers(told)}
    assert "nobody-known" in refusals["ovr_1"]
    assert refusals["ovr_2"].startswith("until: is over already")
    assert "ovr_9" in refusals["ovr_9"]
    assert refusals["ovr_4"] == ""
    assert [name for name, _ in world.service.holder.current.overrides("web")] == ["ovr_4"]


async def test_an_override_is_ended() -> None:
    world = World()
    await world.opens()
    later = {"starts_at": NOW + HOUR, "ends_at": NOW + 2 * HOUR}
    await world.hears(command("c1", wanted()), command("c2", wanted("ovr_2", **later)))
    told = await world.hears(
        command("c3", EndOverride(override_id="ovr_1", schedule="web", by=ADA)),
        command("c4", EndOverride(override_id="ovr_2", schedule="web", by=ADA)),
    )
    assert [one.refusal for one in answers(told)] == ["", ""]
    left = dict(world.service.holder.current.overrides("web"))
    assert "ovr_2" not in left, "it had not begun"
    assert all(one.until <= NOW for one in left.values())


async def test_an_override_is_moved_in_one_version_and_once() -> None:
    world = World()
    await world.opens()
    await world.hears(
        command("c1", wanted(starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR)),
    )
    version = world.service.holder.current.version
    later = {"starts_at": NOW + 3 * HOUR, "ends_at": NOW + 4 * HOUR, "replaces": "ovr_1"}
    for identity in ("c2", "c3"):
        told = await world.hears(command(identity, wanted("ovr_2", **later)))
        assert [one.refusal for one in answers(told)] == [""]
        assert world.service.holder.current.version == version + 1
    ((name, spec),) = world.service.holder.current.overrides("web")
    assert (name, spec.from_, spec.until) == ("ovr_2", NOW + 3 * HOUR, NOW + 4 * HOUR)


async def test_one_in_force_goes_to_another_person_from_now_on() -> None:
    world = World()
    await world.opens()
    await world.hears(command("c1", wanted()))
    world.clock.advance(HOUR / 2)
    given = {"starts_at": NOW, "ends_at": NOW + 3 * HOUR, "cover": ("eve",), "replaces": "ovr_1"}
    told = await world.hears(command("c2", wanted("ovr_2", **given)))
    (handed,) = [one for one in told if isinstance(one, OnCallChanged)]
    assert (handed.responders, handed.since) == (("eve",), NOW + HOUR / 2)
    found = dict(world.service.holder.current.overrides("web"))
    assert (found["ovr_1"].from_, found["ovr_1"].until) == (NOW, NOW + HOUR / 2)
    assert (found["ovr_2"].from_, found["ovr_2"].until) == (NOW + HOUR / 2, NOW + 3 * HOUR)


async def test_what_cannot_be_replaced_is_refused_and_nothing_is_added() -> None:
    world = World()
    await world.opens()
    of_folder = {"schedule": "web", "from": "2026-03-04", "until": "2026-03-05", "cover": ["bob"]}
    planned = {"kind": "Override", "name": "planned", "spec": of_folder}
    await world.service.put([planned], set="holidays")
    await world.service.put([{**planned, "name": "swp_1-1"}], set="swaps")
    end = EndOverride(override_id="ovr_1", schedule="web", by=ADA)
    await world.hears(command("c1", wanted()))
    world.clock.advance(HOUR / 2)
    await world.service.put([{**WEB, "name": "night"}], set="nights")
    await world.hears(command("c2", end), command("c3", wanted("ovr_2")))
    there = world.service.holder.current.overrides("web")
    for which, said in (
        ("ovr_9", "There is no override 'ovr_9'."),
        ("ovr_1", "The override ovr_1 is over already; make another one instead."),
        ("planned", f"Override planned belongs to the set 'holidays': {IN_ITS_FOLDER}"),
        ("swp_1-1", f"Override swp_1-1 belongs to the set 'swaps': {AGREED}"),
    ):
        told = await world.hears(command(which, wanted(f"new-{which}", replaces=which)))
        assert [one.refusal for one in answers(told)] == [said]
    other = wanted("new", replaces="ovr_2").model_copy(update={"schedule": "night"})
    (answer,) = answers(await world.hears(command("c4", other)))
    assert answer.refusal == "The override ovr_2 is one of 'web', not of 'night'."
    assert world.service.holder.current.overrides("web") == there


async def test_a_token_of_another_set_changes_nothing_of_a_schedule() -> None:
    world = World()
    await world.opens()
    await world.hears(command("c1", wanted()))
    before = world.service.holder.current
    theirs: dict[str, Any] = {"token": "night-team", "sets": ("nights",)}
    end = EndOverride(override_id="ovr_1", schedule="web", by=ADA, **theirs)
    told = await world.hears(
        command("c2", wanted("ovr_2", **theirs)),
        command("c3", wanted("ovr_3", replaces="ovr_1", **theirs)),
        command("c4", wanted("ovr_4", token="nobody", sets=())),
        command("c5", end),
    )
    no = "may not change the set 'default': it has no scope 'catalog:write:default'."
    assert [one.refusal for one in answers(told)] == [
        f"The token {name!r} {no}" for name in ("night-team", "night-team", "nobody", "night-team")
    ]
    assert world.service.holder.current == before
    ours = {"token": "web-team", "sets": ("default", "nights")}
    told = await world.hears(
        command("c6", wanted("ovr_6", replaces="ovr_1", **ours)),
        command("c7", EndOverride(override_id="ovr_6", schedule="web", by=ADA, **ours)),
    )
    assert [one.refusal for one in answers(told)] == ["", ""]


async def test_the_answer_names_the_command_as_its_cause() -> None:
    world = World()
    await world.opens()
    await world.consumer.consume([Record("commands", 0, 0, b"k", encode(command("c1", wanted())))])
    found = [decoded for decoded in await _envelopes(world) if decoded.causation_id == "c1"]
    assert [type(one.data) for one in found] == [OverrideAnswered]


async def _envelopes(world: World) -> list[Envelope[Event]]:
    return [decode(one.value) for one in await world.service.store.take_outbox() if one.value]
