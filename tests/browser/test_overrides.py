"""Overrides in a real browser: made, moved, dragged; and then the page goes to the new person."""

import asyncio
from contextlib import suppress
from typing import Any

from playwright.async_api import Error, FloatRect, Locator, Page, expect

from tests.browser.conftest import Desk
from tests.browser.keyboard import goes_to, presses
from tests.browser.office import becomes, moves_in
from tests.browser.test_console import is_kind_to_all
from tests.security.house import House
from tocsin.catalog import Override

CALENDAR = "/schedules/payments"
# Ada's rotation it is, in Paris, on Monday the 5th of January at 10:00.
EVE: dict[str, Any] = {
    "kind": "User",
    "name": "eve",
    "spec": {
        "time_zone": "Asia/Tokyo",
        "contact_methods": [{"name": "slack", "channel": "slack", "address": "U0EVE"}],
        "chat": {"slack": "U0EVE"},
    },
}


def overrides(house: House) -> list[Override]:
    return [one for _, one in house.holder.current.overrides("payments")]


def told(house: House, whom: str) -> list[str]:
    """Return what Slack has delivered to somebody directly."""
    return [one.text for one in house.slack.workspace.messages if one.channel == f"D{whom[1:]}"]


async def is_covered_by(desk: Desk, page: Page, who: str) -> None:
    """Wait until one override stands, which puts this person on call, and look at the calendar."""
    await becomes(lambda: [one.cover for one in overrides(desk.house)] == [(who,)])
    await page.goto(desk.address + CALENDAR)
    await expect(page.locator("#overrides")).to_contain_text(f"{who} instead of everybody")


async def test_an_override_is_moved_and_the_next_page_goes_to_the_new_person(desk: Desk) -> None:
    house = desk.house
    await moves_in(house, EVE)
    page = await desk.logs_in(CALENDAR)
    await page.click("#make")
    await page.fill("#person", "bob")
    await page.fill("#begins", "2026-01-06T09:00")
    await page.fill("#until", "2026-01-06T18:00")
    await page.click("#override")
    await is_covered_by(desk, page, "bob")

    # Another person, and a time that has come.
    await page.get_by_role("link", name="Change it").click()
    await expect(page.locator("#override-form")).to_contain_text(
        "Now it is: bob instead of everybody"
    )
    await page.fill("#person", "eve")
    await page.fill("#begins", "2026-01-05T09:00")
    await page.fill("#until", "2026-01-05T18:00")
    await page.click("#check")
    confirm = page.locator("#confirm")
    await expect(confirm).to_contain_text("eve is on call from Mon 05 Jan 18:")
    await expect(confirm).to_contain_text("until Tue 06 Jan 02:00 Asia/Tokyo, instead of ada")
    await is_kind_to_all(page)
    assert [one.cover for one in overrides(house)] == [("bob",)], "it was only asked"
    await page.click("#confirmed")
    await is_covered_by(desk, page, "eve")

    await house.rings("Checkout is slow", dedup_key="slow")
    await becomes(lambda: "Checkout is slow" in "\n".join(told(house, "U0EVE")))
    assert not any("Checkout" in text for whom in ("U0ADA", "U0BOB") for text in told(house, whom))
    await shows_eve(desk, page)


async def shows_eve(desk: Desk, page: Page) -> None:
    """Look at the calendar and at who is on call: it is eve, until six in the evening of Paris."""
    await page.goto(desk.address + CALENDAR)
    await expect(page.locator("main")).to_contain_text("on call now: eve")
    await expect(page.locator("table.shifts tr.today")).to_contain_text("18:00 eve")
    await page.goto(f"{desk.address}/on-call")
    row = page.locator("li.row", has_text="payments")
    await expect(row).to_contain_text("eve since")
    await expect(row).to_contain_text("until 2026-01-05 17:00:00 UTC then ada")


async def test_an_override_is_made_and_left_alone_by_keyboard_alone(desk: Desk) -> None:
    house = desk.house
    await moves_in(house, EVE)
    page = await desk.logs_in(CALENDAR)
    await presses(page, "#make")
    await goes_to(page, "#person")
    await page.keyboard.type("eve")
    await types_a_time(page, "#until", "01052026", "0600PM")
    await presses(page, "#check")
    await expect(page.locator("#confirm")).to_contain_text("eve is on call from Mon 05 Jan 18:")
    await expect(page.locator("#confirmed")).to_be_focused()
    await page.keyboard.press("Enter")
    await is_covered_by(desk, page, "eve")

    await presses(page, "#overrides a")
    await page.wait_for_url("**change=*")  # Until it is there, the keys are for the page before.
    await types_a_time(page, "#until", "01062026", "0600PM")
    await presses(page, "#check")
    await expect(page.locator("#confirm")).to_contain_text("eve instead of everybody")
    await page.keyboard.press("Escape")
    await expect(page.locator("#confirm")).to_have_count(0)
    (left,) = overrides(house)
    assert f"{left.until:%Y-%m-%d %H:%M}" == "2026-01-05 17:00"


