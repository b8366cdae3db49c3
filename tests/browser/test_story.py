"""One alert, from Slack to the published postmortem, the console looked at; then two thousand."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

from playwright.async_api import Page, expect

from tests.browser.conftest import Desk
from tests.browser.keyboard import presses, publishes, writes
from tests.browser.office import Office, becomes, moves_in
from tests.security.house import INTEGRATION_KEY, House, bearer
from tests.slack.workspace import Message
from tocsin.events import (
    Event,
    NotificationDelivered,
    NotificationSent,
    PageRequested,
    PostmortemDrafted,
    PostmortemPublished,
    ResponderUnreachable,
    decode,
)

ALERTS = 2000
BATCH = 200
STEP = timedelta(seconds=5)
PATIENCE = timedelta(minutes=15)
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


# ---------------------------------------------------------------- a storm


async def rings_many(house: House, **more: Any) -> None:
    """Send two thousand alerts by the front door."""
    for first in range(0, ALERTS, BATCH):
        body = [
            {"title": f"Pod {n} is down", "severity": "critical", "dedup_key": f"pod-{n}", **more}
            for n in range(first, first + BATCH)
        ]
        path = "/v1/alerts/generic"
        headers = {"x-tocsin-key": INTEGRATION_KEY}
        answer = await house.ask("incident-intake", "POST", path, headers, body)
        assert answer.status == 202, answer.text
        await house.settle()


def reached(house: House) -> set[str]:
    kinds = NotificationSent | NotificationDelivered
    return {one.page_id for one in told(house, "notifications") if isinstance(one, kinds)}


async def test_two_thousand_alerts_at_once_lose_no_page(desk: Desk) -> None:
    house = desk.house
    office = await moves_in(house)
    page = await desk.logs_in()
    await rings_many(house)
    await expect(page).to_have_title(f"({ALERTS}) Incidents · Tocsin")
    requested = [one for one in told(house, "pages") if isinstance(one, PageRequested)]
    pages = {one.page_id for one in requested}
    assert len(pages) == len({one.incident_id for one in requested}) == ALERTS

    begun = house.clock.now()
    # Counting them is quick; reading them is not.
    while len(house.broker.records("notifications")) < ALERTS or reached(house) != pages:
        assert house.clock.now() < begun + PATIENCE, len(pages - reached(house))
        await house.passes(STEP)
    assert not [
        one for one in told(house, "notifications") if isinstance(one, ResponderUnreachable)
    ]
    gaps = [later.posted_at - earlier.posted_at for earlier, later in pairwise(office.direct)]
    assert max(gaps) < timedelta(seconds=30)  # She is never left in silence.
    for one in requested:
        path = f"/v1/timelines/{one.incident_id}"
        timeline = await house.ask("postmortem", "GET", path, bearer("reader"))
        assert "ada paged by slack" in timeline.text

    # A press in the midst of it is heard, and shown to who looks.
    first = next(one for one in office.direct if "acknowledge" in one.buttons)
    await office.press("ada", first, "acknowledge")
    await expect(page).to_have_title(f"({ALERTS - 1}) Incidents · Tocsin")

    await rings_many(house, status="resolved")
    await expect(page.get_by_text("All is quiet")).to_be_visible()
    for _ in range(PATIENCE // STEP):
        await house.passes(STEP)
    for message in (*office.channel, *office.direct):
        assert "esolved" in message.words, message.words
    drafts = [one for one in told(house, "postmortems") if isinstance(one, PostmortemDrafted)]
    assert len({one.incident_id for one in drafts}) == ALERTS
    assert house.slack.workspace.refused == 0
