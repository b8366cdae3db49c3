"""What Slack answers means, what it is sent, and what a hostile title cannot do there."""

import json
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.models.blocks import Block
from slack_sdk.web.async_client import AsyncWebClient

from notifier.adapters.channels.slack.blocks import escaped, fitted, message_of
from notifier.adapters.channels.slack.channel import SlackChannel
from notifier.adapters.channels.slack.pace import LONGEST, TOGETHER, Pace
from tests.contract.test_channels import DOC
from tests.slack.server import Near, Slack, served
from tests.slack.workspace import BOT, Message
from tocsin.channels import (
    Accepted,
    AlertLine,
    Button,
    Config,
    Content,
    Context,
    Delivery,
    ExternalRef,
    Fact,
    IncidentLine,
    MessageDoc,
    RateLimited,
    SendResult,
    TargetGone,
    Transient,
    Unknown,
)
from tocsin.events import Link
from tocsin.testing import START

TOKEN = "T" * 22
HEARS = {"signing_secret": "s", "team": "T1", "app": "A1"}
ACTIONS = tuple(
    Button(action, action.title(), TOKEN, "")
    for action in ("acknowledge", "resolve", "snooze", "escalate", "note")
)
PAGE = replace(DOC, actions=ACTIONS)
SHARED = Path(os.environ.get("TOCSIN_SHARED", "../shared"))
CORPUS = SHARED / "payloads/alertmanager/firing_weird_strings.json"
HOSTILE = (
    "<!channel> all of you",
    "<!here|here>",
    "<@U0BOB> look",
    "<https://evil.example|https://good.example>",
    "https://evil.example",
    "@channel @here",
    "&lt;!channel&gt;",
    "*bold* _it_ ~no~ `code` :white_check_mark: resolved",
    "line\n*#8 RESOLVED*\r\n> quote",
    "\u202egnp.exe\u2066 \u200b\x00\x1b[31m",
    "🔥" * 3000,
    "&" * 10_000,
    "]]>'\"><script>alert(1)</script>",
)


def channel(near: Near, **options: str) -> SlackChannel:
    given = {"bot_token": BOT, "api": near.slack.api, **HEARS} | options
    return SlackChannel(given, Context(near, "secret"))


def delivery(identity: str = "d-1", to: str = "U0ADA", after: float = 0) -> Delivery:
    return Delivery(identity, to, 1, START + timedelta(seconds=after))


@pytest.fixture
def near() -> Near:
    return Near(Slack())


async def shown(near: Near, doc: MessageDoc) -> Message:
    near.slack.workspace.messages.clear()
    near.slack.workspace.limited = False
    assert isinstance(await channel(near).send(delivery(), doc), Accepted)
    (message,) = near.slack.workspace.messages
    return message


async def test_a_person_is_told_in_a_direct_message_whose_own_name_is_kept(near: Near) -> None:
    result = await channel(near).send(delivery(), PAGE)

    (message,) = near.slack.workspace.messages
    assert result == Accepted(ExternalRef(message.ts, "D0ADA"))
    assert "#7 CRITICAL checkout: Checkout is slow" in message.text
    assert list(message.buttons) == ["acknowledge", "resolve", "snooze", "escalate", "note"]
    assert {one["value"] for one in message.buttons.values() if "value" in one} == {TOKEN}


async def test_an_update_changes_that_message_and_takes_its_buttons(near: Near) -> None:
    slack = channel(near)
    sent = await slack.send(delivery(), PAGE)
    assert isinstance(sent, Accepted)
    status = (Fact("Status", "resolved by bob"),)
    over = replace(PAGE, purpose="update", status="resolved", facts=status, actions=())
    assert isinstance(await slack.update(delivery("d-2"), sent.ref, over), Accepted)

    (message,) = near.slack.workspace.messages
    assert (message.versions, message.buttons) == (2, {})
    assert "Resolved by bob" in message.words


async def test_where_nobody_hears_a_press_there_are_links(near: Near) -> None:
    near.slack.workspace.limited = False
    await channel(near, signing_secret="").send(delivery(), PAGE)

    (message,) = near.slack.workspace.messages
    assert message.buttons == {}
    assert f"<https://t.example/a/{TOKEN}|Acknowledge>" in message.words


@pytest.mark.parametrize(
    ("mood", "kind"),
    [
        ("invalid_auth", Config),
        ("missing_scope", Config),
        ("token_revoked", Config),
        ("channel_not_found", TargetGone),
        ("is_archived", TargetGone),
        ("not_in_channel", TargetGone),
        ("msg_too_long", Content),
        ("ratelimited", RateLimited),
        ("internal_error", Transient),
        ("something_new", Transient),
        ("429", RateLimited),
        ("500", Transient),
        ("502", Unknown),
        ("302", Config),
    ],
)
async def test_what_an_answer_of_slack_means(near: Near, mood: str, kind: type[SendResult]) -> None:
    near.slack.mood = mood
    result = await channel(near).send(delivery(), DOC)

    assert type(result) is kind
    assert near.slack.workspace.messages == []
    if mood == "429":
        assert result == RateLimited("HTTP 429", timedelta(seconds=7))


