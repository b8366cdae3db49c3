"""Overrides by a form: a command, once, with the answer shown; what is wrong names its field."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.postmortem.consoles import HTML, Console, console, hidden
from tests.unit.postmortem.stories import BOB, START, envelope
from tests.unit.postmortem.test_console_schedules import PAGE, catalog
from tocsin import events as e

FORM = f"{PAGE}/overrides"
END = f"{PAGE}/overrides/swap/end"
GIVEN = {
    "person": "bob",
    "how": "cover",
    "from": "2026-03-10T09:00",
    "until": "2026-03-11T09:00",
    "reason": "dentist",
}


@pytest.fixture
async def desk() -> AsyncIterator[Console]:
    async with console(catalog()) as made:
        await made.logs_in(person="bob")
        yield made


async def orders(desk: Console) -> list[tuple[str, e.Event]]:
    await desk.commands()
    return [(one.event_id, one.data) for one in desk.sent]


async def hears(desk: Console, event: e.Event, cause: str) -> None:
    (subscription,) = [one for one in desk.application.subscriptions if one.topic.name == "catalog"]
    async with desk.store.begin() as uow:
        await subscription.handle(uow, [envelope("a1", 1, event, cause=cause)], START)


def answer(refusal: str = "") -> e.OverrideAnswered:
    return e.OverrideAnswered(schedule="web", override_id="o", by=BOB, refusal=refusal)


async def test_an_override_is_asked_for_on_the_clock_that_is_shown(desk: Console) -> None:
    page = await desk.gets(f"{PAGE}?zone=America/New_York")
    for _ in range(2):
        sent = await desk.presses(page, FORM, **GIVEN)
        assert (sent.status_code, sent.headers["location"]) == (303, PAGE)
    ((identity, asked),) = await orders(desk)
    assert isinstance(asked, e.OverrideSchedule)
    assert (asked.schedule, asked.cover, asked.add) == ("web", ("bob",), ())
    assert (asked.by, asked.via, asked.reason) == (BOB, "console", "dentist")
    assert asked.starts_at == datetime(2026, 3, 10, 13, tzinfo=UTC)
    assert asked.ends_at == datetime(2026, 3, 11, 13, tzinfo=UTC)
    assert "Override: sent, waiting" in await desk.gets(PAGE)
    await hears(desk, answer(), identity)
    assert "Override: done." in await desk.gets(PAGE)
    assert "sent, waiting" not in await desk.gets("/silences"), "it is no silence"


async def test_it_begins_now_where_nothing_is_said_and_adds_where_that_is_said(
    desk: Console,
) -> None:
    await desk.presses(await desk.gets(PAGE), FORM, **{**GIVEN, "from": "", "how": "add"})
    ((_, asked),) = await orders(desk)
    assert isinstance(asked, e.OverrideSchedule)
    assert (asked.starts_at, asked.add, asked.cover) == (None, ("bob",), None)


async def test_a_refusal_is_told(desk: Console) -> None:
    await desk.presses(await desk.gets(PAGE), FORM, **GIVEN)
    ((identity, _),) = await orders(desk)
    await hears(desk, answer("cover: <b> has no contact method"), identity)
    page = await desk.gets(PAGE)
    assert "Override: refused. <bdi>cover: &lt;b&gt; has no contact method</bdi>" in page


async def test_an_override_is_ended_once(desk: Console) -> None:
    page = await desk.gets(PAGE)
    for _ in range(2):
        assert (await desk.presses(page, END)).status_code == 303
    ((_, asked),) = await orders(desk)
    assert asked == e.EndOverride(override_id="swap", schedule="web", by=BOB, via="console")
    fields = hidden(page, END)
    for path in (f"{FORM}/none/end", "/schedules/none/overrides"):
        found = await desk.client.post(path, data=fields, headers=HTML)
        assert found.status_code == 404, path


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"person": "nobody"}, "person: the catalog has no user"),
        ({"person": ""}, "person: "),
        ({"until": ""}, "until: write a day and a time"),
        ({"until": "soon"}, "until: write a day and a time"),
        ({"until": "2026-03-10T08:00"}, "until: must be after"),
        ({"from": "", "until": "2020-01-01T00:00"}, "until: must be after"),
        ({"until": "2026-03-11T09:00Z"}, "until: write a day and a time"),
        ({"until": "9999-01-01T00:00"}, "until: write a day and a time"),
        ({"from": "2026-03-29T02:30", "until": "2026-03-30T09:00"}, "from: the clocks leave out"),
        ({"how": "remove"}, "how: must be one of"),
        ({"reason": "x" * 501}, "reason: "),
        ({"zone": "Mars/Base"}, "zone: "),
    ],
)
async def test_a_wrong_form_names_its_field_and_keeps_the_rest(
    desk: Console, wrong: dict[str, str], said: str
) -> None:
    found = await desk.presses(await desk.gets(PAGE), FORM, **{**GIVEN, **wrong})
    assert (found.status_code, said in found.text) == (422, True)
    if "reason" not in wrong:
        assert 'value="dentist"' in found.text
    assert await orders(desk) == []


async def test_a_time_that_comes_twice_begins_at_the_first_and_ends_at_the_last(
    desk: Console,
) -> None:
    twice = {"from": "2026-10-25T02:30", "until": "2026-10-25T02:30"}
    await desk.presses(await desk.gets(PAGE), FORM, **{**GIVEN, **twice})
    ((_, asked),) = await orders(desk)
    assert isinstance(asked, e.OverrideSchedule)
    assert asked.starts_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert asked.ends_at - asked.starts_at == timedelta(hours=1)


async def test_who_may_only_read_has_no_form(desk: Console) -> None:
    await desk.logs_in("reader")
    page = await desk.gets(PAGE)
    assert (FORM in page, "End it now" in page) == (False, False)
