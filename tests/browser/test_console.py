"""The console in a real browser: with and without scripts, by keyboard alone, while it moves."""

from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.browser.conftest import Desk
from tests.browser.keyboard import goes_to, presses

LOOKS = (Path(__file__).parent / "looks.js").read_text("utf-8")
# Modelled on what real tools have sent: markup, templates, bidi, controls, what is endless.
HOSTILE = [
    "<script>document.body.dataset.hacked=1</script>",
    '"><img src=x onerror=document.body.dataset.hacked=1>',
    "</title><svg onload=document.body.dataset.hacked=1>",
    "{{ 7*7 }} ${7*7} {% raw %} <%= 7*7 %>",
    "javascript:document.body.dataset.hacked=1",
    "pay\u202egnp.exe\u2066 \u200b\u0007 \U000e0041",
    "Wiederherstellungs" * 30,
    "\u0928\u092e\u0938\u094d\u0924\u0947 \u0645\u0631\u062d\u0628\u0627 \U0001f525\u200d\U0001f469",
    "[click](javascript:alert(1)) <!channel> @here `rm -rf`",
]
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


async def is_kind_to_all(page: Page) -> None:
    """Whoever cannot see, aim or guess can use this page."""
    found = await Axe().run(page, options=AXE)
    assert found.violations_count == 0, found.generate_report()
    assert await page.evaluate(LOOKS) == []


async def test_a_page_changes_while_it_is_looked_at(desk: Desk) -> None:
    page = await desk.logs_in()
    await expect(page.get_by_text("All is quiet")).to_be_visible()
    await desk.house.rings("Checkout is slow", dedup_key="slow")
    await expect(page.get_by_role("link", name="Checkout is slow")).to_be_visible()
    await expect(page).to_have_title("(1) Incidents · Tocsin")
    await expect(page.get_by_role("status")).to_contain_text("1 triggered")
    other = await desk.logs_in("/incidents/1", person="")
    await other.click("#acknowledge")
    await expect(page.locator(".row .status")).to_have_text("acknowledged")
    await expect(page.get_by_role("status")).to_contain_text("1 acknowledged")


async def test_acknowledged_by_keyboard_alone(desk: Desk) -> None:
    await desk.house.rings("Checkout is slow", dedup_key="slow")
    page = await desk.logs_in()
    await goes_to(page, "#incident-1")
    outline = await page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px"
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/incidents/1")
    await goes_to(page, "#acknowledge")
    await page.keyboard.press("Enter")
    await expect(page.locator("#head .status")).to_have_text("acknowledged")
    await expect(page.locator("#head")).to_contain_text("with ada")
    await expect(page.locator("#sent")).to_contain_text("Acknowledge: done.")
    await expect(page.locator("#story")).to_contain_text("acknowledged by ada")
    await expect(page.locator("#acknowledge")).to_have_count(0)


async def test_read_and_acknowledged_without_scripts(desk: Desk) -> None:
    await desk.house.rings("Checkout is slow", dedup_key="slow")
    page = await desk.logs_in(scripts=False)
    await page.click("text=Checkout is slow")
    await page.click("#acknowledge")
    # It loads itself anew, until the answer is there.
    await expect(page.locator("#head .status")).to_have_text("acknowledged")
    await expect(page.locator("#sent")).to_contain_text("Acknowledge: done.")
    await page.fill("#text", "Rolling back.")
    await page.click("#note")
    await expect(page.locator("#story")).to_contain_text("note by ada: Rolling back.")


async def test_handed_to_somebody_by_name_without_scripts(desk: Desk) -> None:
    await desk.house.rings("Checkout is slow", dedup_key="slow")
    page = await desk.logs_in("/incidents/1", scripts=False)
    await page.click("#hand")
    await page.get_by_role("link", name="Open one that stands still").click()
    await page.click("#hand")
    await page.fill("#to", "adda")
    await page.fill("#reason", "she wrote it")
    await page.click("#reassign")
    await expect(page.get_by_role("alert")).to_contain_text('did you mean "ada"?')
    await expect(page.locator("#reason")).to_have_value("she wrote it")
    await page.fill("#to", "ada")
    await page.click("#reassign")
    await expect(page.locator("#sent")).to_contain_text("Reassign: done.")
    await expect(page.locator("#story")).to_contain_text("reassigned to ada by ada: she wrote it")
    await expect(page.locator("#head")).to_contain_text("given to ada")


