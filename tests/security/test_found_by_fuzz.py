"""What the fuzz and the canaries have found, told by hand so that it stays mended."""

import orjson
import pytest

from tests.security.house import INTEGRATION_KEY, House, bearer
from tests.security.samples import PAGERDUTY
from tocsin.events import AlertEvent, decode


@pytest.mark.parametrize("given", ["9" * 5_000, '"' + "9" * 19 + '"', "\u00b2", "x" * 5_000])
async def test_an_if_match_that_is_no_version_is_a_mistake(at_home: House, given: str) -> None:
    """Python refuses to read more than 4300 digits, which was a 500."""
    headers = {**bearer("writer"), "if-match": given}
    body = {"set": "other", "documents": []}
    answer = await at_home.ask("escalation", "PUT", "/v1/catalog", headers, body)
    assert (answer.status, answer.json()["field"]) == (400, "If-Match")
    assert len(answer.text) < 1_000


async def test_a_bundle_that_is_no_object_is_named(at_home: House) -> None:
    answer = await at_home.ask("escalation", "PUT", "/v1/catalog", bearer("writer"), [1])
    assert (answer.status, answer.json()["errors"][0]["field"]) == (422, "body")


@pytest.mark.parametrize("path", ["/v1/postmortems", "/v1/timelines/{incident}"])
async def test_a_cursor_of_nowhere_is_named(at_home: House, path: str) -> None:
    target = path.format(incident=at_home.known["incident"][0]) + "?cursor=eA"
    answer = await at_home.ask("postmortem", "GET", target, bearer("reader"))
    assert (answer.status, answer.json()["field"]) == (422, "cursor")


async def test_the_key_in_a_pagerduty_event_is_not_kept_in_its_raw_body(at_home: House) -> None:
    at_home.broker.log.clear()
    event = orjson.dumps(PAGERDUTY[0])
    answer = await at_home.ask("incident-intake", "POST", "/v2/enqueue", {}, event)
    assert answer.status == 202
    (record,) = at_home.broker.records("alert-events")
    kept = decode(record.value).data
    assert isinstance(kept, AlertEvent)
    assert kept.raw is not None
    assert INTEGRATION_KEY not in kept.raw.body
    assert orjson.loads(kept.raw.body) == {**PAGERDUTY[0], "routing_key": "(the key)"}


async def test_a_key_in_a_path_that_is_nowhere_is_not_repeated(at_home: House) -> None:
    path = f"/k/{INTEGRATION_KEY}%00/v1/alerts/generic"
    answer = await at_home.ask("incident-intake", "POST", path)
    assert answer.status == 404
    assert INTEGRATION_KEY not in answer.text


async def test_a_method_that_somebody_made_up_is_no_series_of_its_own(at_home: House) -> None:
    await at_home.ask("notifier", "MADEUP", "/healthz")
    metrics = (await at_home.ask("notifier", "GET", "/metrics")).text
    assert "MADEUP" not in metrics
    assert 'method="other"' in metrics
