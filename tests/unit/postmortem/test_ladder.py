"""An escalation policy as a picture and in words: both say what the policy does."""

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postmortem.domain.ladder import BOX, Drawn, Ladder, drawn, ladder, said
from tests.unit.postmortem.consoles import Console, console
from tests.unit.postmortem.test_console_schedules import hears, on_call
from tocsin.catalog import KINDS, Catalog, EscalationPolicy

MINUTE = timedelta(minutes=1)
LONG = "a" * 99
WEB = {
    "layers": [
        {
            "name": "x",
            "shifts": [{"from": "2026-01-05", "until": "2026-01-06", "participants": ["ada"]}],
        }
    ]
}
MAIL = {"name": "mail", "channel": "email", "address": "x@example.org"}
PAYMENTS = {
    "team": "payments",
    "levels": [
        {"targets": [{"schedule": "web"}], "escalate_after": "5m"},
        {"targets": [{"user": "ada"}, {"team": "payments"}], "escalate_after": "90s"},
    ],
    "repeat": 2,
    "last_resort": {"user": "ada"},
}


def catalog(policy: dict[str, Any], installation: dict[str, Any] | None = None) -> Catalog:
    documents = {
        **{("User", name): {"contact_methods": [MAIL]} for name in ("ada", "bob")},
        ("User", "eve"): {},
        ("Team", "payments"): {"members": ["ada", "bob"]},
        ("Team", "empty"): {},
        ("Team", "ops"): {"chat": {"slack": "C1"}},
        ("Webhook", "board"): {"url": "https://hooks.example.org/board"},
        ("Schedule", "web"): WEB,
        ("Service", "checkout"): {"escalation_policy": "payments"},
        ("EscalationPolicy", "payments"): policy,
        ("Settings", "own"): installation or {},
    }
    specs = {key: KINDS[key[0]].model_validate(spec) for key, spec in documents.items()}
    return Catalog(1, specs)


def climbed(
    policy: dict[str, Any],
    people: tuple[str, ...] | None = ("eve",),
    installation: dict[str, Any] | None = None,
) -> Ladder:
    known = catalog(policy, installation)
    spec = known.policy("payments")
    assert spec is not None
    return ladder(spec, known, {} if people is None else {"web": people})


def test_who_is_paged_when_and_how_often() -> None:
    found = climbed(PAYMENTS)
    first, second = found.rungs
    assert (first.after, first.waits, second.after) == (timedelta(), 5 * MINUTE, 5 * MINUTE)
    assert [str(one) for one in first.aims] == ["schedule web: eve"]
    assert [str(one) for one in second.aims] == ["user ada", "team payments: ada, bob"]
    assert (str(found.last_resort), found.has_own) == ("user ada", True)
    assert found.ends_after == 3 * (5 * MINUTE + timedelta(seconds=90))


def test_a_level_says_when_it_takes_part_and_who_takes_turns() -> None:
    week_end = {"weekdays": ["fri"], "from": "18:00", "until": "09:00", "until_weekday": "mon"}
    when = {"urgency": "high", "severity": ["critical", "error"], "labels": ['tier="1"']}
    found = climbed(
        {
            "levels": [
                {
                    "when": {**when, "hours": {"time_zone": "Europe/Paris", "windows": [week_end]}},
                    "targets": [{"schedule": "web", "with_next": True}, {"user": "ada"}],
                    "round_robin": True,
                }
            ]
        }
    )
    (rung,) = found.rungs
    assert rung.notes == (
        "only for high urgency",
        "only for severity critical or error",
        "only at fri 18:00 to mon 09:00 (Europe/Paris)",
        'only for services whose labels match tier="1"',
        "in turns: one of these for each page",
    )
    assert str(rung.aims[0]) == "schedule web: eve, and whoever is next"
    assert len(drawn(found).boxes[0].lines) == len(rung.notes) + len(rung.aims)


def test_a_level_with_nobody_is_told_from_one_of_which_nothing_was_told() -> None:
    assert climbed(PAYMENTS, ()).rungs[0].is_empty
    unknown = climbed(PAYMENTS, None).rungs[0]
    assert (unknown.is_empty, str(unknown.aims[0])) == (False, "schedule web")
    nobody = {"levels": [{"targets": []}, {"targets": [{"team": "empty"}]}]}
    assert [one.is_empty for one in climbed(nobody).rungs] == [True, True]


def test_who_has_no_contact_method_is_shown_as_nobody_to_page() -> None:
    """Escalation passes over them, and over a level that is for them alone."""
    levels = [{"targets": [{"user": "eve"}]}, {"targets": [{"team": "new"}]}]
    known = catalog({"levels": levels, "last_resort": {"user": "eve"}})
    team = KINDS["Team"].model_validate({"members": ["ada", "eve"]})
    known = Catalog(1, {**known.specs, ("Team", "new"): team})
    spec = known.policy("payments")
    assert spec is not None
    found = ladder(spec, known, {})
    alone, team_of = found.rungs
    assert (alone.is_empty, str(alone.aims[0])) == (
        True,
        "user eve: nobody, without a contact method",
    )
    assert (team_of.is_empty, str(team_of.aims[0])) == (False, "team new: ada")
    assert drawn(found).boxes[-1].is_empty


