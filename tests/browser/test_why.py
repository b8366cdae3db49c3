"""Why somebody was paged, looked up at night: by keyboard, while it moves, and without scripts."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Desk
from tests.browser.keyboard import goes_to, presses
from tests.browser.test_console import is_kind_to_all

WHY = "/incidents/1/why"


async def test_why_was_i_paged_by_keyboard_alone(desk: Desk) -> None:
    await desk.house.rings("Checkout is slow", dedup_key="slow")
    page = await desk.logs_in("/incidents/1")
    await expect(page.locator("#why")).to_have_text("Why was I paged?")
    await presses(page, "#why")
    await page.wait_for_url(f"**{WHY}?person=ada")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Why was ada paged, or not?")
    await expect(page.locator("#answer")).to_contain_text("ada was paged at")
    await expect(page.get_by_role("heading", level=3).first).to_contain_text("Paged")
    await expect(page.locator("#decisions")).not_to_contain_text("Incident opened")

    # All of it; while it is looked at, it goes on.
    await presses(page, "#all")
    await page.wait_for_url(f"**{WHY}")
    await expect(page.locator("#decisions")).to_contain_text("Incident opened")
    other = await desk.logs_in("/incidents/1", person="")
    await other.click("#acknowledge")
    await expect(page.locator("#answer")).to_contain_text("Nobody is paged now")
    await expect(page.get_by_role("heading", level=3, name="Acknowledged")).to_be_visible()
    await expect(page.get_by_role("status")).to_contain_text("Nobody is paged now")

    # From a page on the timeline to its own decision, where the keyboard then is.
    await presses(page, "#incident")
    await page.wait_for_url("**/incidents/1")
    await goes_to(page, "#story a")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(r"/why\?event="))
    focused = page.locator("li.decision:focus")
    await expect(focused).to_contain_text("ada was paged at")
    await expect(focused).to_contain_text("which chose ada")


async def test_why_is_read_without_scripts(desk: Desk) -> None:
    await desk.house.rings("Checkout is slow", dedup_key="slow")
    page = await desk.logs_in("/incidents/1", person="", scripts=False)
    await page.click("#why")
    await page.select_option("#person", "ada")
    await page.fill("#zone", "Asia/Tokyo")
    await page.click("#show")
    await expect(page.locator("h1")).to_have_text("Why was ada paged, or not?")
    await expect(page.locator("#decisions time").first).to_contain_text("JST")
    await page.click("#all")
    await expect(page.locator("h1")).to_have_text("Why was somebody paged, or nobody?")
    await expect(page.locator("#decisions time").first).to_contain_text("JST")


@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_why_is_kind_to_all(desk: Desk, scheme: str) -> None:
    await desk.house.lives()
    page = await desk.logs_in()
    await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for path in (
        WHY,
        f"{WHY}?person=ada",
        f"{WHY}?person=nobody",
        f"{WHY}?zone=Mars",
        "/incidents/1",
    ):
        await page.goto(desk.address + path)
        for width in (390, 1280):
            await page.set_viewport_size({"width": width, "height": 844})
            await is_kind_to_all(page)