async def test_a_call_that_was_cut_before_it_left_is_transient(near: Near) -> None:
    near.fails = "before"
    assert isinstance(await channel(near).send(delivery(), DOC), Transient)


async def test_after_a_lost_answer_the_message_is_found_and_not_repeated(near: Near) -> None:
    slack = channel(near)
    near.fails = "after"
    assert isinstance(await slack.send(delivery(), DOC), Unknown)
    near.fails = ""

    found = await slack.reconcile(delivery())
    assert found == Accepted(ExternalRef(near.slack.workspace.messages[0].ts, "D0ADA"))
    assert await slack.reconcile(delivery("another")) is None


@pytest.mark.parametrize("mood", ["missing_scope", "429", "500"])
async def test_who_cannot_look_sends_again(near: Near, mood: str) -> None:
    near.slack.mood = mood
    assert await channel(near).reconcile(delivery()) is None


async def test_refused_blocks_are_sent_as_words(near: Near) -> None:
    """Slack's rules change: a page that it refuses in one form goes in the other."""
    picky = near.slack.workspace
    picky.limited = False
    many = tuple(AlertLine("x" * 250, "critical", "am", description="y" * 2000) for _ in range(20))
    await channel(near).send(delivery(), replace(PAGE, alerts=many))
    (message,) = picky.messages
    assert message.blocks
    original = picky._check

    def without_blocks(asked: dict[str, Any]) -> None:
        original({**asked, "blocks": [{"type": "news"}] if asked.get("blocks") else []})

    picky._check = without_blocks  # type: ignore[method-assign]
    assert isinstance(await channel(near).send(delivery("d-2"), PAGE), Accepted)
    assert picky.messages[-1].blocks == []
    assert "Checkout is slow" in picky.messages[-1].text


@pytest.mark.parametrize("title", HOSTILE)
async def test_a_hostile_title_is_words_and_nothing_else(near: Near, title: str) -> None:
    alert = AlertLine(title, "critical", title, description=title)
    doc = replace(
        PAGE,
        title=title,
        service=title,
        facts=(Fact("Why you", title),),
        alerts=(alert, alert),
        links=(Link(href="https://evil.example/?a=|<b>", text=title),),
        late=title,
    )
    harmless(await shown(near, doc), "evil.example")


def harmless(message: Message, host: str) -> None:
    """Assert that no word of it is a mention, a link of its own, or invisible."""
    assert "<!" not in message.words
    assert "<@" not in message.words
    assert "<#" not in message.words
    for block in message.blocks:
        for text in _texts(block):
            if text["type"] == "mrkdwn":
                assert text["verbatim"] is True
                for link in text["text"].split("<")[1:]:
                    address, _, label = link.partition(">")[0].partition("|")
                    assert address.startswith("https://")
                    assert host in label
            else:
                assert "<" not in text["text"]
                assert text["emoji"] is False
    assert not any(mark in message.words for mark in "\u202e\u2066\u200b\x00\x1b\r")


def _texts(tree: Any) -> list[dict[str, Any]]:
    if isinstance(tree, dict):
        if tree.get("type") in {"plain_text", "mrkdwn"}:
            return [tree]
        return [found for value in tree.values() for found in _texts(value)]
    if isinstance(tree, list):
        return [found for value in tree for found in _texts(value)]
    return []


@pytest.mark.skipif(not CORPUS.exists(), reason=f"{CORPUS} is not there (TOCSIN_SHARED)")
async def test_the_corpus_of_weird_strings_is_harmless(near: Near) -> None:
    alerts = json.loads(CORPUS.read_text())["alerts"]
    words = [
        text
        for alert in alerts
        for text in (*alert["labels"].values(), *alert.get("annotations", {}).values())
    ]
    assert words
    for text in words:
        doc = replace(PAGE, title=text, alerts=(AlertLine(text, "error", text, description=text),))
        harmless(await shown(near, doc), "graphs.example")


def test_escapes_are_never_cut_in_two() -> None:
    for limit in range(2, 40):
        cut = fitted("a<b>&c" * 10, limit)
        assert len(cut) <= limit
        assert escaped(
            cut.removesuffix("…").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        ) == cut.removesuffix("…")


