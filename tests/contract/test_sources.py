"""The bodies that real tools send: every one is read, and identities come out as the tool's own."""

import os
from pathlib import Path
from typing import Any

import pytest

from incident_intake.domain.fingerprint import fingerprint
from incident_intake.domain.message import Parsed, Receipt
from incident_intake.entrypoints.sources import SOURCES
from tocsin import json_body
from tocsin.catalog import integrations
from tocsin.errors import InputError
from tocsin.testing import START

SHARED = Path(os.environ.get("TOCSIN_SHARED", "../shared")) / "payloads"
RECEIPT = Receipt("tests", START, "request-1")
FOLDERS = {
    "alertmanager": "alertmanager",
    "prometheus-direct": "prometheus",
    "pagerduty": "pagerduty",
}
# Change events and version 1 of the API are other endpoints; the two bad ones are meant to be.
REFUSED = ("change_", "client_change", "pdjs_change", "v1_", "bad_")

BODIES = [
    path
    for folder in FOLDERS
    for path in sorted((SHARED / folder).glob("*.json"))
    if not path.name.endswith(".headers.json")
]
needs_payloads = pytest.mark.skipif(
    not BODIES, reason=f"the captured payloads are not at {SHARED} (TOCSIN_SHARED)"
)


def test_the_catalog_knows_each_source() -> None:
    assert set(integrations.SOURCES) == set(SOURCES)


def read(path: Path) -> tuple[Any, Parsed]:
    payload = json_body.parse(path.read_bytes())
    return payload, SOURCES[FOLDERS[path.parent.name]](payload, RECEIPT)


@needs_payloads
@pytest.mark.parametrize("path", BODIES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_captured_body_is_read(path: Path) -> None:
    if path.name.startswith(REFUSED):
        with pytest.raises(InputError):
            read(path)
        return
    payload, parsed = read(path)
    if path.stem == "edge_missing_labels_422":
        assert parsed.unreadable == ("[0].labels: is required",)
        return
    assert parsed.unreadable == ()
    alerts = payload.get("alerts", [payload]) if isinstance(payload, dict) else payload
    assert len(parsed.messages) == len(alerts)
    for message in parsed.messages:
        assert message.title
        assert "\x00" not in repr((message.title, message.description, message.labels))


@needs_payloads
def test_fingerprints_are_the_ones_that_alertmanager_sent() -> None:
    checked = 0
    for path in BODIES:
        if path.parent.name != "alertmanager":
            continue
        payload, parsed = read(path)
        for alert, message in zip(payload["alerts"], parsed.messages, strict=True):
            if "fingerprint" in alert and path.name.startswith(("firing", "resolved", "mixed")):
                assert message.dedup_key == alert["fingerprint"] == fingerprint(alert["labels"])
                checked += 1
    assert checked > 600
