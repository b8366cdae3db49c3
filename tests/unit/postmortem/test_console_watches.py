"""Who is on call and what is silenced, in the browser: shown as told, changed by command."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from tests.unit.postmortem.consoles import HTML, Console, console, hidden
from tests.unit.postmortem.stories import BOB, START, at, envelope
from tocsin import events as e


@pytest.fixture
async def desk() -> AsyncIterator[Console]:
    async with console() as made:
        await made.logs_in(person="bob")
        yield made


async def on_call(desk: Console, *events: e.OnCallChanged) -> str:
    (subscription,) = [one for one in desk.application.subscriptions if one.topic.name == "catalog"]
    envelopes = [envelope(f"o{number}", number, one) for number, one in enumerate(events)]
    async with desk.store.begin() as uow:
        await subscription.handle(uow, envelopes, START)
    return await desk.gets("/on-call")


def watch(
    schedule: str, *who: str, until: datetime | None = None, removed: bool = False
) -> e.OnCallChanged:
    return e.OnCallChanged(
        schedule=schedule,
        responders=who,
        since=START,
        catalog_version=1,
        until=until,
        removed=removed,
    )


def silence(silence_id: str = "sil_1", ends: datetime | None = None) -> e.SilenceChanged:
    return e.SilenceChanged(
        silence_id=silence_id,
        change="created",
        matchers=('pod="<b>"',),
        starts_at=START,
        ends_at=ends or at(3600),
        created_by="ada",
        created_at=START,
        by=BOB,
        comment="moving racks",
    )


async def test_who_is_on_call_is_shown_as_it_was_told_last(desk: Console) -> None:
    assert "No schedule is known" in await on_call(desk)
    page = await on_call(desk, watch("web", "ada"), watch("db"), watch("web", "bob", until=at(60)))
    assert "<bdi>bob</bdi>" in page
    assert "<bdi>ada</bdi>" not in page
    assert "Nobody: the policies" in page
    assert "2026-03-03 02:15:00 UTC" in page
    page = await on_call(desk, watch("db", removed=True))
    assert "Nobody: the policies" not in page


@pytest.mark.parametrize(
    ("following", "said"),
    [(("bob",), "<span><bdi>bob</bdi></span>"), ((), '<span class="bad">Nobody: the policies')],
)
async def test_who_took_over_is_on_call_though_nobody_told_of_the_hand_off(
    desk: Console, following: tuple[str, ...], said: str
) -> None:
    """As while escalation is down: who was on call before is not the one to ring."""
    told = watch("web", "ada", until=at(60)).model_copy(update={"then": following})
    assert "No hand-off was heard of" not in await on_call(desk, told)
    desk.clock.advance(timedelta(seconds=60))
    page = await desk.gets("/on-call")
    assert said in page
    assert "<bdi>ada</bdi>" not in page
    assert "since</span> 2026-03-03 02:15:00 UTC, as it was foreseen. No hand-off was heard" in page


async def test_a_silence_is_asked_for_and_shown_when_it_stands(desk: Console) -> None:
    page = await desk.gets("/silences")
    assert "tocsin silence add" in page
    given = {"matchers": 'pod="a"\n\n team=~"d.*" ', "for": "4h", "comment": "why"}
    for _ in range(2):
        answer = await desk.presses(page, "/silences", **given)
        assert answer.headers["location"] == "/silences"
    await desk.commands()
    (command,) = desk.sent
    asked = command.data
    assert isinstance(asked, e.CreateSilence)
    assert (asked.matchers, asked.by, asked.via) == (('pod="a"', 'team=~"d.*"'), BOB, "console")
    assert asked.ends_at == START + timedelta(hours=4)
    assert "Create: sent, waiting" in await desk.gets("/silences")
    await desk.hears(envelope("s1", 1, silence(asked.silence_id), cause=command.event_id))
    page = await desk.gets("/silences")
    assert "Create: done." in page
    assert "pod=&#34;&lt;b&gt;&#34;" in page


async def test_who_goes_back_and_silences_something_else_silences_both(desk: Console) -> None:
    page = await desk.gets("/silences")
    for matchers in ("pod=a", "pod=b"):
        await desk.presses(page, "/silences", matchers=matchers, **{"for": "1h"})
    await desk.commands()
    asked = [one.data for one in desk.sent if isinstance(one.data, e.CreateSilence)]
    assert [one.matchers for one in asked] == [("pod=a",), ("pod=b",)]


async def test_a_refusal_is_told(desk: Console) -> None:
    await desk.presses(await desk.gets("/silences"), "/silences", matchers="a=b", **{"for": "1h"})
    await desk.commands()
    (command,) = desk.sent
    asked = command.data
    assert isinstance(asked, e.CreateSilence)
    no = e.SilenceRefused(silence_id=asked.silence_id, command="x", by=BOB, reason="Too wide.")
    await desk.hears(envelope("s1", 1, no, cause=command.event_id))
    assert "Create: refused. <bdi>Too wide.</bdi>" in await desk.gets("/silences")


async def test_a_silence_is_ended_once(desk: Console) -> None:
    await desk.hears(envelope("s1", 0, silence()), envelope("s2", 0, silence("sil_2", at(-1))))
    page = await desk.gets("/silences")
    assert page.count("End it now") == 1
    for _ in range(2):
        assert (await desk.presses(page, "/silences/sil_1/expire")).status_code == 303
    await desk.commands()
    assert [one.data for one in desk.sent] == [
        e.ExpireSilence(silence_id="sil_1", by=BOB, via="console")
    ]
    fields = hidden(page, "/silences/sil_1/expire")
    answer = await desk.client.post("/silences/sil_9/expire", data=fields, headers=HTML)
    assert answer.status_code == 404


async def test_a_silence_that_nobody_ended_is_ended_when_it_is_pressed_again(
    desk: Console,
) -> None:
    await desk.hears(envelope("s1", 0, silence()))
    page = await desk.gets("/silences")
    for _ in range(2):
        await desk.presses(page, "/silences/sil_1/expire")
        desk.clock.advance(timedelta(minutes=1))
    await desk.commands()
    assert len({one.event_id for one in desk.sent}) == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"matchers": "", "for": "1h"}, "matchers: write 1 to"),
        ({"matchers": "nonsense", "for": "1h"}, "nonsense"),
        ({"matchers": 'a=~".*"', "for": "1h"}, "match everything"),
        ({"matchers": "a=b", "for": "9y"}, "for: must be one of"),
        ({"matchers": "a=b", "for": "1h", "comment": "x" * 1001}, "comment: "),
    ],
)
async def test_a_wrong_silence_names_its_field_and_keeps_the_rest(
    desk: Console, given: dict[str, str], said: str
) -> None:
    answer = await desk.presses(await desk.gets("/silences"), "/silences", **given)
    assert (answer.status_code, said in answer.text) == (422, True)
    await desk.commands()
    assert desk.sent == []
