"""Signatures that others make: the official library, our own webhooks, captured requests."""

import base64
import hashlib
import hmac
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook
from starlette.datastructures import Headers

from incident_intake.domain.message import Receipt
from incident_intake.entrypoints.signatures import (
    BadSignatureError,
    Secret,
    secrets_of,
    verify,
)
from incident_intake.entrypoints.sources.alertmanager import alertmanager
from notifier.adapters.channels.webhook import signature_headers
from tocsin.testing import START

SHARED = Path(os.environ.get("TOCSIN_SHARED", "../shared")) / "payloads"
KEY = b"0123456789abcdef0123456789abcdef"
NEXT = b"fedcba9876543210fedcba9876543210"
WHSEC = "whsec_" + base64.b64encode(KEY).decode()
BOTH = f"whsec_{base64.b64encode(NEXT).decode()},{WHSEC}"
BODY = '{"title":"Zählerstand"}'

needs_payloads = pytest.mark.skipif(
    not SHARED.exists(), reason=f"the captured payloads are not at {SHARED} (TOCSIN_SHARED)"
)


def captured(name: str) -> tuple[dict[str, Any], bytes]:
    """Return a captured request: its headers, with notes beside them, and its body."""
    body = (SHARED / f"{name}.json").read_bytes()
    return json.loads((SHARED / f"{name}.headers.json").read_bytes()), body


def sent(headers: dict[str, Any]) -> Headers:
    return Headers({name: text for name, text in headers.items() if not name.startswith("_")})


@pytest.mark.parametrize("secret", [WHSEC, BOTH])
def test_the_official_library_signs_for_us(secret: str) -> None:
    signature = Webhook(WHSEC).sign("msg_1", START, BODY)
    stamp = str(int(START.timestamp()))
    headers = {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": signature}
    found = verify("generic", Headers(headers), BODY.encode(), secrets_of(secret), START)
    assert found == "msg_1"


@pytest.mark.parametrize("secret", [WHSEC, BOTH])
def test_our_own_webhooks_sign_for_us(secret: str) -> None:
    headers = signature_headers(KEY, "delivery-1", START, BODY.encode())
    found = verify("generic", Headers(headers), BODY.encode(), secrets_of(secret), START)
    assert found == "delivery-1"
    with pytest.raises(BadSignatureError):
        verify("generic", Headers(headers), BODY.encode() + b"\n", secrets_of(secret), START)


def test_a_sender_that_changes_its_secret_signs_with_both() -> None:
    old, new = (signature_headers(key, "m", START, BODY.encode()) for key in (KEY, NEXT))
    both = f"{new['webhook-signature']} {old['webhook-signature']}"
    headers = Headers({**old, "webhook-signature": both})
    assert verify("generic", headers, BODY.encode(), secrets_of(WHSEC), START) == "m"


def test_githubs_own_example() -> None:
    """As its documentation has it: this secret, this body, this signature."""
    digest = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    typed = b"It's a Secret to Everybody"
    assert hmac.new(typed, b"Hello, World!", hashlib.sha256).hexdigest() == digest
    headers = Headers({"X-Hub-Signature-256": f"sha256={digest}"})
    secrets = secrets_of(typed.decode())
    assert verify("generic", headers, b"Hello, World!", secrets, START) is None


@needs_payloads
@pytest.mark.parametrize("name", ["valid_v1", "resolved_v1", "two_signatures_second_valid"])
def test_captured_webhooks_fit(name: str) -> None:
    headers, body = captured(f"standard-webhooks/{name}")
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    found = verify("generic", sent(headers), body, secrets_of(headers["_secret"]), at)
    assert found == headers["webhook-id"]


@needs_payloads
def test_what_grafana_signs_fits_and_is_read() -> None:
    headers, body = captured("grafana/signed_hmac")
    # Shorter than what we take: this is about how it is computed.
    secrets = [Secret(headers["_secret"].encode(), None)]
    at = datetime.fromtimestamp(int(headers["X-Grafana-Alerting-Timestamp"]), UTC)
    verify("alertmanager", sent(headers), body, secrets, at)
    untimed = {"X-Grafana-Alerting-Signature": headers["_signature_without_timestamp_header"]}
    verify("alertmanager", sent(untimed), body, secrets, START)
    parsed = alertmanager(json.loads(body), Receipt("tests", START, "request-1"))
    assert parsed.unreadable == ()
    assert [one.title for one in parsed.messages] == [
        "High memory usage: This alert was triggered for zone us-1",
        "High CPU usage: This alert was triggered for zone eu-1",
    ]
