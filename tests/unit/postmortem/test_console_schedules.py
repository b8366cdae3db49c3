"""Schedules in the browser: who is on call, the weeks of one, in the zone of whoever looks."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from postmortem.entrypoints.console.rendering import POLICY
from tests.unit.postmortem.consoles import HTML, Console, console
from tests.unit.postmortem.stories import START, envelope
from tocsin import events as e
from tocsin.catalog import KINDS, Catalog

PAGE = "/schedules/web"
SINCE = datetime(2026, 2, 23, tzinfo=UTC)
UNTIL = datetime(2026, 5, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOSTILE = '<script>alert(1)</script>"'

DOCUMENTS: dict[str, dict[str, Any]] = {
    "User": {"bob": {"time_zone": "Asia/Tokyo"}},
    "Schedule": {
        "web": {
            "time_zone": "Europe/Paris",
            "layers": [
                {
                    "name": "base",
                    "rotation": {
                        "type": "weekly",
                        "start": "2026-01-05T09:00",
                        "participants": ["bob"],
                    },
                }
            ],
        },
        "new": {
            "layers": [
                {
                    "name": "base",
                    "shifts": [
                        {"from": "2026-01-05", "until": "2026-01-06", "participants": ["bob"]}
                    ],
                }
            ]
        },
    },
    "EscalationPolicy": {
        "payments": {"team": "payments", "levels": [{"targets": [{"schedule": "web"}]}]},
    },
    "Override": {
        "swap": {
            "schedule": "web",
            "from": "2026-03-05T09:00",
            "until": "2026-03-06T09:00",
            "cover": ["eve"],
            "reason": HOSTILE,
        },
        "past": {
            "schedule": "web",
            "from": "2026-01-05T09:00",
            "until": "2026-01-06T09:00",
            "remove": ["bob"],
        },
    },
}


def catalog() -> Catalog:
    specs = {
        (kind, name): KINDS[kind].model_validate(spec)
        for kind, found in DOCUMENTS.items()
        for name, spec in found.items()
    }
    return Catalog(3, specs)


@pytest.fixture
async def desk() -> AsyncIterator[Console]:
    async with console(catalog()) as made:
        await made.logs_in(person="bob")
        yield made


def shift(begins: datetime, until: datetime, *who: str) -> e.ForeseenShift:
    return e.ForeseenShift(begins=begins, until=until, responders=who)


def foreseen(version: int = 3, who: str = "ada", since: datetime = SINCE) -> e.ShiftsForeseen:
    """Ada, but for an hour of the night that the clocks go forward."""
    gap = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    final = (
        shift(since, gap, who),
        shift(gap, gap + HOUR),
        shift(gap + HOUR, UNTIL, who, HOSTILE),
    )
    return e.ShiftsForeseen(
        schedule="web",
        catalog_version=version,
        since=since,
        until=UNTIL,
        shifts=final,
        layers=(e.ForeseenLayer(name="base", shifts=(shift(since, UNTIL, who),)),),
    )


async def hears(desk: Console, *events: e.Event) -> None:
    (subscription,) = [one for one in desk.application.subscriptions if one.topic.name == "catalog"]
    envelopes = [envelope(f"o{number}", number, one) for number, one in enumerate(events)]
    assert all(isinstance(one, subscription.events) for one in events)
    async with desk.store.begin() as uow:
        await subscription.handle(uow, envelopes, START)


def on_call(*who: str, schedule: str = "web", removed: bool = False) -> e.OnCallChanged:
    return e.OnCallChanged(
        schedule=schedule, responders=who, since=START, catalog_version=3, removed=removed
    )


async def test_the_list_shows_every_schedule_and_that_of_a_team(desk: Console) -> None:
    await hears(desk, on_call("ada"))
    page = await desk.gets("/schedules")
    assert page == await desk.gets("/on-call")
    assert 'href="/schedules/web"' in page
    assert "<bdi>ada</bdi>" in page
    assert "Nothing was told of it yet" in page
    page = await desk.gets("/schedules?team=payments")
    assert ('href="/schedules/web"' in page, 'href="/schedules/new"' in page) == (True, False)
    assert "No schedule of this team" in await desk.gets("/schedules?team=none")


async def test_after_a_hand_off_that_nobody_told_of_its_pages_show_who_took_over(
    desk: Console,
) -> None:
    told = on_call("ada").model_copy(update={"until": START + HOUR, "then": ("bob",)})
    await hears(desk, told)
    assert "on call now:</span> <bdi>ada</bdi></span>" in await desk.gets(PAGE)
    assert "(now <bdi>ada</bdi>" in await desk.gets("/policies/payments")
    desk.clock.advance(HOUR)
    assert "on call now:</span> <bdi>bob</bdi>, as it was foreseen" in await desk.gets(PAGE)
    assert "(now <bdi>bob</bdi>" in await desk.gets("/policies/payments")


async def test_a_week_is_told_by_day_by_layer_and_after_all_of_them(desk: Console) -> None:
    await hears(desk, foreseen(), on_call("ada"))
    page = await desk.gets(f"{PAGE}?from=2026-03-25")
    assert "on call now:</span> <bdi>ada</bdi>" in page
    assert page.count('<th scope="row">') == 7
    assert [f'datetime="2026-03-{day}"' in page for day in (22, 23, 29, 30)] == [0, 1, 1, 0]
    assert '<span class="quiet">layer</span> <bdi>base</bdi>' in page
    assert "23 h: the clocks go forward 1 h" in page
    # The gap is from 01:30 in winter time until 03:30 in summer time: an hour.
    assert "01:30+01:00\u201303:30+02:00</span> nobody" in page
    assert "Nobody is on call 1 time in these days" in page
    assert "Sun 29 Mar 01:30 until Sun 29 Mar 03:30" in page
    assert page.count("<svg") == 1
    assert 'class="bar gap"' in page


async def test_five_weeks_and_what_is_not_known_of_them(desk: Console) -> None:
    await hears(desk, foreseen())
    page = await desk.gets(f"{PAGE}?view=month&from=2026-04-15")
    assert (page.count('<th scope="row">'), page.count("<svg")) == (35, 5)
    assert "02:00\u201324:00</span> not known" in page
    assert "until Fri 01 May 02:00" in page
    assert f'href="{PAGE}?view=month&amp;from=2026-05-18"' in page
    assert f'href="{PAGE}?view=month&amp;from=2026-03-09"' in page


async def test_the_zone_is_chosen_and_kept(desk: Console) -> None:
    await hears(desk, foreseen())
    assert "times of</span> Europe/Paris" in await desk.gets(PAGE)
    page = await desk.gets(f"{PAGE}?zone=America/New_York&from=2026-03-25")
    assert "times of</span> America/New_York" in page
    assert "own:</span> Europe/Paris" in page
    assert "20:30\u201321:30</span> nobody" in page
    page = await desk.gets(PAGE)
    assert "times of</span> America/New_York" in page
    assert '<option value="Asia/Tokyo">' in page, "the zone of who looks is offered"
    await desk.gets(f"{PAGE}?zone=")
    assert "times of</span> Europe/Paris" in await desk.gets(PAGE)


@pytest.mark.parametrize("zone", ["Mars/Base", "../../etc/passwd", "x" * 500, "Europe"])
async def test_a_zone_that_is_none_is_told_and_not_kept(desk: Console, zone: str) -> None:
    await hears(desk, foreseen())
    answer = await desk.client.get(PAGE, params={"zone": zone}, headers=HTML)
    assert (answer.status_code, "is not an IANA time zone" in answer.text) == (422, True)
    assert "times of</span> Europe/Paris" in answer.text
    assert "set-cookie" not in answer.headers
    desk.client.cookies.set("tocsin-zone", "Mars/Base")
    assert "times of</span> Europe/Paris" in await desk.gets(PAGE)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("view=year", "view: must be one of week, month"),
        ("from=tomorrow", "from: write a day"),
        ("from=0001-01-01", "from: write a day"),
        ("from=9999-12-31", "from: write a day"),
    ],
)
async def test_a_wrong_question_names_its_field(desk: Console, query: str, said: str) -> None:
    assert said in await desk.gets(f"{PAGE}?{query}", 422)


async def test_a_schedule_that_was_not_told_yet_says_where_to_ask(desk: Console) -> None:
    page = await desk.gets("/schedules/new")
    assert "tocsin shifts new" in page
    assert "The catalog has no schedule" in await desk.gets("/schedules/none", 404)


async def test_overrides_that_are_not_over_are_listed(desk: Console) -> None:
    page = await desk.gets(PAGE)
    assert "<bdi>eve</bdi> instead of everybody" in page
    assert "2026-03-05 09:00" in page
    assert "2026-01-05" not in page
    assert "None is in force" in await desk.gets("/schedules/new")


async def test_words_from_outside_stay_words_and_the_policy_is_kept(desk: Console) -> None:
    await hears(desk, foreseen())
    answer = await desk.client.get(f"{PAGE}?view=month&from=2026-03-30", headers=HTML)
    assert answer.headers["content-security-policy"] == POLICY
    assert HOSTILE not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert " style=" not in answer.text
    assert "<style" not in answer.text


async def test_the_newest_is_kept_in_whatever_order_it_comes(desk: Console) -> None:
    later = SINCE + timedelta(days=1)
    await hears(desk, foreseen(4, "new"), foreseen(3, "old", later))
    await hears(desk, foreseen(3, "older", later))
    page = await desk.gets(f"{PAGE}?from=2026-03-04")
    assert ("<bdi>new</bdi>" in page, "<bdi>old</bdi>" in page, "older" in page) == (1, 0, 0)
    await hears(desk, foreseen(4, "newer", later))
    assert "<bdi>newer</bdi>" in await desk.gets(f"{PAGE}?from=2026-03-04")
    await hears(desk, on_call(removed=True))
    assert "were not told yet" in await desk.gets(PAGE)


async def test_only_who_may_read_sees_a_schedule(desk: Console) -> None:
    await hears(desk, foreseen())
    desk.client.cookies.clear()
    answer = await desk.client.get(PAGE, headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/login?to={PAGE}")
    await desk.logs_in("admin")
    assert "<bdi>ada</bdi>" not in await desk.gets(PAGE, 403)
