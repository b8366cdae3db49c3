"""A postmortem by keyboard alone: written, promised in, reviewed, published, taken back."""

from playwright.async_api import expect

from tests.browser.conftest import Desk
from tests.browser.keyboard import goes_to, presses, publishes, writes


async def test_a_draft_is_written_reviewed_and_published_by_keyboard_alone(desk: Desk) -> None:
    await desk.house.rings("Disk full", dedup_key="disk")
    await desk.house.rings("Disk full", dedup_key="disk", status="resolved")
    page = await desk.logs_in("/postmortems")
    await presses(page, ".list a.title")
    await expect(page.locator("h1")).to_contain_text("Disk full")
    await writes(page, "impact", "Nobody could upload for ten minutes.")
    await publishes(page)

    # What was published stays; what is promised in it, and another draft, are a keystroke away.
    await expect(page.locator("textarea")).to_have_count(0)
    await presses(page, "#promise")
    await goes_to(page, "#new-title")
    await page.keyboard.type("Watch the disk")
    await goes_to(page, "#new-owner")
    await page.keyboard.type("ada")
    await goes_to(page, "#new-due")
    await page.keyboard.type("02012027")  # As the browser asks for it: month, day, year.
    await presses(page, "#add-item")
    item = page.locator("li.row", has_text="Watch the disk")
    await expect(item).to_contain_text("2027-02-01")
    await presses(page, "#draft", key="Shift+Tab")
    await expect(page.locator(".facts .status").first).to_have_text("draft")
    await expect(page.locator("#write-impact")).to_be_visible()


async def test_what_somebody_else_wrote_meanwhile_is_told_where_the_keyboard_is(desk: Desk) -> None:
    await desk.house.rings("Disk full", dedup_key="disk")
    await desk.house.rings("Disk full", dedup_key="disk", status="resolved")
    page, other = [await desk.logs_in("/postmortems") for _ in range(2)]
    for one in (page, other):
        await presses(one, ".list a.title")
        await expect(one.locator("h1")).to_contain_text("Disk full")
    await writes(other, "impact", "Theirs.")
    await presses(page, "#write-impact")
    await goes_to(page, "#text-impact")
    await page.keyboard.type("Mine.")
    await presses(page, "#save-impact")
    await expect(page.get_by_role("alert")).to_contain_text("was written by ada meanwhile")
    await expect(page.locator(".words")).to_contain_text("Theirs.")
    await expect(page.locator("#text-impact")).to_have_value("Mine.")
