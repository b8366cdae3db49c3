"""Schedules and policies in a real browser: read by everybody, with and without scripts."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Desk
from tests.browser.test_console import is_kind_to_all

PATHS = (
    "/schedules",
    "/schedules/payments",
    "/schedules/payments?view=month",
    "/schedules/payments?from=2026-03-29&zone=America/New_York",
    "/schedules/payments?zone=Mars",
    "/policies/payments",
)


@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_every_page_of_schedules_is_kind_to_all(desk: Desk, scheme: str) -> None:
    page = await desk.logs_in()
    await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for path in PATHS:
        await page.goto(desk.address + path)
        for width in (390, 1280):
            await page.set_viewport_size({"width": width, "height": 844})
            await is_kind_to_all(page)


async def test_the_weeks_are_read_without_scripts(desk: Desk) -> None:
    page = await desk.logs_in("/schedules", scripts=False)
    await page.click("a.title")
    await expect(page.locator("table.shifts tbody tr")).to_have_count(7)
    await expect(page.locator("svg.strip")).to_have_count(1)
    await page.click("text=Five weeks")
    await expect(page.locator("table.shifts tbody tr")).to_have_count(35)
    await page.fill("#zone", "Asia/Tokyo")
    await page.click("#show")
    await expect(page.locator("main")).to_contain_text("times of Asia/Tokyo")
