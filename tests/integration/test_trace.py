"""One trace runs whole from the webhook to the page, through four processes and three topics."""

import json
from collections import defaultdict

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from dev.running import paged_by_webhook, running
from dev.wire import receive
from tocsin.testing import eventually

KEY = "trace-key-0123456789abcdef012345"
TRACE = "0af7651916cd43dd8448eb211c80319c"
SENDER = "b7ad6b7169203331"
pytestmark = [pytest.mark.system, pytest.mark.kafka]


class Collector:
    """An OTLP endpoint that keeps what it is sent: names of spans by trace, and whose they are."""

    def __init__(self) -> None:
        self.spans: dict[str, dict[str, tuple[str, str, str]]] = defaultdict(dict)

    def on_body(self, body: bytes) -> None:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            attributes = {one.key: one.value.string_value for one in resource.resource.attributes}
            for scope in resource.scope_spans:
                for span in scope.spans:
                    self.spans[span.trace_id.hex()][span.span_id.hex()] = (
                        attributes["service.name"],
                        span.name,
                        span.parent_span_id.hex(),
                    )


async def test_a_senders_trace_is_continued_to_the_page() -> None:
    collector = Collector()
    pages: list[dict[str, object]] = []
    otlp, otlp_port = await receive(collector.on_body)
    hook, hook_port = await receive(lambda body: pages.append(json.loads(body)))
    address = f"http://127.0.0.1:{otlp_port}"
    prefixes = ("INTAKE", "ESCALATION", "NOTIFIER", "POSTMORTEM")
    with running(environment={f"{prefix}_OTLP": address for prefix in prefixes}) as system:
        await system.apply(paged_by_webhook("trace", "tess", hook_port, KEY), "trace")
        async with system.client() as client:
            answer = await client.post(
                f"{system.intake}/v1/alerts/generic",
                headers={"X-Tocsin-Key": KEY, "traceparent": f"00-{TRACE}-{SENDER}-01"},
                json={"title": "traced", "severity": "critical"},
            )
            assert answer.status_code == 202

        async def everybody() -> bool:
            return {service for service, _, _ in collector.spans[TRACE].values()} >= {
                "incident-intake",
                "escalation",
                "notifier",
                "postmortem",
            }

        await eventually(everybody, within=20)

        async def sent() -> bool:
            return any("webhook" in name for _, name, _ in collector.spans[TRACE].values())

        await eventually(sent, within=20)
    otlp.close()
    hook.close()
    assert [page["title"] for page in pages if page["type"] == "page"] == ["traced"]
    spans = collector.spans[TRACE]
    print(*sorted(f"{service}: {name}" for service, name, _ in spans.values()), sep="\n")
    # Whole: from every span its parents lead to the sender's own.
    for _, name, above in spans.values():
        parent = above
        while parent != SENDER:
            assert parent in spans, f"{name} hangs in the air"
            parent = spans[parent][2]
