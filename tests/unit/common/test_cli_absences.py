"""Who is away, from the terminal."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.common.cli_fakes import Cli, listed, problem

AWAY = {"person": "ada", "from": "2026-03-04T00:00:00Z", "until": "2026-03-05T00:00:00Z"}
BROKEN: dict[str, Any] = {
    "calendar": "https://cal.example",
    "owners": [{"kind": "User", "name": "ada"}, {"kind": "Team", "name": "web"}],
    "read_at": None,
    "failing_since": "2026-03-03T10:00:00Z",
    "error": "answered 404",
    "next_at": "2026-03-03T12:15:00Z",
}


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


def test_who_is_away(cli: Cli) -> None:
    cli.tocsin.answers["GET /v1/absences"] = listed(AWAY)
    result = cli("absences", "ada", "--until", "7d")
    assert result.exit_code == 0
    assert "ada     2026-03-04 00:00:00 UTC  2026-03-05 00:00:00 UTC" in result.stdout
    assert dict(cli.tocsin.requests[0].url.params) == {
        "person": "ada",
        "from": "2026-03-03T12:00:00Z",
        "to": "2026-03-10T12:00:00Z",
        "limit": "500",
    }
    assert cli.json("absences") == {"items": [AWAY]}


def test_nobody_is_away(cli: Cli) -> None:
    cli.tocsin.answers["GET /v1/absences"] = listed()
    assert "Nobody is away in this time." in cli("absences").stdout


def test_how_reading_the_calendars_goes(cli: Cli) -> None:
    well = {**BROKEN, "read_at": "2026-03-03T11:00:00Z", "failing_since": None, "error": None}
    cli.tocsin.answers["GET /v1/absences/calendars"] = listed(BROKEN, well)
    result = cli("absences", "--calendars")
    assert "ada, web" in result.stdout
    assert "answered 404" in result.stdout
    assert "2026-03-03 11:00:00 UTC" in result.stdout


def test_somebody_unknown_is_told(cli: Cli) -> None:
    cli.tocsin.answers["GET /v1/absences"] = problem(404, "There is no user 'nora'.")
    result = cli("absences", "nora")
    assert (result.exit_code, "no user 'nora'" in result.stderr) == (1, True)
