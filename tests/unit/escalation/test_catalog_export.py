"""There and back: what `tocsin export` writes, `tocsin plan` finds no change in."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from tests.unit.escalation.examples import NOW
from tests.unit.escalation.service import BASE, WRITE, Service, user
from tocsin.catalog import KINDS
from tocsin.catalog.sets import OWN_SETS
from tocsin.cli.app import app
from tocsin.cli.session import World

HOURS = {"weekdays": ["mon", "fri"], "from": "22:00", "until": "07:00"}
RICH: list[dict[str, Any]] = [
    {
        "kind": "User",
        "name": "eve",
        "spec": {
            **user("eve")["spec"],
            "full_name": "Eve: \u00e8ve, #1 \U0001f514",
            "quiet_hours": [HOURS],
            "handoff_notices": {"on_call": ["1d", "1h"], "contact_method": "mail"},
            "chat": {"slack": "U012"},
            "calendars": [{"url_env": "CALENDAR_EVE"}],
        },
    },
    {"kind": "Team", "name": "web", "spec": {"members": ["eve"], "chat": {"slack": "C1"}}},
    {
        "kind": "Schedule",
        "name": "nights",
        "spec": {
            "time_zone": "Europe/Paris",
            "layers": [
                {
                    "name": "no",
                    "rotation": {
                        "type": "custom",
                        "lengths": ["2d", "5d"],
                        "start": "2026-01-05T09:00:00+01:00",
                        "participants": ["ada", ["bob", "eve"], []],
                    },
                    "changes": [{"from": "2026-06-01T09:00", "participants": ["ada"]}],
                    "restrictions": [{**HOURS, "days": ["24:26", -1], "years": [2026]}],
                },
                {
                    "name": "hand",
                    "mode": "add",
                    "shifts": [
                        {
                            "from": "2026-03-03T09:00",
                            "until": "2026-03-04T09:00",
                            "participants": ["eve"],
                        }
                    ],
                },
            ],
        },
    },
    {
        "kind": "EscalationPolicy",
        "name": "web",
        "spec": {
            "levels": [
                {
                    "when": {
                        "labels": ['tier="1"'],
                        "hours": {"time_zone": "UTC", "windows": [HOURS]},
                    },
                    "targets": [{"schedule": "nights", "with_next": True}, {"webhook": "board"}],
                    "round_robin": True,
                },
                {"targets": [{"team": "web"}, {"channel": "web"}], "escalate_after": "10m"},
            ],
            "repeat": 2,
        },
    },
    {
        "kind": "Service",
        "name": "shop",
        "spec": {
            "escalation_policy": "web",
            "labels": {"tier": "1", "on": "no"},
            "description": "First line.\n\n  Indented: yes.\n",
            "auto_resolve": False,
            "grouping": {"by": ["cluster"]},
        },
    },
    {
        "kind": "Integration",
        "name": "prometheus",
        "spec": {"source": "alertmanager", "service": "shop", "key_sha256": "0" * 64},
    },
    {
        "kind": "Route",
        "name": "databases",
        "spec": {"order": 10, "matchers": ['team=~"d.+|\\\\d"'], "service": "shop"},
    },
    {"kind": "Webhook", "name": "board", "spec": {"url": "https://hooks.example.org/a?b=c#d"}},
    {
        "kind": "Absence",
        "name": "eve-in-june",
        "spec": {
            "user": "eve",
            "spans": [{"from": "2026-06-01T00:00", "until": "2026-06-15T00:00"}],
        },
    },
    {
        "kind": "Override",
        "name": "gap",
        "spec": {
            "schedule": "nights",
            "from": "2026-04-01T00:00",
            "until": "2026-04-02T00:00",
            "cover": [],
        },
    },
    {"kind": "Settings", "name": "installation", "spec": {"last_resort": {"user": "ada"}}},
]


class Across(httpx.BaseTransport):
    """The command line runs in a thread of its own, and escalation in the test's loop."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._loop = asyncio.get_running_loop()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answered = asyncio.run_coroutine_threadsafe(self._answer(request), self._loop)
        return answered.result(timeout=60)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._service.client.request(
            request.method, request.url, content=request.content, headers=request.headers
        )
        await self._service.follow()
        return httpx.Response(answer.status_code, content=answer.content, headers=answer.headers)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    made = Service()
    for version, (name, documents) in enumerate({"default": BASE, "team-web": RICH}.items()):
        answer = await made.put(documents, version, set=name)
        assert answer.status_code == 200, answer.text
    yield made
    await made.client.aclose()


