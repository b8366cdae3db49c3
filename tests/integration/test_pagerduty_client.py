"""PagerDuty's own Python client talks to us as if we were PagerDuty."""

import asyncio
from functools import partial

import httpx
import pdpyras
import pytest

from dev.running import Running, integration
from tocsin.testing import eventually

KEY = "pagerdutyclientkey00000000000000"
pytestmark = [
    pytest.mark.system,
    pytest.mark.kafka,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


async def test_trigger_acknowledge_and_resolve(system: Running) -> None:
    service = {"kind": "Service", "name": "pd-client", "spec": {}}
    key = integration("pd-client", KEY, "pagerduty", "pd-client")
    await system.apply([service, key], "pd-client")
    session = pdpyras.EventsAPISession(KEY)
    session.url = system.intake
    async with system.client() as client:
        dedup_key = await asyncio.to_thread(
            partial(session.trigger, "Disk is full", "db-1", severity="critical")
        )
        assert dedup_key
        await eventually(partial(_is, client, system, "triggered"))
        await asyncio.to_thread(session.acknowledge, dedup_key)
        await eventually(partial(_is, client, system, "acknowledged"))
        await asyncio.to_thread(session.resolve, dedup_key)
        await eventually(partial(_is, client, system, "resolved"))


async def _is(client: httpx.AsyncClient, system: Running, status: str) -> bool:
    answer = await client.get(f"{system.intake}/v1/incidents", params={"service": "pd-client"})
    answer.raise_for_status()
    return [one["status"] for one in answer.json()["items"]] == [status]
