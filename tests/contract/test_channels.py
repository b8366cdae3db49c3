"""The suite that every channel must pass, against a real server of its protocol."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from notifier.adapters.channels import faults
from notifier.adapters.channels.email import EmailChannel
from notifier.adapters.channels.slack.channel import SlackChannel
from notifier.adapters.channels.webhook import WebhookChannel
from notifier.adapters.outbound import OutboundHttp
from tests.contract.notifier.providers import answer, http_provider, mail_provider
from tests.slack.server import Slack, served
from tests.slack.workspace import BOT
from tocsin.channels import (
    ANSWER_SIZE,
    Accepted,
    AlertLine,
    Button,
    Channel,
    Config,
    Content,
    Context,
    Delivered,
    Delivery,
    Fact,
    HttpAnswer,
    MessageDoc,
    RateLimited,
    SendResult,
    TargetGone,
    Transient,
    Unknown,
)
from tocsin.egress import Egress
from tocsin.events import Link
from tocsin.testing import START

SECRET = "a secret of the tests only"
HOSTILE = '</script><b>"x"</b>\r\nBcc: eve@example.org\x00\x1b[31m\u202etxt'
DOC = MessageDoc(
    purpose="page",
    title="Checkout is slow",
    text="#7 CRITICAL checkout: Checkout is slow",
    incident_id="inc-1",
    number=7,
    status="triggered",
    severity="critical",
    urgency="high",
    service="checkout",
    responder="ada",
    facts=(Fact("Service", "checkout"),),
    links=(Link(href="https://graphs.example/1", text="Graph"),),
    buttons=(Button("acknowledge", "Acknowledge", "T" * 22, "https://t.example/a/" + "T" * 22),),
    alerts=(AlertLine("p99 over 2 s", "critical", "alertmanager"),),
)


@dataclass
class Bench:
    """A channel, an address that its provider serves, and how often something arrived there."""

    channel: Channel
    address: str
    arrived: Callable[[], int]
    identities: Callable[[], list[str]]

    async def send(self, doc: MessageDoc = DOC, attempt: int = 1, to: str = "") -> SendResult:
        delivery = Delivery("01a2-delivery", to or self.address, attempt, START)
        return await self.channel.send(delivery, doc)


def webhook(allow: tuple[str, ...] = ("127.0.0.0/8",)) -> WebhookChannel:
    return WebhookChannel({}, Context(OutboundHttp(Egress(allow)), SECRET))


def mail(port: int) -> EmailChannel:
    options = {
        "smtp": f"127.0.0.1:{port}",
        "from": "Tocsin <tocsin@t.example>",
        "starttls": "never",
    }
    return EmailChannel(options, Context(OutboundHttp(Egress()), SECRET))


@asynccontextmanager
async def on_webhook(outcome: str) -> AsyncIterator[Bench]:
    scripts = {
        "fine": answer(200),
        "busy": answer(503),
        "gone": answer(410),
        "content": answer(400),
        "vanishes": b"",
    }
    async with http_provider(scripts[outcome]) as provider:
        yield Bench(
            webhook(),
            provider.url,
            lambda: len(provider.received),
            lambda: [one.headers["webhook-id"] for one in provider.received],
        )


@asynccontextmanager
async def on_email(outcome: str) -> AsyncIterator[Bench]:
    scripts: dict[str, dict[str, str]] = {
        "fine": {},
        "busy": {"rcpt": "451 try again"},
        "gone": {"rcpt": "550 no such person"},
        "content": {"data": "552 too much of it"},
        "vanishes": {"data": "421 going down"},
    }
    async with mail_provider(scripts[outcome]) as provider:
        yield Bench(
            mail(provider.port),
            "ada@example.org",
            lambda: len(provider.mails),
            lambda: [str(one["Message-ID"]) for one in provider.mails],
        )


@asynccontextmanager
async def on_slack(outcome: str) -> AsyncIterator[Bench]:
    moods = {
        "fine": "",
        "busy": "503",
        "gone": "channel_not_found",
        "content": "invalid_blocks",
        "vanishes": "vanishes",
    }
    async with served(Slack(mood=moods[outcome])) as slack:
        context = Context(OutboundHttp(Egress(["127.0.0.0/8"])), SECRET)
        yield Bench(
            SlackChannel({"bot_token": BOT, "api": slack.api}, context),
            "U0ADA",
            lambda: len(slack.workspace.messages),
            lambda: [
                one.metadata["event_payload"]["delivery_id"] for one in slack.workspace.messages
            ],
        )


OnBench = Callable[[str], AbstractAsyncContextManager[Bench]]
BENCHES: Mapping[str, OnBench] = {
    "webhook": on_webhook,
    "email": on_email,
    "slack": on_slack,
}


@pytest.fixture(params=sorted(BENCHES))
def bench(request: pytest.FixtureRequest) -> OnBench:
    return BENCHES[request.param]


async def test_it_is_what_it_says_it_is(bench: OnBench) -> None:
    async with bench("fine") as it:
        assert faults(it.channel.info.name, it.channel) == []


async def test_a_message_that_is_taken_has_gone_out(bench: OnBench) -> None:
    async with bench("fine") as it:
        assert isinstance(await it.send(), Accepted | Delivered)
        assert it.arrived() == 1


async def test_what_wakes_nobody_is_taken_as_well(bench: OnBench) -> None:
    told = replace(DOC, purpose="announcement", responder="", url="", buttons=())
    async with bench("fine") as it:
        assert isinstance(await it.send(told), Accepted | Delivered)
        assert it.arrived() == 1


async def test_the_identity_is_the_same_on_every_attempt(bench: OnBench) -> None:
    async with bench("fine") as it:
        await it.send()
        await it.send(replace(DOC, repeat_possible=True), attempt=2)
        first, second = it.identities()
        assert first == second
        assert "01a2-delivery" in first


async def test_a_busy_provider_is_transient(bench: OnBench) -> None:
    async with bench("busy") as it:
        assert isinstance(await it.send(), Transient)


async def test_an_address_that_is_gone_is_gone(bench: OnBench) -> None:
    async with bench("gone") as it:
        assert isinstance(await it.send(), TargetGone)


async def test_a_lost_answer_is_neither_sent_nor_failed(bench: OnBench) -> None:
    async with bench("vanishes") as it:
        # A server of SMTP says goodbye before it closes: that mail was certainly not taken.
        assert isinstance(await it.send(), Unknown | Transient)


async def test_a_refused_message_is_a_matter_of_content(bench: OnBench) -> None:
    async with bench("content") as it:
        assert isinstance(await it.send(), Content)


async def test_nobody_there_is_transient(bench: OnBench) -> None:
    async with bench("fine") as it:
        channel, address = it.channel, it.address
    await asyncio.sleep(0.05)  # The server is closed now.
    delivery = Delivery("01a2-delivery", address, 1, START)
    assert isinstance(await channel.send(delivery, DOC), Transient)


async def test_hostile_words_harm_nobody(bench: OnBench) -> None:
    doc = replace(
        DOC,
        title=HOSTILE,
        facts=(Fact("Service", HOSTILE),),
        alerts=(AlertLine(HOSTILE, "critical", HOSTILE, description=HOSTILE),),
        links=(Link(href="https://x.example/?a=<b>", text=HOSTILE),),
    )
    async with bench("fine") as it:
        assert isinstance(await it.send(doc), Accepted | Delivered)
        assert it.arrived() == 1


async def test_ten_thousand_characters_are_sent(bench: OnBench) -> None:
    async with bench("fine") as it:
        assert isinstance(await it.send(replace(DOC, title="x" * 10_000)), Accepted | Delivered)


async def test_an_address_that_is_none_never_raises(bench: OnBench) -> None:
    async with bench("fine") as it:
        for address in (
            "",
            "nonsense",
            "a b",
            "http://",
            "\r\nx@y",
            "a@b,c@d",
            "//x",
            "http://[::1",
        ):
            delivery = Delivery("01a2-delivery", address, 1, START)
            result = await it.channel.send(delivery, DOC)
            assert isinstance(result, TargetGone | Config | Transient), address
        assert it.arrived() == 0


# ---------------------------------------------------------------- webhook


@pytest.mark.parametrize(
    ("script", "kind", "retry_after"),
    [
        (answer(200), Delivered, None),
        (answer(202), Delivered, None),
        (answer(204), Delivered, None),
        (answer(200, body=b"x" * 200_000), Delivered, None),
        (b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" + answer(200), Delivered, None),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            Delivered,
            None,
        ),
        (b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nfine", Delivered, None),
        (answer(301, "location: http://127.0.0.1:1/"), Config, None),
        (answer(307, "location: http://169.254.169.254/"), Config, None),
        (answer(400), Content, None),
        (answer(401), Config, None),
        (answer(403), Config, None),
        (answer(404), TargetGone, None),
        (answer(408, "retry-after: 3"), Transient, 3),
        (answer(410), TargetGone, None),
        (answer(413), Content, None),
        (answer(422), Content, None),
        (answer(429), RateLimited, None),
        (answer(429, "retry-after: 7"), RateLimited, 7),
        (answer(429, "Retry-After: Mon, 05 Jan 2026 09:02:00 GMT"), RateLimited, 120),
        (answer(429, "retry-after: Mon, 05 Jan 2026 08:00:00 GMT"), RateLimited, None),
        (answer(429, "retry-after: soon"), RateLimited, None),
        (answer(429, "retry-after: -5"), RateLimited, None),
        (answer(429, "retry-after: 99999999999999999999"), RateLimited, 999_999_999),
        (answer(500), Transient, None),
        (answer(503, "retry-after: 30"), Transient, 30),
        (answer(599), Transient, None),
        (b"", Unknown, None),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Unknown, None),
        (b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * 40_000 + b"\r\n\r\n", Unknown, None),
    ],
)
async def test_what_an_answer_of_a_webhook_means(
    script: bytes, kind: type[SendResult], retry_after: int | None
) -> None:
    async with http_provider(script) as provider:
        channel = webhook()
        result = await channel.send(Delivery("d-1", provider.url, 1, START), DOC)

    assert type(result) is kind
    if isinstance(result, RateLimited | Transient):
        expected = timedelta(seconds=retry_after) if retry_after else None
        if retry_after and retry_after > 10**6:
            assert result.retry_after is not None
            assert result.retry_after.total_seconds() >= retry_after
        else:
            assert result.retry_after == expected


@pytest.fixture
def quick() -> timedelta:
    return timedelta(milliseconds=200)


async def test_a_slow_webhook_is_unknown(quick: timedelta) -> None:
    async with http_provider(None) as provider:
        http = Impatient(OutboundHttp(Egress(["127.0.0.0/8"])), quick)
        channel = WebhookChannel({}, Context(http, SECRET))
        result = await channel.send(Delivery("d-1", provider.url, 1, START), DOC)

    assert result == Unknown("no answer within 0.2 s")


async def test_a_status_without_its_body_is_an_answer(quick: timedelta) -> None:
    cut = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nonly this"
    async with http_provider(cut) as provider:
        http = Impatient(OutboundHttp(Egress(["127.0.0.0/8"])), quick)
        channel = WebhookChannel({}, Context(http, SECRET))
        result = await channel.send(Delivery("d-1", provider.url, 1, START), DOC)

    assert result == Delivered()


class Impatient:
    """The host's HTTP with less patience, so that a test does not take ten seconds."""

    def __init__(self, http: OutboundHttp, patience: timedelta) -> None:
        self._http = http
        self._patience = patience

    async def post(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        within: timedelta,
        most: int = ANSWER_SIZE,
    ) -> HttpAnswer:
        assert within == timedelta(seconds=10)
        return await self._http.post(
            url, headers=headers, body=body, within=self._patience, most=most
        )


async def test_connections_are_kept_and_shared_in_turn() -> None:
    async with http_provider(answer(200)) as provider:
        channel = webhook()
        for _ in range(5):
            await channel.send(Delivery("d-1", provider.url, 1, START), DOC)

        assert (len(provider.received), provider.connections) == (5, 1)


async def test_an_answer_to_nothing_ends_the_connection() -> None:
    """A server that answers twice must not answer the next request with it."""
    async with http_provider(answer(200) + answer(500)) as provider:
        channel = webhook()
        results = [
            await channel.send(Delivery("d-1", provider.url, 1, START), DOC) for _ in range(3)
        ]

    assert results == [Delivered()] * 3
