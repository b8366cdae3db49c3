"""Real Prometheus and Alertmanager ring, both ways; skipped where they are not installed."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest

from dev.ports import free_ports
from dev.process import Process
from dev.running import Running, paged_by_webhook
from dev.wire import receive
from tocsin.testing import eventually

KEYS = {
    "prometheus": "prometheus-key-0123456789abcdef0",
    "alertmanager": "alertmanager-key-0123456789abcde",
}
pytestmark = [
    pytest.mark.system,
    pytest.mark.kafka,
    pytest.mark.peer,
    pytest.mark.skipif(
        not (shutil.which("prometheus") and shutil.which("prometheus-alertmanager")),
        reason="needs Debian's prometheus and prometheus-alertmanager",
    ),
]
RULES = """
groups:
  - name: test
    interval: 1s
    rules:
      - alert: CheckoutDown
        expr: checkout_down > 0
        labels: {severity: critical, team: checkout}
        annotations: {summary: "Checkout is down"}
"""


class Target:
    """Something to scrape, with one gauge that the test sets."""

    def __init__(self) -> None:
        self.down = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (line := await reader.readline()) not in {b"\r\n", b""}:
            del line
        body = f"checkout_down {self.down}\n".encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()


@contextmanager
def alertmanager(folder: Path, system: Running) -> Iterator[int]:
    """Run an Alertmanager that sends webhooks to Tocsin."""
    (port,) = free_ports(1)
    config = f"""
route: {{receiver: tocsin, group_by: [alertname], group_wait: 0s, group_interval: 1s}}
receivers:
  - name: tocsin
    webhook_configs:
      - url: {system.intake}/v1/alerts/alertmanager
        http_config: {{authorization: {{credentials: {KEYS["alertmanager"]}}}}}
"""
    (folder / "alertmanager.yml").write_text(config)
    command = [
        "prometheus-alertmanager",
        f"--config.file={folder}/alertmanager.yml",
        f"--storage.path={folder}/am",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    process = Process(command, folder / "alertmanager.log")
    try:
        yield port
    finally:
        process.kill()


@contextmanager
def prometheus(folder: Path, target: int, alerting: str) -> Iterator[None]:
    """Run a Prometheus that scrapes the target and alerts as `alerting` says."""
    (port,) = free_ports(1)
    (folder / "rules.yml").write_text(RULES)
    (folder / "prometheus.yml").write_text(
        f"""
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{folder}/rules.yml]
scrape_configs:
  - job_name: checkout
    static_configs: [{{targets: ["127.0.0.1:{target}"]}}]
alerting:
  alertmanagers:
    - {alerting}
"""
    )
    command = [
        "prometheus",
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--rules.alert.resend-delay=2s",
    ]
    process = Process(command, folder / "prometheus.log")
    try:
        yield
    finally:
        process.kill()


@asynccontextmanager
async def scraped() -> AsyncIterator[tuple[Target, int]]:
    target = Target()
    server = await asyncio.start_server(target.serve, "127.0.0.1", 0)
    async with server:
        yield target, server.sockets[0].getsockname()[1]


async def found(client: httpx.AsyncClient, system: Running, service: str) -> list[dict[str, str]]:
    answer = await client.get(f"{system.intake}/v1/incidents", params={"service": service})
    answer.raise_for_status()
    items: list[dict[str, str]] = answer.json()["items"]
    return items


@pytest.mark.parametrize("road", ["prometheus", "alertmanager"])
async def test_a_rule_that_fires_and_resolves_is_one_incident_that_does(
    road: str, system: Running, tmp_path: Path
) -> None:
    pages: list[dict[str, str]] = []
    hook, port = await receive(lambda body: pages.append(json.loads(body)))
    documents = paged_by_webhook(road, f"pia-{road}", port, KEYS[road], source=road)
    await system.apply(documents, road)
    async with scraped() as (target, scrape_port), system.client() as client:
        with alertmanager(tmp_path, system) as am_port:
            host = system.intake.removeprefix("http://")
            direct = f"{{path_prefix: /k/{KEYS[road]}, static_configs: [{{targets: ['{host}']}}]}}"
            through = f"{{static_configs: [{{targets: ['127.0.0.1:{am_port}']}}]}}"
            with prometheus(tmp_path, scrape_port, direct if road == "prometheus" else through):
                target.down = 1

                async def triggered() -> bool:
                    return [one["status"] for one in await found(client, system, road)] == [
                        "triggered"
                    ] and any(page["type"] == "page" for page in pages)

                await eventually(triggered, within=40, every=0.2)
                await asyncio.sleep(5)  # It is sent again and again: still one.
                assert len(await found(client, system, road)) == 1
                target.down = 0

                async def resolved() -> bool:
                    return [one["status"] for one in await found(client, system, road)] == [
                        "resolved"
                    ]

                await eventually(resolved, within=40, every=0.2)
    assert sum(page["type"] == "page" for page in pages) == 1
    hook.close()