async def tocsin(service: Service, home: Path, *words: str) -> Result:
    environ = {"TOCSIN_URL": "http://escalation", "TOCSIN_TOKEN": WRITE}
    world = World(environ=environ, home=home, transport=Across(service))
    return await asyncio.to_thread(CliRunner().invoke, app, list(words), obj=world)


async def exported(service: Service, home: Path, *more: str) -> Path:
    result = await tocsin(service, home, "export", "--out", str(home / "out"), *more)
    assert result.exit_code == 0, result.output
    return home / "out"


async def change_nothing(service: Service, out: Path, *sets: str) -> None:
    for name in sets:
        result = await tocsin(service, out, "plan", str(out / name), "--set", name)
        assert (result.exit_code, "nothing changes" in result.stdout) == (0, True), result.output


async def by_hand(service: Service, **spec: Any) -> None:
    made = {"schedule": "web", "until": "2026-03-02T12:00", "remove": "ada", "add": "bob"}
    answer = await service.client.post("/v1/overrides", json={**made, **spec})
    assert answer.status_code == 201, answer.text
    await service.follow()


async def swapped(service: Service) -> None:
    begins = NOW + timedelta(days=1)
    asked = {
        "schedule": "web",
        "by": "ada",
        "with": "bob",
        "from": begins.isoformat(),
        "until": (begins + timedelta(days=1)).isoformat(),
    }
    made = await service.client.post("/v1/swaps", json=asked)
    assert made.status_code == 201, made.text
    address = f"/v1/swaps/{made.json()['id']}/accept"
    assert (await service.client.post(address, json={"by": "bob"})).status_code == 200
    await service.follow()


def test_every_kind_is_among_them() -> None:
    assert {one["kind"] for one in RICH} == set(KINDS)


async def test_every_kind_of_every_set_goes_there_and_back(
    service: Service, tmp_path: Path
) -> None:
    await by_hand(service, reason='dentist: "now"')
    await swapped(service)
    held = (await service.client.get("/v1/catalog")).json()["documents"]
    sets = {one["set"] for one in held}
    assert sets - {"default", "team-web"} == OWN_SETS - {"calendars"}
    out = await exported(service, tmp_path)
    await change_nothing(service, out, *sets)
    result = await tocsin(service, tmp_path, "validate", str(out))
    assert result.exit_code == 0, result.output


async def test_one_file_of_a_set_goes_there_and_back(service: Service, tmp_path: Path) -> None:
    result = await tocsin(service, tmp_path, "export", "--set", "team-web")
    (tmp_path / "all.yaml").write_text(result.stdout, "utf-8")
    words = (str(tmp_path / "all.yaml"), "--set", "team-web")
    assert (await tocsin(service, tmp_path, "plan", *words)).exit_code == 0
    words = (*words[:2], "elsewhere")
    refused = await tocsin(service, tmp_path, "apply", *words, "--yes")
    assert (refused.exit_code, "belongs to the set 'team-web'" in refused.output) == (1, True), (
        refused.output
    )


async def test_an_edit_is_all_that_a_plan_then_finds(service: Service, tmp_path: Path) -> None:
    out = await exported(service, tmp_path, "--set", "team-web")
    file = out / "service.yaml"
    file.write_text(file.read_text("utf-8").replace("First line.", "Another line."), "utf-8")
    result = await tocsin(service, tmp_path, "plan", str(out), "--set", "team-web")
    assert result.exit_code == 2
    assert [line for line in result.stdout.splitlines() if line[0] in "+~-"] == ["~ Service shop"]


async def test_an_earlier_version_is_the_way_back(service: Service, tmp_path: Path) -> None:
    await service.put([*BASE, user("zoe")], 2)
    out = await exported(service, tmp_path, "--version", "2", "--set", "default")
    result = await tocsin(service, tmp_path, "plan", str(out))
    assert (result.exit_code, "- User zoe" in result.stdout) == (2, True), result.output


async def test_an_override_of_somebody_who_left_stands_in_no_plans_way(
    service: Service, tmp_path: Path
) -> None:
    await service.put([user("zoe")], 2, set="people")
    await by_hand(service, add="zoe")
    await service.put([user("yan")], 4, set="people")
    out = await exported(service, tmp_path)
    await change_nothing(service, out, "by-hand", "default", "people", "team-web")
    file = out / "by-hand" / "override.yaml"
    file.write_text(file.read_text("utf-8").replace("zoe", "max"), "utf-8")
    result = await tocsin(service, tmp_path, "plan", str(file.parent), "--set", "by-hand")
    assert (result.exit_code, "there is no User 'max'" in result.stderr) == (1, True)
