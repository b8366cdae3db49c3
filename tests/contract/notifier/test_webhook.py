"""The webhook's body and signature, with the official library as the judge."""

import base64
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from notifier.adapters.channels.webhook import (
    WebhookChannel,
    derived_secret,
    signature_headers,
)
from notifier.adapters.outbound import OutboundHttp
from tests.contract.notifier.providers import HttpProvider, answer, http_provider
from tests.contract.test_channels import DOC, SECRET
from tocsin.channels import Context, Delivery, ExternalRef, IncidentLine
from tocsin.clock import SystemClock
from tocsin.egress import Egress
from tocsin.testing import START

KEY = b"0123456789abcdef0123456789abcdef"
WHSEC = "whsec_" + base64.b64encode(KEY).decode()


async def send(
    provider: HttpProvider, options: dict[str, str], traceparent: str | None = None
) -> None:
    channel = WebhookChannel(options, Context(OutboundHttp(Egress(["127.0.0.0/8"])), SECRET))
    now = SystemClock().now()  # The library judges freshness by the real clock.
    await channel.send(Delivery("01a2-delivery", provider.url, 1, now, traceparent), DOC)


async def test_the_official_library_accepts_the_installations_secret() -> None:
    async with http_provider(answer(200)) as provider:
        await send(provider, {"secret": WHSEC})

    (one,) = provider.received
    assert Webhook(WHSEC).verify(one.body, one.headers) == json.loads(one.body)
    assert one.headers["webhook-id"] == "01a2-delivery"


async def test_each_address_has_its_own_secret_where_none_is_set() -> None:
    async with http_provider(answer(200)) as provider:
        await send(provider, {})

    (one,) = provider.received
    own = base64.b64encode(derived_secret(SECRET, provider.url)).decode()
    other = base64.b64encode(derived_secret(SECRET, provider.url + "/other")).decode()
    assert Webhook(own).verify(one.body, one.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(one.body, one.headers)


async def test_a_changed_body_does_not_fit() -> None:
    async with http_provider(answer(200)) as provider:
        await send(provider, {"secret": WHSEC})

    (one,) = provider.received
    with pytest.raises(WebhookVerificationError):
        Webhook(WHSEC).verify(one.body.replace(b"Checkout", b"Payments"), one.headers)


def test_a_signature_as_the_library_makes_it() -> None:
    headers = signature_headers(KEY, "msg_1", START, b'{"a":1}')

    assert headers["webhook-timestamp"] == "1767603600"
    assert headers["webhook-signature"] == Webhook(WHSEC).sign("msg_1", START, '{"a":1}')


@pytest.mark.parametrize("secret", ["whsec_!!!", "whsec_äöü", "whsec_c2hvcnQ="])
def test_a_secret_that_is_none_is_refused_at_the_start(secret: str) -> None:
    with pytest.raises(ValueError, match="secret"):
        WebhookChannel({"secret": secret}, Context(OutboundHttp(Egress()), SECRET))


async def test_the_body_says_what_the_contract_says() -> None:
    async with http_provider(answer(200)) as provider:
        await send(provider, {}, traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01")

    (one,) = provider.received
    body = json.loads(one.body)
    assert body["type"] == "page"
    assert body["title"] == "Checkout is slow"
    assert body["incident"] == {
        "id": "inc-1",
        "number": 7,
        "title": "Checkout is slow",
        "status": "triggered",
        "severity": "critical",
        "urgency": "high",
        "service": "checkout",
        "url": "",
    }
    assert [alert["title"] for alert in body["alerts"]] == ["p99 over 2 s"]
    assert body["more"] == 0
    assert body["actions"] == {"acknowledge": "https://t.example/a/" + "T" * 22}
    assert one.headers["content-type"] == "application/json"
    assert one.headers["traceparent"].startswith("00-aaaa")


async def test_a_summary_lists_each_incident_with_its_link() -> None:
    line = IncidentLine(
        "inc-7",
        7,
        "Queue",
        "checkout",
        "critical",
        "high",
        START,
        "T" * 22,
        "https://t.example/a/T",
    )
    async with http_provider(answer(200)) as provider:
        channel = WebhookChannel({}, Context(OutboundHttp(Egress(["127.0.0.0/8"])), SECRET))
        doc = replace(DOC, late_seconds=1020, incidents=(line,), more=3)
        await channel.send(Delivery("n-1.abc", provider.url, 1, START), doc)

    body = json.loads(provider.received[0].body)
    assert (body["type"], body["late_seconds"], body["more"], body["actions"]) == (
        "page",
        1020,
        3,
        {},
    )
    assert body["incidents"] == [
        {
            "id": "inc-7",
            "number": 7,
            "title": "Queue",
            "service": "checkout",
            "severity": "critical",
            "urgency": "high",
            "since": "2026-01-05T09:00:00+00:00",
            "url": "https://t.example/a/T",
        }
    ]


async def test_an_update_is_a_message_of_its_own_type() -> None:
    async with http_provider(answer(200)) as provider:
        channel = WebhookChannel({}, Context(OutboundHttp(Egress(["127.0.0.0/8"])), SECRET))
        doc = replace(DOC, purpose="update", status="acknowledged", buttons=())
        await channel.update(Delivery("u-1", provider.url, 1, START), ExternalRef(), doc)

    body = json.loads(provider.received[0].body)
    assert (body["type"], body["incident"]["status"]) == ("update", "acknowledged")
    assert body["actions"] == {}


async def test_words_arrive_as_they_were_written() -> None:
    title = "</script>\u202e\x00\x1b[31m ünïcode 日本"
    async with http_provider(answer(200)) as provider:
        channel = WebhookChannel({}, Context(OutboundHttp(Egress(["127.0.0.0/8"])), SECRET))
        await channel.send(
            Delivery("d-1", provider.url, 1, START + timedelta(seconds=1)),
            replace(DOC, title=title),
        )

    assert json.loads(provider.received[0].body)["title"] == title


async def test_a_notice_is_about_no_incident() -> None:
    notice = replace(DOC, purpose="notice", incident_id="", number=0, alerts=(), buttons=())
    async with http_provider(answer(200)) as provider:
        channel = WebhookChannel({}, Context(OutboundHttp(Egress(["127.0.0.0/8"])), SECRET))
        await channel.send(Delivery("d-1", provider.url, 1, START), notice)

    body = json.loads(provider.received[0].body)
    assert (body["type"], body["incident"], body["title"]) == ("notice", None, DOC.title)
