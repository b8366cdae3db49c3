"""Asking somebody by name in the console: a form, a command, and its answer; wrong names kept."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.postmortem.consoles import HTML, Console, console, hidden
from tests.unit.postmortem.stories import (
    BOB,
    INCIDENT,
    acknowledged,
    envelope,
    resolved,
    triggered,
)
from tocsin import events as e
from tocsin.catalog import Catalog, Team, User

PAGE = "/incidents/7"
REASSIGN = f"{PAGE}/reassign"
ESCALATE = f"{PAGE}/escalate"
GIVEN = {"to": "bob, team:web", "reason": " they wrote it "}
CATALOG = Catalog(
    1,
    {
        ("User", "bob"): User(),
        ("User", "ada"): User(),
        ("Team", "web"): Team(members=("ada",)),
    },
)


@pytest.fixture
async def desk() -> AsyncIterator[Console]:
    async with console(CATALOG) as made:
        await made.hears(envelope("e1", 0, triggered()))
        await made.logs_in(person="bob")
        yield made


async def test_one_form_asks_by_name_in_both_ways_without_scripts(desk: Console) -> None:
    page = await desk.gets(PAGE)
    for one in ("ada", "bob", "team:web"):
        assert f'<option value="{one}">' in page
    fields = hidden(page, REASSIGN) | GIVEN
    for path in (ESCALATE, REASSIGN):
        for _ in range(2):
            answer = await desk.client.post(path, data=fields, headers=HTML)
            assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    given = {"incident_id": INCIDENT, "by": BOB, "via": "console", "reason": "they wrote it"}
    assert [one.data for one in await desk.commands()] == [
        e.EscalateIncident(**given, to=("bob", "team:web")),
        e.ReassignIncident(**given, to=("bob", "team:web")),
    ]
    assert "Reassign: sent, waiting" in await desk.gets(PAGE)


async def test_who_goes_back_and_names_somebody_else_asks_for_them_too(desk: Console) -> None:
    page = await desk.gets(PAGE)
    for name in ("bob", "ada"):
        await desk.presses(page, REASSIGN, to=name)
    commands = [one.data for one in await desk.commands()]
    assert [one.to for one in commands if isinstance(one, e.ReassignIncident)] == [
        ("bob",),
        ("ada",),
    ]


@pytest.mark.parametrize("path", [ESCALATE, REASSIGN])
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"to": "bbo"}, "did you mean &#34;bob&#34;?"),
        ({"to": "bob team:wbe"}, "did you mean &#34;team:web&#34;?"),
        ({"to": " , "}, "to: name a person or a team"),
        ({"to": ""}, "to: name a person or a team"),
        ({"to": "bob " * 600}, "to: name a person or a team"),
        ({"reason": "x" * 501}, "reason: write at most 500 characters"),
    ],
)
async def test_a_wrong_form_names_its_field_and_keeps_the_rest(
    desk: Console, path: str, wrong: dict[str, str], said: str
) -> None:
    fields = hidden(await desk.gets(PAGE), REASSIGN) | GIVEN | wrong
    answer = await desk.client.post(path, data=fields, headers=HTML)
    assert (answer.status_code, said in answer.text) == (422, True), answer.text
    assert "<details open>" in answer.text
    if "reason" not in wrong:
        assert "they wrote it" in answer.text
    assert await desk.commands() == []


async def test_a_page_on_which_something_is_typed_can_stand_still(desk: Console) -> None:
    page = await desk.gets(PAGE)
    assert 'http-equiv="refresh"' in page
    assert f'href="{PAGE}?still=1"' in page
    assert 'http-equiv="refresh"' not in await desk.gets(f"{PAGE}?still=1")
    # What was posted is not at that address: it would not come back when loaded anew.
    wrong = await desk.presses(page, REASSIGN, to="bbo")
    assert 'http-equiv="refresh"' not in wrong.text
    assert "data-live" not in wrong.text


async def test_what_it_was_given_to_is_shown_until_somebody_has_it(desk: Console) -> None:
    theirs = e.IncidentReassigned(incident_id=INCIDENT, version=2, by=BOB, to=("team:web",))
    await desk.hears(envelope("e2", 1, theirs))
    page = await desk.gets(PAGE)
    assert "given to</span> <bdi>team web</bdi>, nobody has it yet" in page
    assert "given to</span> <bdi>team web</bdi>" in await desk.gets("/")
    await desk.hears(envelope("e3", 2, acknowledged(3)))
    assert "given to" not in await desk.gets(PAGE)


async def test_a_refusal_is_told_and_what_is_over_has_no_form(desk: Console) -> None:
    await desk.presses(await desk.gets(PAGE), REASSIGN, **GIVEN)
    (command,) = await desk.commands()
    no = e.CommandRefused(incident_id=INCIDENT, command="x", by=BOB, reason="It is <over>.")
    await desk.hears(envelope("e2", 1, no, cause=command.event_id))
    assert "Reassign: refused. <bdi>It is &lt;over&gt;.</bdi>" in await desk.gets(PAGE)
    await desk.hears(envelope("e3", 2, resolved(2)))
    assert REASSIGN not in await desk.gets(PAGE)


async def test_no_other_button_takes_names(desk: Console) -> None:
    fields = hidden(await desk.gets(PAGE), REASSIGN) | GIVEN
    for verb in ("acknowledge", "resolve", "snooze", "note"):
        answer = await desk.client.post(f"{PAGE}/{verb}", data=fields, headers=HTML)
        assert answer.status_code == 404, verb
