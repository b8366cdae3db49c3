"""One alert, from Slack to the published postmortem, the console looked at."""

from playwright.async_api import Page, expect

from tests.browser.conftest import Desk
from tests.browser.keyboard import presses, publishes, writes
from tests.browser.office import Office, becomes, moves_in
from tests.security.house import House
from tests.slack.workspace import Message
from tocsin.events import Event, PostmortemPublished, decode

CAUSE = "The pool was full; I doubled it."


def told(house: House, topic: str) -> list[Event]:
    return [decode(one.value).data for one in house.broker.records(topic)]


async def test_one_alert_from_slack_to_the_published_postmortem(desk: Desk) -> None:
    house = desk.house
    office = await moves_in(house)
    page = await desk.logs_in()
    await expect(page.get_by_text("All is quiet")).to_be_visible()

    await house.rings("Checkout is slow", dedup_key="slow")
    await becomes(lambda: len(office.channel) == len(office.direct) == 1)
    for message in (*office.channel, *office.direct):
        assert "Checkout is slow" in message.text
    await expect(page.locator("#incident-1")).to_be_visible()
    await presses(page, "#incident-1")
    await answered_in_slack(office, page)
    assert house.slack.workspace.refused == 0

    await presses(page, "nav a[href='/postmortems']")
    await page.wait_for_url("**/postmortems")
    await presses(page, ".list a.title")
    await expect(page.locator("h1")).to_contain_text("Checkout is slow")
    await writes(page, "impact", "Buyers waited for a quarter of an hour.")
    await publishes(page)
    kinds = [type(one) for one in told(house, "postmortems")]
    assert kinds.count(PostmortemPublished) == 1


async def answered_in_slack(office: Office, page: Page) -> None:
    """Acknowledge, explain and resolve there; the incident's page, which nobody touches, follows."""
    (shared,), (direct,) = office.channel, office.direct
    status = page.locator("#head .status")
    await expect(status).to_have_text("triggered")
    await expect(page.locator("#people")).to_contain_text("slack")

    answer = await office.press("ada", direct, "acknowledge")
    assert answer.status_code == 200
    await expect(status).to_have_text("acknowledged")
    await expect(page.locator("#head")).to_contain_text("with ada")
    await changed(office, "Acknowledged by ada", without="acknowledge")

    await office.replies("bob", shared, CAUSE)
    await expect(page.locator("#story")).to_contain_text(f"note by bob: {CAUSE}")

    await office.press("ada", shared, "resolve")
    await expect(status).to_have_text("resolved")
    await changed(office, "Resolved by ada", without="resolve")
    assert (office.channel, office.direct) == ([shared], [direct])


async def changed(office: Office, words: str, *, without: str) -> None:
    """Wait until both messages say so in place, and offer what is over no more."""

    def is_so(message: Message) -> bool:
        return words in message.words and without not in message.buttons

    await becomes(lambda: all(is_so(one) for one in (*office.channel, *office.direct)))
    assert all(one.versions > 1 for one in (*office.channel, *office.direct))
