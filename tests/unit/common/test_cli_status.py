"""`tocsin status`: who is ready, what is overdue, what was given up on; and the exit code."""

import json
from pathlib import Path

import httpx
import pytest

from tests.unit.common.cli_fakes import Answer, Cli, answer, listed, problem
from tocsin.cli.access import SERVICES

READY = {"ready": True, "catalog_version": 4, "kafka": True, "overdue": 0}
PROMISE = {
    "id": "paged/inc_1",
    "kind": "paged",
    "subject": "inc_1",
    "text": "somebody is paged for incident #7 of checkout (critical): disk \x1b[2J is full",
    "due_at": "2026-03-03T11:58:00Z",
    "attempts": 2,
    "overdue": True,
}


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """All four are there, and all is well."""
    cli = Cli(tmp_path)
    cli.tocsin.answers["GET /readyz"] = answer(READY)
    for name in SERVICES:
        cli.tocsin.answers[f"GET /v1/obligations/{name}"] = listed()
        cli.tocsin.answers[f"GET /v1/dead-letters/{name}"] = listed()
    return cli


def test_it_is_0_when_all_four_are_ready_and_nothing_is_overdue(cli: Cli) -> None:
    result = cli("status")
    assert result.exit_code == 0
    assert result.stdout.count("ready") == 4
    assert result.stdout.endswith("\nNothing is overdue.\n")
    assert cli.json("status")["notifier"] == {
        "url": "http://127.0.0.1:8030",
        "answers": True,
        **READY,
        "obligations": [],
        "dead_letters": 0,
        "problems": [],
    }


def test_only_what_is_overdue_is_asked_for(cli: Cli) -> None:
    cli("status")
    asked = [one.url for one in cli.tocsin.requests if "obligations" in one.url.path]
    assert [one.params["overdue"] for one in asked] == ["true"] * 4


def test_it_is_1_and_names_who_is_not_ready(cli: Cli) -> None:
    states: list[Answer] = [
        answer({"ready": True}),
        answer({"ready": False, "kafka": False}, 503),
        httpx.ConnectError("refused"),
        answer({"ready": True}),
    ]
    cli.tocsin.answers["GET /readyz"] = states
    result = cli("status")
    assert result.exit_code == 1
    rows = {line.split()[0]: line for line in result.stdout.splitlines() if line}
    assert "not ready" in rows["escalation"]
    assert "kafka: False" in rows["escalation"]
    assert "not answering" in rows["notifier"]
    assert "What is overdue is not known of every service." in result.stdout


def test_it_is_1_and_tells_what_is_overdue(cli: Cli) -> None:
    cli.tocsin.answers["GET /v1/obligations/incident-intake"] = listed(PROMISE)
    result = cli("status")
    assert result.exit_code == 1
    line = result.stdout.splitlines()[-1]
    assert line.startswith("2026-03-03 11:58:00 UTC")
    assert "somebody is paged for incident #7 of checkout" in line
    assert line.rstrip().endswith("  2")
    assert "\x1b" not in result.stdout
    machine = cli("status", "--json")
    assert machine.exit_code == 1
    assert json.loads(machine.stdout)["incident-intake"]["obligations"] == [PROMISE]


def test_it_is_1_where_an_auditor_has_found_something(cli: Cli) -> None:
    wrong = answer({**READY, "wrong": "outbox"})
    cli.tocsin.answers["GET /readyz"] = [answer(READY), wrong, answer(READY), answer(READY)]
    result = cli("status")
    assert result.exit_code == 1
    assert "wrong: outbox" in result.stdout


def test_dead_letters_that_were_not_replayed_are_counted(cli: Cli) -> None:
    replayed = {"id": "1", "replayed_at": "2026-03-03T11:00:00Z"}
    waiting = {"id": "2", "replayed_at": None}
    cli.tocsin.answers["GET /v1/dead-letters/notifier"] = listed(replayed, waiting, waiting)
    assert cli("status").exit_code == 0
    assert cli.json("status")["notifier"]["dead_letters"] == 2


def test_a_token_that_is_not_known_is_no_all_clear(cli: Cli) -> None:
    for name in SERVICES:
        refused = problem(401, "Send an API token.")
        cli.tocsin.answers[f"GET /v1/obligations/{name}"] = refused
    result = cli("status")
    assert result.exit_code == 1
    assert "Send an API token." in result.stdout
    assert "Nothing is overdue." not in result.stdout


def test_a_service_of_an_earlier_release_is_not_blamed_for_what_it_does_not_know(
    cli: Cli,
) -> None:
    del cli.tocsin.answers["GET /v1/obligations/postmortem"]
    result = cli("status")
    assert result.exit_code == 0
    assert cli.json("status")["postmortem"]["obligations"] is None