def test_channels_and_webhooks_are_told_and_keep_nobody_waiting() -> None:
    told = [{"channel": "ops"}, {"webhook": "board"}]
    found = climbed({"levels": [{"targets": told}, {"targets": [{"user": "ada"}, *told]}]})
    first, second = found.rungs
    lines = ["tells channel ops, which wakes nobody", "tells webhook board, which wakes nobody"]
    assert (first.is_empty, [str(one) for one in first.told], first.paged) == (True, lines, ())
    assert (second.is_empty, [str(one) for one in second.paged]) == (False, ["user ada"])
    # Nobody is waited for at the first level, so the second is paged at once.
    assert (second.after, found.ends_after) == (timedelta(), 5 * MINUTE)
    above, below, _ = drawn(found).boxes
    assert above.lines == ("nobody", *lines)
    assert (below.lines, below.arrow) == (("user ada", *lines), "at once")


def test_the_last_resort_is_the_policys_else_the_installations_else_nobody() -> None:
    plain = {"levels": [{"targets": [{"user": "ada"}]}]}
    assert climbed(plain).last_resort is None
    assert drawn(climbed(plain)).boxes[-1].is_empty
    found = climbed(plain, installation={"last_resort": {"team": "payments"}})
    assert (str(found.last_resort), found.has_own) == ("team payments: ada, bob", False)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (5 * MINUTE, "5 min"),
        (90 * MINUTE, "1 h 30 min"),
        (MINUTE * 1.5, "1 min 30 s"),
        (MINUTE / 2, "30 s"),
    ],
)
def test_a_delay_is_said_exactly(length: timedelta, words: str) -> None:
    assert said(length) == words


targets = st.sampled_from(
    [{"user": "ada"}, {"team": "payments"}, {"schedule": "web"}, {"channel": "ops"}]
)
levels = st.lists(
    st.builds(
        lambda found, after: {"targets": found, "escalate_after": f"{after}s"},
        st.lists(targets, max_size=6),
        st.integers(0, 9_000),
    ),
    min_size=1,
    max_size=20,
)


@given(levels, st.integers(0, 100))
@settings(max_examples=40, deadline=None)
def test_boxes_do_not_overlap_and_none_is_left_out(found: Any, repeat: int) -> None:
    picture: Drawn = drawn(climbed({"levels": found, "repeat": repeat}))
    assert len(picture.boxes) == len(found) + 1
    assert all(one.y + one.height < later.y for one, later in pairwise(picture.boxes))
    assert picture.boxes[-1].y + picture.boxes[-1].height <= picture.height
    assert all(len(line) * 8 < BOX for box in picture.boxes for line in box.lines)
    assert bool(picture.loop) == (repeat > 0)
    for box, level in zip(picture.boxes, found, strict=False):
        told = sum("channel" in one for one in level["targets"])
        assert len(box.lines) == told + max(len(level["targets"]) - told, 1)
        assert box.y < picture.loop_from or box is not picture.boxes[0]


@pytest.fixture
async def desk() -> AsyncIterator[Console]:
    async with console(catalog(PAYMENTS)) as made:
        await made.logs_in("reader")
        yield made


async def test_a_policy_is_drawn_and_told_in_words(desk: Console) -> None:
    await hears(desk, on_call(LONG))
    page = await desk.gets("/policies/payments")
    assert "Level 1" in page
    assert f"schedule web: {'a' * 30}" in page
    assert "unanswered for 1 min 30 s, the last time" in page
    assert "2 more times" in page
    assert "<strong>At once</strong>, level 1 pages" in page
    assert "<strong>After 5 min</strong>, level 2 pages" in page
    assert "<bdi>checkout</bdi>" in page
    assert 'href="/schedules/web"' in page
    assert 'href="/policies/payments"' in await desk.gets("/schedules")
    assert " style=" not in page
    assert "no escalation policy" in await desk.gets("/policies/none", 404)


async def test_a_gap_is_told_where_the_policy_is_shown(desk: Console) -> None:
    await hears(desk, on_call())
    page = await desk.gets("/policies/payments")
    assert "That is nobody now" in page
    assert 'class="box gap"' in page


async def test_what_a_level_tells_is_told_in_words() -> None:
    levels = [{"targets": [{"user": "ada"}, {"channel": "ops"}, {"webhook": "board"}]}]
    async with console(catalog({"levels": levels})) as desk:
        await desk.logs_in("reader")
        page = " ".join((await desk.gets("/policies/payments")).split())
    words = "channel <bdi>ops</bdi>, webhook <bdi>board</bdi> (which wakes nobody)."
    assert f"user <bdi>ada</bdi>, and tells {words} It waits 5 min" in page
    assert "tells channel ops, which wakes nobody</text>" in page


async def test_who_has_no_contact_method_is_told_in_words() -> None:
    async with console(catalog({"levels": [{"targets": [{"user": "eve"}]}]})) as desk:
        await desk.logs_in("reader")
        page = await desk.gets("/policies/payments")
    assert '<bdi>eve</bdi> (<strong class="bad">has no contact method</strong>)' in page
    assert "That is nobody now: the level is skipped at once." in page


def test_every_policy_of_the_catalog_has_a_level_to_draw() -> None:
    # The drawing relies on it.
    with pytest.raises(ValueError, match="at least 1"):
        EscalationPolicy(levels=())
