"""Secrets that sing: none is found in a log, on a topic, in a table, an answer, a span or a metric.

What an alert says is not ours to judge: a secret in the text of an alert is kept as it came.
"""

import base64
import json
import logging
import traceback
import zlib
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from structlog.testing import capture_logs

from tests.contract.notifier.providers import HttpProvider, http_provider
from tests.contract.notifier.providers import answer as http_answer
from tests.security.access import SERVICES, filled, routes
from tests.security.house import (
    INTEGRATION_KEY,
    SECRET,
    SMTP_PASSWORD,
    TOKENS,
    WEBHOOK_SECRET,
    House,
    bearer,
    house,
)
from tests.security.samples import ALERTMANAGER, GENERIC, PAGERDUTY, PROMETHEUS
from tests.security.test_errors import FAILURES, break_down

BASIC = base64.b64encode(f"x:{INTEGRATION_KEY}".encode()).decode()
SECRETS: dict[str, str] = {
    "the installation's secret": SECRET,
    "the webhook's secret": WEBHOOK_SECRET,
    "the webhook's secret, decoded": base64.b64decode(
        WEBHOOK_SECRET.removeprefix("whsec_")
    ).decode(),
    "the SMTP password": SMTP_PASSWORD,
    "the integration's key": INTEGRATION_KEY,
    "the integration's key, as Basic": BASIC,
    **{f"the token of {role}": token for role, (token, _) in TOKENS.items()},
}
Secrets = dict[str, str]


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    before = trace._TRACER_PROVIDER
    trace._TRACER_PROVIDER = provider
    yield exporter
    trace._TRACER_PROVIDER = before


class Story:
    """A day in the house, with everything that it left behind."""

    def __init__(self, home: House, phone: HttpProvider):
        self.home = home
        self.phone = phone
        self.answers: list[str] = []
        self.secrets: Secrets = dict(SECRETS)

    async def ask(self, service: str, method: str, target: str, *more: Any) -> None:
        answer = await self.home.ask(service, method, target, *more)
        self.answers.append(
            f"{method} {target.partition('?')[0][:3]} {answer.headers} {answer.text}"
        )

    async def goes_on(self) -> None:
        """Use every secret there is, rightly and wrongly."""
        await self._rings()
        await self.home.settle()
        await self.home.learns()
        tokens = self.home.known["token"]
        self.secrets |= {f"link {number}": token for number, token in enumerate(tokens)}
        for token in tokens:
            for method in ("GET", "POST", "DELETE"):
                await self.ask("notifier", method, f"/a/{token}")
            await self.ask("notifier", "GET", f"/a/{token}%00")
        await self.home.settle()
        await self._reads_everything("owner")
        await self._reads_everything("odd")
        break_down(self.home, FAILURES["bug"])
        await self._rings()
        await self._reads_everything("owner")

    async def _rings(self) -> None:
        ways: list[tuple[str, dict[str, str]]] = [
            ("", {"authorization": f"Bearer {INTEGRATION_KEY}"}),
            ("", {"authorization": f"GenieKey {INTEGRATION_KEY}"}),
            ("", {"authorization": f"Basic {BASIC}"}),
            ("", {"x-tocsin-key": INTEGRATION_KEY}),
            (f"/k/{INTEGRATION_KEY}", {}),
            (f"/k/{INTEGRATION_KEY}", {"content-type": "text/plain"}),
            (f"/k/{INTEGRATION_KEY}%00", {}),
            ("", {"authorization": f"Bearer {TOKENS['owner'][0]}"}),
        ]
        good = {
            "/v1/alerts/generic": [*GENERIC, {"no": "title"}, b"{broken"],
            "/v1/alerts/alertmanager": [*ALERTMANAGER, {"alerts": [{"status": "odd"}]}],
            "/v1/alerts/prometheus": PROMETHEUS,
            "/v1/alerts/pagerduty": [*PAGERDUTY, {"routing_key": INTEGRATION_KEY}],
            "/api/v2/alerts": [*PROMETHEUS, {"labels": 1}],
            "/v2/enqueue": [*PAGERDUTY, {"routing_key": INTEGRATION_KEY, "event_action": "odd"}],
            "/v1/nothing": [{}],
        }
        for prefix, headers in ways:
            for path, some in good.items():
                for body in some:
                    await self.ask("incident-intake", "POST", prefix + path, headers, body)
        for event in PAGERDUTY:
            await self.ask("incident-intake", "POST", "/v2/enqueue", {}, event)

    async def _reads_everything(self, role: str) -> None:
        for service in SERVICES:
            for route in sorted(routes(self.home.app(service))):
                method, _, path = route.partition(" ")
                target = filled(path, self.home.known)
                target += "?incident=" + self.home.known["incident"][0]
                if "{token}" not in path:
                    await self.ask(service, method, target, bearer(role))