async def types_a_time(page: Page, field: str, day: str, time: str) -> None:
    """Type a time as the browser asks for it: month, day, year, and on to the hour."""
    await goes_to(page, field)
    await page.keyboard.type(day)
    await page.keyboard.press("ArrowRight")
    await page.keyboard.type(time)


async def drags(page: Page, start: Locator, end: Locator) -> None:
    """Take hold of something, and go as far as something else is; do not let go."""
    first, last = await place_of(start, end)
    height = first["y"] + 8  # Of a day, that is above the bars.
    await page.mouse.move(first["x"] + first["width"] / 2, height)
    await page.mouse.down()
    await page.mouse.move(last["x"] + last["width"] / 2, height, steps=8)


async def place_of(start: Locator, end: Locator) -> tuple[FloatRect, FloatRect]:
    """Return where both are once they stay there: a live page may just be drawing them anew."""
    before = None
    for _ in range(100):
        with suppress(Error):
            await start.scroll_into_view_if_needed()
            first, last = await start.bounding_box(), await end.bounding_box()
            if first is not None and last is not None and (first, last) == before:
                return first, last
            before = first, last
        await asyncio.sleep(0.1)
    raise AssertionError(f"{start} does not stay")


async def test_days_are_dragged_over_and_the_override_is_dragged_on(desk: Desk) -> None:
    house = desk.house
    await moves_in(house, EVE)
    page = await desk.logs_in(CALENDAR, phone=False)
    days, picked = page.locator("rect.day"), page.locator("rect.day.picked")
    await expect(page.locator("#drag-help")).to_be_visible()
    await drags(page, days.nth(3), days.nth(1))
    await expect(picked).to_have_count(3)
    await page.keyboard.press("Escape")
    await expect(picked).to_have_count(0)
    await page.mouse.up()
    assert await page.input_value("#until") == ""

    await drags(page, days.nth(3), days.nth(1))
    await page.mouse.up()
    assert await page.input_value("#begins") == "2026-01-06T00:00"
    assert await page.input_value("#until") == "2026-01-09T00:00"
    await expect(page.locator("#person")).to_be_focused()
    await page.keyboard.type("bob")
    await page.click("#check")
    await expect(page.locator("#confirm")).to_contain_text(
        "bob is on call from Mon 05 Jan 23:00 until Thu 08 Jan 23:00 UTC, instead of ada"
    )
    await page.click("#confirmed")
    await is_covered_by(desk, page, "bob")

    await drags(page, page.locator("[data-override] .bar"), days.nth(3))
    await page.mouse.up()
    await expect(page.locator("#confirm")).to_contain_text(
        "bob is on call from Thu 08 Jan 23:00 until Fri 09 Jan 23:00 UTC, instead of ada"
    )
    await page.click("#confirmed")
    await becomes(lambda: [one.from_.day for one in overrides(house)] == [6])
    assert [f"{one.until:%d %H:%M}" for one in overrides(house)] == ["09 23:00"]


async def test_who_comes_back_after_a_drag_does_not_change_that_override(desk: Desk) -> None:
    """Browsers keep a page that is left as it was, with what the drag has put into its form."""
    await moves_in(desk.house, EVE)
    page = await desk.logs_in(CALENDAR, phone=False)
    await page.evaluate(
        """() => {
            const form = document.getElementById("override-form");
            form.elements.replaces.value = "swap";
            form.elements.how.value = "same";
            form.elements.person.required = false;
            dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
        }"""
    )
    assert await page.input_value("[name=replaces]") == ""
    assert await page.input_value("#how") == "cover"
    await expect(page.locator("#person")).to_have_attribute("required", "")


async def test_an_end_is_dragged_and_the_days_on_which_clocks_change_are_whole(desk: Desk) -> None:
    house = desk.house
    await moves_in(house, EVE)
    page = await desk.logs_in(f"{CALENDAR}?from=2026-03-29", phone=False)
    days = page.locator("rect.day")
    await drags(page, days.nth(5), days.nth(6))
    await page.mouse.up()
    assert await page.input_value("#begins") == "2026-03-28T00:00"
    assert await page.input_value("#until") == "2026-03-30T00:00"
    await page.fill("#person", "bob")
    await page.click("#override")
    await becomes(lambda: [one.cover for one in overrides(house)] == [("bob",)])
    (made,) = overrides(house)
    assert (made.until - made.from_).total_seconds() == 47 * 3600

    # Its end goes back over the day of 23 hours: it is at midnight still.
    await page.goto(f"{desk.address}{CALENDAR}?from=2026-03-29")
    await drags(page, page.locator("[data-end=ends]"), days.nth(5))
    await page.mouse.up()
    await expect(page.locator("#confirm")).to_be_visible()
    assert await page.input_value("#begins") == "2026-03-28T00:00"
    assert await page.input_value("#until") == "2026-03-29T00:00"
    await page.click("#cancel")
    await expect(page.locator("#confirm")).to_have_count(0)
    assert overrides(house) == [made]
