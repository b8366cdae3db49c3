"""Overrides by a form: a command, once, with the answer shown; what is wrong names its field."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.postmortem.consoles import HTML, Console, console, hidden
from tests.unit.postmortem.stories import BOB, START, envelope
from tests.unit.postmortem.test_console_schedules import PAGE, catalog, foreseen, shift
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


async def test_who_goes_back_and_asks_for_another_time_asks_for_that_too(desk: Console) -> None:
    page = await desk.gets(PAGE)
    for until in ("2026-03-11T09:00", "2026-03-12T09:00"):
        await desk.presses(page, FORM, **{**GIVEN, "until": until})
    asked = [one for _, one in await orders(desk) if isinstance(one, e.OverrideSchedule)]
    assert [one.ends_at.day for one in asked] == [11, 12]
    assert len({one.override_id for one in asked}) == 2


REFRESH = 'http-equiv="refresh"'


async def test_the_page_is_looked_at_again_until_it_shows_the_new_shifts() -> None:
    async with console(replace(catalog(), version=4)) as desk:
        await desk.logs_in(person="bob")
        await hears(desk, foreseen(3), "")
        await desk.presses(await desk.gets(PAGE), FORM, **GIVEN)
        ((identity, _),) = await orders(desk)
        await hears(desk, answer(), identity)
        desk.clock.advance(timedelta(seconds=30))
        page = await desk.gets(PAGE)
        # With scripts by the mark of what is waited for, without them by the head of the page.
        assert '<p class="note waiting">Override: done. The shifts follow' in page
        assert (REFRESH in page, "<bdi>zoe</bdi>" in page) == (True, False)
        await hears(desk, foreseen(4, "zoe"), "")
        page = await desk.gets(PAGE)
        assert '<p class="note done">Override: done.</p>' in page
        assert (REFRESH in page, "<bdi>zoe</bdi>" in page) == (False, True)


async def test_nobody_looks_for_ever_for_shifts_that_do_not_come() -> None:
    async with console(replace(catalog(), version=4)) as desk:
        await desk.logs_in(person="bob")
        await hears(desk, foreseen(3), "")
        await desk.presses(await desk.gets(PAGE), FORM, **GIVEN)
        ((identity, _),) = await orders(desk)
        await hears(desk, answer(), identity)
        desk.clock.advance(timedelta(minutes=1))
        page = await desk.gets(PAGE)
        assert ('<p class="note done">' in page, REFRESH in page) == (True, False)


async def test_a_catalog_that_is_heard_after_the_answer_is_waited_for(desk: Console) -> None:
    await hears(desk, foreseen(3), "")  # By the catalog that is known here: it is not behind.
    await desk.presses(await desk.gets(PAGE), END)
    ((identity, _),) = await orders(desk)
    await hears(desk, answer(), identity)
    assert REFRESH in await desk.gets(PAGE)
    desk.clock.advance(timedelta(seconds=5))
    assert REFRESH not in await desk.gets(PAGE)


async def test_a_refusal_moves_no_shifts(desk: Console) -> None:
    await desk.presses(await desk.gets(PAGE), FORM, **GIVEN)
    ((identity, _),) = await orders(desk)
    assert REFRESH in await desk.gets(PAGE)
    await hears(desk, answer("cover: bob has no contact method"), identity)
    assert REFRESH not in await desk.gets(PAGE)


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
    assert asked == e.EndOverride(
        override_id="swap", schedule="web", by=BOB, via="console", token="writer"
    )
    fields = hidden(page, END)
    for path in (f"{FORM}/none/end", "/schedules/none/overrides"):
        found = await desk.client.post(path, data=fields, headers=HTML)
        assert found.status_code == 404, path


async def test_what_nothing_came_of_is_ended_when_it_is_pressed_again(desk: Console) -> None:
    """Refused, then not taken up, then done; and what is done is done once."""
    page = await desk.gets(PAGE)
    for refusal in ("The token writer may not change the set web.", None, ""):
        for _ in range(2):
            await desk.presses(page, END)
        identity, _ = (await orders(desk))[-1]
        if refusal is not None:
            await hears(desk, answer(refusal), identity)
        desk.clock.advance(timedelta(minutes=1))
    await desk.presses(page, END)
    given = await orders(desk)
    assert [type(asked) for _, asked in given] == [e.EndOverride] * 3
    assert len({identity for identity, _ in given}) == 3


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"person": "nobody"}, "person: the catalog has no user"),
        ({"person": "bobb"}, "did you mean &#34;bob&#34;?"),
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


async def test_what_would_move_is_told_before_anything_is_sent(desk: Console) -> None:
    await hears(desk, foreseen(), "")
    given = {**GIVEN, "view": "month", "week": "2026-03-09", "check": "1"}
    checked = await desk.presses(await desk.gets(PAGE), FORM, **given)
    assert checked.status_code == 200
    page = checked.text
    assert await orders(desk) == []
    # On bob's own clock, and on that of the schedule for who is not in the catalog.
    assert (
        "<bdi>bob</bdi> is on call from Tue 10 Mar 17:00 until Wed 11 Mar 17:00"
        ' <span class="quiet">Asia/Tokyo</span>, instead of <bdi>ada</bdi>'
    ) in page
    assert (
        "<bdi>ada</bdi> is not on call from Tue 10 Mar 09:00 until Wed 11 Mar 09:00"
        ' <span class="quiet">Europe/Paris</span>, but <bdi>bob</bdi>'
    ) in page
    # What was looked at is looked at still, and the form is as it was; the page stays as it is.
    assert page.count('<th scope="row">') == 35
    assert 'value="dentist"' in page
    assert ("data-live" in page, 'http-equiv="refresh"' in page) == (False, False)

    fields = hidden(page, FORM)
    assert (await desk.client.post(FORM, data=fields, headers=HTML)).status_code == 303
    ((_, asked),) = await orders(desk)
    assert isinstance(asked, e.OverrideSchedule)
    assert (asked.cover, asked.reason, asked.replaces) == (("bob",), "dentist", "")
    assert asked.starts_at == datetime(2026, 3, 10, 8, tzinfo=UTC)


async def test_where_the_clocks_change_in_between_times_say_their_offset(desk: Console) -> None:
    since, until = datetime(2026, 10, 19, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
    autumn = foreseen().model_copy(
        update={"since": since, "until": until, "shifts": (shift(since, until, "ada"),)}
    )
    await hears(desk, autumn, "")
    given = {**GIVEN, "from": "2026-10-24T09:00", "until": "2026-10-26T09:00", "check": "1"}
    page = (await desk.presses(await desk.gets(PAGE), FORM, **given)).text
    assert "from Sat 24 Oct 09:00+02:00 until Mon 26 Oct 09:00+01:00" in page
    assert "from Sat 24 Oct 16:00 until Mon 26 Oct 17:00" in page, "Tokyo has one time all year"


async def test_an_override_is_changed_by_the_same_form(desk: Console) -> None:
    page = await desk.gets(PAGE)
    assert f'href="{PAGE}?change=swap#make"' in page
    page = await desk.gets(f"{PAGE}?change=swap&zone=Asia/Tokyo")
    assert 'value="2026-03-05T17:00"' in page
    assert 'value="2026-03-06T17:00"' in page
    assert hidden(page, FORM)["replaces"] == "swap"
    moved = {"how": "same", "person": "", "from": "2026-03-06T17:00", "until": "2026-03-07T17:00"}
    checked = await desk.presses(page, FORM, **moved, check="1")
    assert (
        "The override that there is now (<bdi>eve</bdi> instead of everybody) ends" in checked.text
    )
    await desk.presses(page, FORM, **moved)
    ((_, asked),) = await orders(desk)
    assert isinstance(asked, e.OverrideSchedule)
    assert (asked.replaces, asked.cover, asked.add) == ("swap", ("eve",), ())
    assert asked.starts_at == datetime(2026, 3, 6, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("how", "person", "people"),
    [
        ("same", "bob", {"cover": ("bob",), "add": (), "remove": ()}),
        ("add", "bob", {"cover": None, "add": ("bob",), "remove": ()}),
        ("cover", "bob", {"cover": ("bob",), "add": (), "remove": ()}),
    ],
)
async def test_who_it_puts_on_call_is_changed(
    desk: Console, how: str, person: str, people: dict[str, tuple[str, ...] | None]
) -> None:
    page = await desk.gets(f"{PAGE}?change=swap")
    given = {"from": "2026-03-05T09:00", "until": "2026-03-06T09:00", "how": how, "person": person}
    assert (await desk.presses(page, FORM, **given)).status_code == 303
    ((_, asked),) = await orders(desk)
    assert isinstance(asked, e.OverrideSchedule)
    assert {name: getattr(asked, name) for name in people} == people


async def test_what_is_no_more_is_not_changed(desk: Console) -> None:
    for name in ("none", "past"):
        await desk.gets(f"{PAGE}?change={name}", 404)
    given = {**GIVEN, "how": "same", "replaces": "none"}
    found = await desk.presses(await desk.gets(PAGE), FORM, **given)
    assert (found.status_code, "replaces: there is no override" in found.text) == (422, True)
    found = await desk.presses(await desk.gets(PAGE), FORM, **{**GIVEN, "how": "same"})
    assert (found.status_code, "how: must be one of" in found.text) == (422, True)
    assert await orders(desk) == []


@pytest.mark.parametrize(
    ("of_set", "said"),
    [
        ("holidays", "change it in the folder of that set, and apply that"),
        ("swaps", "undo it by another swap, or by an override by hand"),
    ],
)
async def test_an_override_of_another_set_is_not_changed_here_and_it_is_said_where_it_is(
    of_set: str, said: str
) -> None:
    known = replace(catalog(), sets={("Override", "swap"): of_set, ("Override", "past"): "x"})
    async with console(known) as desk:
        await desk.logs_in(person="bob")
        await hears(desk, foreseen(), "")
        page = await desk.gets(f"{PAGE}?from=2026-03-05")
        assert f"Of the set &#39;{of_set}&#39;: " in page
        assert said in page
        assert "<bdi>eve</bdi> instead of everybody" in page, "it is shown still"
        for way in ("End it now", "?change=swap", 'data-override="swap"', 'class="grip"'):
            assert way not in page, way
        assert said in await desk.gets(f"{PAGE}?change=swap", 409)


async def test_an_override_by_hand_is_changed_here() -> None:
    async with console(replace(catalog(), sets={("Override", "swap"): "by-hand"})) as desk:
        await desk.logs_in(person="bob")
        await hears(desk, foreseen(), "")
        page = await desk.gets(f"{PAGE}?from=2026-03-05")
        for way in ("End it now", "?change=swap", 'data-override="swap"', 'class="grip"'):
            assert way in page, way


async def test_the_bars_of_overrides_say_what_dragging_needs(desk: Console) -> None:
    await hears(desk, foreseen(), "")
    page = await desk.gets(f"{PAGE}?from=2026-03-05&zone=America/New_York")
    assert 'data-override="swap" data-from="2026-03-05T03:00" data-until="2026-03-06T03:00"' in page
    assert "<script>" not in page, "a reason is somebody's words"
    assert page.count('class="day"') == 7
    # The first midnight of the new time is an hour nearer.
    page = await desk.gets(f"{PAGE}?from=2026-03-29&zone=Europe/Paris")
    assert (
        'data-date="2026-03-29" data-from="2026-03-29T00:00" data-until="2026-03-30T00:00"' in page
    )


async def test_a_day_begins_with_its_first_time_where_the_clocks_leave_midnight_out(
    desk: Console,
) -> None:
    await hears(desk, foreseen(), "")
    page = await desk.gets(f"{PAGE}?from=2026-03-29&zone=Asia/Beirut")
    assert (
        'data-date="2026-03-29" data-from="2026-03-29T01:00" data-until="2026-03-30T00:00"' in page
    )
    given = {**GIVEN, "from": "2026-03-29T01:00", "until": "2026-03-30T00:00"}
    assert (await desk.presses(page, FORM, **given)).status_code == 303
    ((_, asked),) = await orders(desk)
    assert isinstance(asked, e.OverrideSchedule)
    assert asked.starts_at is not None
    assert asked.ends_at - asked.starts_at == timedelta(hours=23)


@pytest.mark.parametrize(
    ("role", "sets"),
    [("writer", None), ("web-team", ("db", "web")), ("every-team", None)],
)
async def test_a_command_says_which_sets_its_token_may_change(
    desk: Console, role: str, sets: tuple[str, ...] | None
) -> None:
    await desk.logs_in(role, person="bob")
    page = await desk.gets(PAGE)
    await desk.presses(page, FORM, **GIVEN)
    await desk.presses(page, END)
    given = [asked for _, asked in await orders(desk)]
    assert [type(one) for one in given] == [e.OverrideSchedule, e.EndOverride]
    for one in given:
        assert isinstance(one, e.OverrideCommand)
        assert (one.token, one.sets, one.by) == (role, sets, BOB)


async def test_who_may_only_read_has_no_form(desk: Console) -> None:
    await desk.logs_in("reader")
    page = await desk.gets(PAGE)
    assert (FORM in page, "End it now" in page) == (False, False)
    assert ("dragging" in page, "?change=" in page) == (False, False)
