"""Pages that are left open beside the incidents follow what they show; nobody goes to them anew."""

from datetime import timedelta
from typing import Any

from playwright.async_api import Page, expect

from tests.browser.conftest import Desk
from tests.browser.office import moves_in
from tests.browser.test_overrides import CALENDAR, EVE
from tests.security.house import bearer

HOUR = timedelta(hours=1)


async def covers(desk: Desk, who: str) -> None:
    """Put somebody on call instead of ada, for an hour that begins in an hour."""
    now = desk.house.clock.now().replace(microsecond=0)
    asked = {
        "schedule": "payments",
        "from": (now + HOUR).isoformat(),
        "until": (now + 2 * HOUR).isoformat(),
        "cover": who,
    }
    answer = await desk.house.ask("escalation", "POST", "/v1/overrides", bearer("writer"), asked)
    assert answer.status == 201, answer.text


async def stays(page: Page) -> None:
    """Mark the page as it is: another one would not have the mark."""
    await page.evaluate("document.body.dataset.stayed = 1")


async def has_stayed(page: Page) -> bool:
    found: Any = await page.evaluate("document.body.dataset.stayed")
    return bool(found == "1")


async def test_open_pages_show_who_came_on_call(desk: Desk) -> None:
    await moves_in(desk.house, EVE)
    await covers(desk, "eve")
    board = await desk.logs_in("/on-call")
    calendar = await desk.logs_in(CALENDAR)
    row = board.locator("li.row", has_text="payments")
    await expect(row).to_contain_text("ada since")
    await expect(row).to_contain_text("then eve")
    await expect(calendar.locator("#facts")).to_contain_text("on call now: ada")
    for page in (board, calendar):
        await stays(page)
    await desk.house.passes(HOUR)
    await expect(row).to_contain_text("eve since")
    await expect(row).to_contain_text("then ada")
    await expect(calendar.locator("#facts")).to_contain_text("on call now: eve")
    assert [await has_stayed(page) for page in (board, calendar)] == [True, True]


async def test_an_open_calendar_shows_an_override_that_somebody_else_made(desk: Desk) -> None:
    await moves_in(desk.house, EVE)
    page = await desk.logs_in(CALENDAR)
    await expect(page.locator("#overrides")).to_contain_text("None is in force or to come")
    await stays(page)
    await covers(desk, "eve")
    await expect(page.locator("#overrides")).to_contain_text("eve instead of everybody")
    await expect(page.locator("#shifts table")).to_contain_text("eve")
    assert await has_stayed(page)


async def test_an_open_page_of_silences_shows_one_that_somebody_else_made(desk: Desk) -> None:
    page = await desk.logs_in("/silences")
    await expect(page.get_by_text("Nothing is silenced")).to_be_visible()
    await stays(page)
    asked = {"matchers": ["pod=x"], "duration": "1h"}
    made = await desk.house.ask("incident-intake", "POST", "/v1/silences", bearer("writer"), asked)
    assert made.status == 201, made.text
    await expect(page.locator("#silences .row")).to_contain_text("silent")
    await desk.house.ask(
        "incident-intake", "DELETE", f"/v1/silences/{made.json()['id']}", bearer("writer")
    )
    await expect(page.locator("#silences .row")).to_contain_text("over")
    assert await has_stayed(page)


async def test_who_is_on_call_is_loaded_anew_where_no_script_runs(desk: Desk) -> None:
    await moves_in(desk.house, EVE)
    page = await desk.logs_in("/on-call", scripts=False)
    await expect(page.locator("li.row", has_text="payments")).to_contain_text("ada since")
    refresh = page.locator("noscript meta, meta[http-equiv=refresh]")
    await expect(refresh).to_have_attribute("content", "30")