@pytest.fixture
async def story(foundation: Path, tmp_path: Path) -> AsyncIterator[Story]:
    async with http_provider(http_answer(200)) as phone:
        around = house(foundation, tmp_path, address=phone.url, egress_allow=("127.0.0.0/8",))
        async with around as home:
            await home.lives()
            yield Story(home, phone)


def found_in(texts: Sequence[str], secrets: Secrets) -> list[str]:
    """Return which secrets are in one of these, each with its surroundings."""
    found = []
    for name, secret in secrets.items():
        for text in texts:
            if (at := text.find(secret)) >= 0:
                found.append(f"{name}: …{text[max(at - 200, 0) : at + 60]}…")
                break
    return found


def told(record: bytes) -> list[str]:
    """Return a record's text, and the text of what is packed in it."""
    texts = [record.decode("utf-8", "replace")]
    raw = ((json.loads(record).get("data") or {}).get("raw") or {}) if record[:1] == b"{" else {}
    if raw.get("encoding") == "zlib+base64":
        texts.append(zlib.decompress(base64.b64decode(raw["body"])).decode("utf-8", "replace"))
    return texts


def written(entry: Any) -> str:
    """Return a log line, its error spelled out as the log spells it out."""
    error = entry.get("exc_info")
    if isinstance(error, BaseException):
        return f"{entry} {''.join(traceback.format_exception(error))}"
    return str(entry)


async def test_no_secret_is_found_where_it_does_not_belong(
    story: Story, spans: InMemorySpanExporter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    databases = {name: one.store.database for name, one in story.home.residents.items()}
    with capture_logs() as logs:
        await story.goes_on()
    for name, database in databases.items():
        story.home.residents[name].store.database = database
    rows = [
        row
        for resident in story.home.residents.values()
        for table in (await resident.contents()).values()
        for row in table
    ]
    records = [
        text for held in story.home.broker.log.values() for one in held for text in told(one.value)
    ]
    keys = [repr(one.key) for held in story.home.broker.log.values() for one in held]
    metrics = [(await story.home.ask(one, "GET", "/metrics")).text for one in SERVICES]
    traced = [span.to_json() for span in spans.get_finished_spans()]
    places = {
        "logs": [written(entry) for entry in logs],
        "logs of libraries": [record.getMessage() for record in caplog.records],
        "topics": records + keys,
        "tables": rows,
        "metrics": metrics,
        "spans": traced,
        "answers": story.answers,
    }
    for name in ("logs", "topics", "tables", "metrics", "spans", "answers"):
        assert len(places[name]) >= 4, f"{name}: nothing was looked at"
    assert {name: found_in(texts, story.secrets) for name, texts in places.items()} == {
        name: [] for name in places
    }


async def test_the_search_finds_what_is_there(story: Story) -> None:
    """A link is in the message to the person whose link it is, and a secret's loss is seen."""
    await story.home.learns()
    tokens = {"link": story.home.known["token"][0]}
    assert found_in([one.body.decode() for one in story.phone.received], tokens) != []
    packed = base64.b64encode(zlib.compress(SECRET.encode())).decode()
    record = json.dumps({"data": {"raw": {"body": packed, "encoding": "zlib+base64"}}}).encode()
    assert found_in(told(record), SECRETS) != []


async def test_a_webhook_is_signed_and_tells_no_secret(story: Story) -> None:
    assert len(story.phone.received) >= 2
    for one in story.phone.received:
        assert one.headers["webhook-signature"].startswith("v1,")
        assert found_in([str(one.headers), one.body.decode()], SECRETS) == []
