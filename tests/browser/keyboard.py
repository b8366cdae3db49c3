"""A person without a mouse: Tab, Shift+Tab, Enter, and what they type."""

from playwright.async_api import Page, expect

MOST_STOPS = 100
AT = "what => document.activeElement?.matches(what)"
OUTLINE = "getComputedStyle(document.activeElement).outlineWidth"


async def goes_to(page: Page, what: str, *, key: str = "Tab") -> None:
    """Go on from where the focus is until it is at `what`, where it can be seen."""
    for _ in range(MOST_STOPS):
        await page.keyboard.press(key)
        if await page.evaluate(AT, what):
            assert await page.evaluate(OUTLINE) == "3px", f"{what} does not show the focus"
            return
    raise AssertionError(f"the keyboard does not reach {what} by {key}")


async def presses(page: Page, what: str, *, key: str = "Tab") -> None:
    """Go to a link or a button, and press Enter."""
    await goes_to(page, what, key=key)
    await page.keyboard.press("Enter")


async def writes(page: Page, section: str, text: str) -> None:
    """Write a section of a postmortem."""
    await presses(page, f"#write-{section}")
    await goes_to(page, f"#text-{section}")
    await page.keyboard.type(text)
    await presses(page, f"#save-{section}")
    await expect(page.locator(".words")).to_contain_text(text)


async def publishes(page: Page) -> None:
    """Ask for the review of a draft that has just been written in, and publish it."""
    status = page.locator(".facts .status").first
    await expect(status).to_have_text("draft")
    await presses(page, "#review", key="Shift+Tab")
    await expect(status).to_have_text("in review")
    await presses(page, "#publish")
    await expect(status).to_have_text("published")
    await expect(page.get_by_text("Version 1, published by ada")).to_be_visible()
