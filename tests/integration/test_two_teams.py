"""Two teams, two folders, two tokens: the command line against escalation, over real HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from dev.ports import free_ports
from escalation.settings import EscalationSettings
from tests.unit.escalation.service import READ, Service, digest, schedule, user
from tocsin.cli.app import app
from tocsin.cli.session import World
from tocsin.serving import Server, server_of
from tocsin.testing import eventually

TEAMS = {"payments": ("ada", "bob"), "search": ("eve", "zoe")}
Documents = list[dict[str, Any]]


def documents(team: str, *turns: str) -> Documents:
    """Return what a team has: its people, who take turns, and a service that pages them."""
    levels = [{"targets": [{"schedule": team}], "escalate_after": "5m"}]
    return [
        *(user(name) for name in TEAMS[team]),
        {**schedule(*turns), "name": team},
        {
            "kind": "EscalationPolicy",
            "name": team,
            "spec": {"levels": levels, "last_resort": {"user": turns[0]}},
        },
        {"kind": "Service", "name": f"{team}-api", "spec": {"escalation_policy": team}},
    ]


@dataclass
class Team:
    """A team at its terminal, with its folder, its set and the token that may write only that."""

    name: str
    address: str
    home: Path
    # What happens elsewhere between its plan and its apply.
    meanwhile: Callable[[], object] = lambda: None

    @property
    def folder(self) -> Path:
        return self.home / f"{self.name}-catalog"

    def writes(self, found: Documents) -> None:
        self.folder.mkdir(exist_ok=True)
        text = "\n---\n".join(json.dumps(one) for one in found)
        (self.folder / "catalog.yaml").write_text(text, "utf-8")

    async def runs(self, verb: str, *more: str, of_set: str = "") -> Result:
        """Run the command line in a thread, as a process of its own would run it."""
        words = [verb, str(self.folder), "--set", of_set or self.name, *more]
        environ = {"TOCSIN_URL": self.address, "TOCSIN_TOKEN": _token(self.name)}
        world = World(environ=environ, home=self.home, at_terminal=self._is_asked)
        return await asyncio.to_thread(CliRunner().invoke, app, words, obj=world)

    def _is_asked(self) -> bool:
        self.meanwhile()
        return False

    def puts(self) -> httpx.Response:
        """Apply the folder with nothing but HTTP, whatever the version is."""
        written = (self.folder / "catalog.yaml").read_text("utf-8").split("\n---\n")
        body = {"set": self.name, "documents": [json.loads(one) for one in written]}
        headers = {"Authorization": f"Bearer {_token(self.name)}"}
        return httpx.put(f"{self.address}/v1/catalog", json=body, headers=headers)


def _token(team: str) -> str:
    return f"the-token-of-{team}"


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    """Escalation, its clock on a Monday morning; each token may write the set of its team."""
    made = Service()
    tokens = tuple(f"{team}={digest(_token(team))}:read+catalog:write:{team}" for team in TEAMS)
    inside: Any = made.application.http
    inside.state.api_tokens += EscalationSettings(tokens=tokens).api_tokens
    # As its process says it, which follows the catalog from Kafka.
    inside.state.ready.append(lambda: {"catalog_version": made.holder.current.version})
    yield made
    await made.client.aclose()


@pytest.fixture
async def address(service: Service) -> AsyncIterator[str]:
    (port,) = free_ports(1)
    settings = EscalationSettings(http=f"127.0.0.1:{port}", drain_timeout=1)
    server = server_of(service.application.http, settings)
    stop = asyncio.Event()
    tasks = [asyncio.create_task(server.serve()), asyncio.create_task(_followed(service, stop))]
    await eventually(lambda: _started(server))
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    stop.set()
    await asyncio.gather(*tasks)


async def _started(server: Server) -> bool:
    return server.started


async def _followed(service: Service, stop: asyncio.Event) -> None:
    while not stop.is_set():
        await service.follow()
        await asyncio.sleep(0.05)


@pytest.fixture
async def teams(address: str, tmp_path: Path) -> tuple[Team, Team]:
    """Both teams, each with its folder in force."""
    payments, search = (Team(name, address, tmp_path) for name in TEAMS)
    for team in (payments, search):
        team.writes(documents(team.name, *TEAMS[team.name]))
        planned = await team.runs("plan")
        assert planned.exit_code == 2, planned.output
        applied = await team.runs("apply", "--yes")
        assert applied.exit_code == 0, applied.output
        assert "is in force everywhere" in applied.stdout
    return payments, search


def held(address: str, version: int | None = None) -> dict[tuple[str, str, str], Any]:
    """Return every document of the catalog, as it is given back."""
    headers = {"Authorization": f"Bearer {READ}"}
    params = {} if version is None else {"version": version}
    answer = httpx.get(f"{address}/v1/catalog", headers=headers, params=params)
    found = answer.json()["documents"]
    return {(one["set"], one["kind"], one["name"]): one["spec"] for one in found}


async def exported(address: str) -> dict[tuple[str, str, str], Any]:
    return await asyncio.to_thread(held, address)


def of_teams(**found: Documents) -> dict[tuple[str, str, str], Any]:
    return {
        (team, one["kind"], one["name"]): one["spec"]
        for team, written in found.items()
        for one in written
    }


async def test_each_team_plans_and_applies_its_own_folder(teams: tuple[Team, Team]) -> None:
    payments, search = teams
    payments.writes(documents("payments", "bob", "ada"))
    planned = await payments.runs("plan")
    assert planned.exit_code == 2, planned.output
    lines = planned.stdout.splitlines()
    assert "~ Schedule payments" in lines
    assert "  ada (UTC)" in lines
    assert (
        "    - payments: no longer on call Mon 2026-03-02 08:00 to Mon 2026-03-09 08:00 (UTC),"
        " but bob"
    ) in lines
    assert (
        "    + payments: on call Mon 2026-03-09 08:00 to Mon 2026-03-16 08:00 (UTC), instead of bob"
    ) in lines
    assert "  payments-api" in lines
    assert "pages bob first, instead of ada" in planned.stdout
    assert "search" not in planned.stdout, "of the other team nothing changes"
    applied = await payments.runs("apply", "--yes", "--reason", "bob begins")
    assert applied.exit_code == 0, applied.output
    assert "version 3 is in force everywhere" in applied.stdout
    assert (await search.runs("plan")).stdout == "nothing changes; the catalog is at version 3\n"
    assert await exported(payments.address) == of_teams(
        payments=documents("payments", "bob", "ada"), search=documents("search", "eve", "zoe")
    )


@pytest.mark.parametrize("of_set", ["search", "default"])
async def test_no_team_changes_the_set_of_another(teams: tuple[Team, Team], of_set: str) -> None:
    payments, _ = teams
    before = await exported(payments.address)
    payments.writes([user("max")])
    refused = await payments.runs("apply", "--yes", of_set=of_set)
    assert refused.exit_code == 1
    assert refused.stderr.splitlines()[-1] == (
        f"The token 'payments' may not change the set '{of_set}':"
        f" it has no scope 'catalog:write:{of_set}'."
    )
    assert await exported(payments.address) == before


async def test_no_team_takes_over_a_document_of_another(teams: tuple[Team, Team]) -> None:
    payments, _ = teams
    before = await exported(payments.address)
    payments.writes([*documents("payments", "ada", "bob"), user("eve", "elsewhere@example.org")])
    for verb in ("plan", "apply"):
        refused = await payments.runs(verb, *(["--yes"] if verb == "apply" else []))
        assert refused.exit_code == 1
        assert "User eve belongs to the set 'search'" in refused.stderr
    assert await exported(payments.address) == before


async def test_whoever_is_second_is_told_to_plan_again(teams: tuple[Team, Team]) -> None:
    payments, search = teams
    payments.writes(documents("payments", "bob", "ada"))
    search.writes(documents("search", "zoe", "eve"))
    answers: list[httpx.Response] = []
    payments.meanwhile = lambda: answers.append(search.puts())
    late = await payments.runs("apply")
    assert [one.status_code for one in answers] == [200]
    assert late.exit_code == 1
    assert late.stderr.splitlines()[-1] == (
        "The catalog has changed since this plan was made; run it again."
    )
    assert await exported(payments.address) == of_teams(
        payments=documents("payments", "ada", "bob"), search=documents("search", "zoe", "eve")
    )

    again = await payments.runs("apply", "--yes")
    assert again.exit_code == 0, again.output
    assert await exported(payments.address) == of_teams(
        payments=documents("payments", "bob", "ada"), search=documents("search", "zoe", "eve")
    )
