"""`tocsin override`: what is sent, what is told."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.common.cli_fakes import Cli, answer, listed, problem

ITEM = {
    "id": "ovr_1",
    "schedule": "web",
    "from": "2026-03-03T12:00:00Z",
    "until": "2026-03-03T16:00:00Z",
    "add": ["eve"],
    "remove": ["ada"],
    "cover": None,
    "reason": "dentist",
    "set": "by-hand",
    "author": "ada",
    "version": 4,
}
MOVES = {"text": "schedule web, …: eve instead of ada"}


def done(**more: Any) -> httpx.Response:
    return answer({**ITEM, "effects": [MOVES], "catalog_version": 4, "dry_run": False, **more})


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    cli = Cli(tmp_path)
    cli.tocsin.answers |= {
        "POST /v1/overrides": done(),
        "DELETE /v1/overrides/ovr_1": done(),
        "GET /v1/overrides": listed(ITEM, {**ITEM, "id": "ovr_2", "cover": [], "add": []}),
        "GET /readyz": answer({"ready": True, "catalog_version": 4}),
    }
    return cli


def test_an_override_is_in_force_everywhere_when_the_command_returns(cli: Cli) -> None:
    words = ("override", "add", "web", "--add", "eve", "--remove", "ada", "--until", "4h")
    result = cli(*words, "--reason", "dentist")
    assert result.exit_code == 0, result.output
    assert cli.tocsin.body(0) == {
        "schedule": "web",
        "from": None,
        "until": "2026-03-03T16:00:00Z",
        "add": ["eve"],
        "remove": ["ada"],
        "reason": "dentist",
        "dry_run": False,
    }
    assert "  > schedule web, …: eve instead of ada" in result.stdout
    assert "ovr_1: eve instead of ada, until 2026-03-03 16:00:00 UTC" in result.stdout
    assert cli.tocsin.asked().count("GET /readyz") == 4


def test_one_takes_the_place_of_another(cli: Cli) -> None:
    words = ("override", "add", "web", "--cover", "eve", "--until", "4h", "--replaces", "ovr_1")
    assert cli(*words).exit_code == 0
    assert cli.tocsin.body(0)["replaces"] == "ovr_1"


def test_a_dry_run_waits_for_nobody(cli: Cli) -> None:
    cli.tocsin.answers["POST /v1/overrides"] = done(dry_run=True, effects=[])
    result = cli("override", "add", "web", "--nobody", "--until", "1h", "--dry-run")
    assert result.exit_code == 0, result.output
    assert (cli.tocsin.body()["cover"], cli.tocsin.body()["dry_run"]) == ([], True)
    assert "nobody's shift moves" in result.stdout
    assert "nothing was changed" in result.stdout
    assert cli.tocsin.asked() == ["POST /v1/overrides"]


@pytest.mark.parametrize(
    ("start", "until", "span"),
    [
        ("2026-03-04T14:00", "4h", ("2026-03-04T14:00", "2026-03-04T18:00:00")),
        ("2026-03-04T14:00+01:00", "1d", ("2026-03-04T13:00:00Z", "2026-03-05T13:00:00Z")),
        ("2h", "2026-03-04T18:00", ("2026-03-03T14:00:00Z", "2026-03-04T18:00")),
    ],
)
def test_times_without_an_offset_are_on_the_schedules_clock(
    cli: Cli, start: str, until: str, span: tuple[str, str]
) -> None:
    words = ("override", "add", "web", "--cover", "eve", "--from", start, "--until", until)
    assert cli.json(*words)["id"] == "ovr_1"
    assert (cli.tocsin.body(0)["from"], cli.tocsin.body(0)["until"]) == span
    assert cli.tocsin.body(0)["cover"] == ["eve"]


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--add", "eve", "--cover", "bob"),
        ("--nobody", "--cover", "bob"),
        ("--add", "eve", "--until", "soon"),
    ],
)
def test_what_makes_no_sense_is_not_sent(cli: Cli, words: tuple[str, ...]) -> None:
    until = () if "--until" in words else ("--until", "1h")
    assert cli("override", "add", "web", *words, *until).exit_code == 2
    assert cli.tocsin.requests == []


def test_overrides_are_listed_from_now_on(cli: Cli) -> None:
    result = cli("override", "list", "--schedule", "web")
    assert result.exit_code == 0
    assert "eve instead of ada" in result.stdout
    assert "nobody instead of everybody" in result.stdout
    params = cli.tocsin.requests[0].url.params
    assert (params["schedule"], params["from"]) == ("web", "2026-03-03T12:00:00Z")
    assert len(cli.json("override", "list", "--past")["items"]) == 2
    assert "from" not in cli.tocsin.requests[-1].url.params


def test_an_override_is_removed_by_its_id(cli: Cli) -> None:
    result = cli("override", "remove", "ovr_1")
    assert (result.exit_code, "ovr_1 has ended" in result.stdout) == (0, True)
    assert cli.tocsin.asked().count("GET /readyz") == 4
    cli.tocsin.answers["DELETE /v1/overrides/ovr_1"] = done(dry_run=True)
    assert cli.json("override", "remove", "ovr_1", "--dry-run")["dry_run"]
    assert cli.tocsin.requests[-1].url.params["dry_run"] == "true"


def test_a_refusal_is_told_as_it_is(cli: Cli) -> None:
    cli.tocsin.answers["POST /v1/overrides"] = problem(422, "add: there is no User 'eeve'")
    result = cli("override", "add", "web", "--add", "eeve", "--until", "1h")
    assert result.exit_code == 1
    assert "add: there is no User 'eeve'" in result.stderr