async def test_somebody_is_asked_as_well_by_keyboard_alone(desk: Desk) -> None:
    await desk.house.rings("Checkout is slow", dedup_key="slow")
    page = await desk.logs_in("/incidents/1")
    await presses(page, "#hand")
    await is_kind_to_all(page)
    await goes_to(page, "#to")
    await page.keyboard.type("ada")
    await presses(page, "#ask")
    await expect(page.locator("#sent")).to_contain_text("Escalate: done.")
    await expect(page.locator("#story")).to_contain_text("escalated to ada by ada")


async def test_what_is_typed_and_where_one_is_stays_while_the_page_moves(desk: Desk) -> None:
    await desk.house.rings("Checkout is slow", dedup_key="slow")
    page = await desk.logs_in("/incidents/1")
    await page.fill("#text", "half a sen")
    other = await desk.logs_in("/incidents/1", person="")
    await other.click("#acknowledge")
    await expect(page.locator("#head .status")).to_have_text("acknowledged")
    assert await page.input_value("#text") == "half a sen"
    assert await page.evaluate("document.activeElement.id") == "text"


async def test_what_is_chosen_stays_chosen_while_the_page_moves(desk: Desk) -> None:
    await desk.house.rings("Checkout is slow", dedup_key="slow")
    page = await desk.logs_in("/incidents/1")
    await page.select_option("#for", "8h")
    other = await desk.logs_in("/incidents/1", person="")
    await other.click("#acknowledge")
    await expect(page.locator("#head .status")).to_have_text("acknowledged")
    await expect(page.locator("#acknowledge")).to_have_text("Acknowledge as well")
    assert await page.input_value("#for") == "8h"


async def test_hostile_words_do_nothing(desk: Desk) -> None:
    for number, title in enumerate(HOSTILE):
        await desk.house.rings(title, dedup_key=str(number), description=title, labels={"x": title})
    page = await desk.logs_in()
    await expect(page.locator(".row")).to_have_count(len(HOSTILE))
    for number in range(1, len(HOSTILE) + 1):
        await page.goto(f"{desk.address}/incidents/{number}")
        await expect(page.locator("h1")).to_be_visible()
        assert await page.evaluate("document.body.dataset.hacked") is None
        assert (
            await page.evaluate(
                "document.querySelectorAll('main script, main img, main svg').length"
            )
            == 0
        )
        assert await page.evaluate(LOOKS) == []


@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_every_page_is_kind_to_all(desk: Desk, scheme: str) -> None:
    await desk.house.lives()
    login = await desk.opens("/login")
    await login.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    await is_kind_to_all(login)
    page = await desk.logs_in()
    await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for path in (
        "/",
        "/?status=all",
        "/?status=acknowledged",
        "/incidents/1",
        "/incidents/2",
        "/postmortems",
        "/incidents/99",
    ):
        await page.goto(desk.address + path)
        await is_kind_to_all(page)


async def test_a_stream_that_breaks_is_taken_up_again(desk: Desk) -> None:
    page = await desk.logs_in()
    await expect(page.get_by_text("All is quiet")).to_be_visible()
    await page.context.set_offline(True)
    await desk.house.rings("Checkout is slow", dedup_key="slow")
    await page.context.set_offline(False)
    await expect(page.get_by_role("link", name="Checkout is slow")).to_be_visible()
    desk.wrong.clear()  # That it was offline, the browser has said.


async def test_a_page_without_a_network_says_that_it_may_be_old(desk: Desk) -> None:
    page = await desk.logs_in()
    await page.route("**/live?*", lambda route: route.abort())
    await page.reload()
    status = page.get_by_role("status")
    await expect(status).to_contain_text("Not live: what is shown may be old")
    await page.unroute("**/live?*")
    await expect(status).to_be_empty()
    desk.wrong.clear()  # That it did not come through, the browser has said.


async def test_a_session_that_ends_leads_to_the_login(desk: Desk) -> None:
    page = await desk.logs_in()
    left = await page.context.new_page()
    await left.goto(desk.address + "/silences")
    await page.click("text=Log out")
    await page.wait_for_url("**/login")
    # Nothing moves; that it may hear no more leads a page that was left open there too.
    await left.evaluate("source.close(); follow()")
    await left.wait_for_url("**/login?to=/silences")
    await page.goto(desk.address + "/incidents/1")
    await page.wait_for_url("**/login?to=/incidents/1")