@pytest.mark.parametrize("count", [1, 20])
def test_the_official_models_read_our_blocks_as_they_are(count: int) -> None:
    lines = tuple(
        IncidentLine(f"i-{n}", n, "t" * 300, "s", "error", "high", START, TOKEN)
        for n in range(count)
    )
    summary = replace(
        DOC,
        incidents=lines,
        actions=tuple(
            Button("acknowledge", f"Acknowledge #{n}", f"{n:022}", "") for n in range(count)
        ),
    )
    for doc in (PAGE, summary):
        sent = json.loads(json.dumps(message_of(doc, hears=True).blocks))
        read = [block.to_dict() for block in Block.parse_all(sent)]
        assert read == sent


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with served(Slack()) as found:
        yield found


async def test_the_official_client_gets_on_with_the_fake(slack: Slack) -> None:
    client = AsyncWebClient(token=BOT, base_url=slack.api)
    sent = await client.chat_postMessage(channel="U0ADA", text="hello")
    await client.chat_update(channel=sent["channel"], ts=sent["ts"], text="changed")
    history = await client.conversations_history(channel=sent["channel"])
    assert [one["text"] for one in history["messages"]] == ["changed"]
    assert (await client.auth_test())["ok"]


async def test_the_set_up_can_be_tested_without_a_message(near: Near) -> None:
    (finding,) = await channel(near).check()
    assert finding.ok
    assert "T0TOCSIN" in finding.text
    near.slack.mood = "invalid_auth"
    assert not (await channel(near).check())[0].ok
    assert not (await channel(near, bot_token="").check())[0].ok


def test_a_token_of_another_kind_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="xoxb-"):
        SlackChannel({"bot_token": "xapp-1"}, Context(Near(Slack()), "s"))


# ---------------------------------------------------------------- pace


async def test_pages_to_one_person_take_turns_and_none_is_refused_by_slack(near: Near) -> None:
    clock = [0.0]
    near.slack.workspace.now = lambda: START + timedelta(seconds=clock[0])
    slack = channel(near)
    waiting = {f"d-{n}": 0.0 for n in range(60)}
    while waiting:
        clock[0] = min(waiting.values())
        for one in [one for one, at in waiting.items() if at == clock[0]]:
            result = await slack.send(delivery(one, after=clock[0]), DOC)
            if isinstance(result, Accepted):
                del waiting[one]
            else:
                assert isinstance(result, RateLimited)
                assert result.retry_after is not None
                waiting[one] = clock[0] + result.retry_after.total_seconds()

    assert len(near.slack.workspace.messages) == 60
    assert near.slack.workspace.refused == 0
    assert clock[0] < 60
    # One try to learn its turn, one at its turn.
    assert near.slack.requests == ["chat.postMessage"] * 60


async def test_after_a_429_nobody_asks_before_the_time_that_slack_says(near: Near) -> None:
    slack = channel(near)
    near.slack.mood = "429"
    await slack.send(delivery("d-1"), DOC)
    near.slack.mood = ""
    result = await slack.send(delivery("d-2", after=1), DOC)

    assert result == RateLimited(
        "waits for its turn, as Slack's rate limit asks", timedelta(seconds=6)
    )
    assert near.slack.requests == ["chat.postMessage"]
    # Another person is another line.
    assert isinstance(await slack.send(delivery("d-3", "U0BOB", after=1), DOC), Accepted)
    assert isinstance(await slack.send(delivery("d-2", after=7), DOC), Accepted)


def test_a_line_is_never_longer_than_what_may_be_waited_for() -> None:
    pace = Pace(timedelta(seconds=1), 2)
    waits = [pace.wait("c", f"d-{n}", START) for n in range(1000)]

    assert waits[:4] == [timedelta(0)] * 3 + [timedelta(seconds=1)]
    assert max(waits[:-1]) == max(waits) == TOGETHER
    assert sorted(set(waits))[-2] <= LONGEST
    # What has waited so long comes back as one, and the line is free then.
    assert pace.wait("c", "all of them", START + TOGETHER) == timedelta(0)


def test_one_message_for_many_stands_in_no_line_but_keeps_the_rate() -> None:
    pace = Pace(timedelta(seconds=1), 0)
    for n in range(100):
        pace.wait("c", f"d-{n}", START)
    assert pace.wait("c", "many", START, first=True) == timedelta(seconds=1)
    later = START + timedelta(seconds=1.5)
    assert pace.wait("c", "many", later, first=True) == timedelta(0)
    pace.hold("c", START + timedelta(seconds=30))
    assert pace.wait("c", "more", later, first=True) == timedelta(seconds=28.5)


def test_turns_that_nobody_takes_are_forgotten() -> None:
    pace = Pace(timedelta(seconds=1), 0)
    for n in range(3000):
        pace.wait(f"c-{n}", "d-1", START)
        pace.wait(f"c-{n}", "d-2", START)
    pace.wait("last", "d-1", START + timedelta(hours=1))

    assert len(pace._lines) == 1
