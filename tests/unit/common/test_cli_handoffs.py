"""Handoff notes from the terminal."""

from pathlib import Path

import pytest

from tests.unit.common.cli_fakes import Cli, answer, listed, problem

NOTE = {
    "id": "hnt_1",
    "schedule": "web",
    "text": "Look at #7.",
    "by": "ada",
    "left_at": "2026-03-04T12:00:00Z",
}


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


def test_a_note_is_left(cli: Cli) -> None:
    cli.tocsin.answers["POST /v1/schedules/web/notes"] = answer(NOTE, 201)
    result = cli("handoff", "note", "web", "Look at #7.", "--by", "ada")
    assert result.exit_code == 0, result.output
    assert "hnt_1: left for whoever is on call next for web" in result.stdout
    assert cli.tocsin.body() == {"text": "Look at #7.", "by": "ada"}
    assert "idempotency-key" in cli.tocsin.requests[-1].headers


def test_notes_are_listed(cli: Cli) -> None:
    cli.tocsin.answers["GET /v1/handoff-notes"] = listed(NOTE)
    result = cli("handoff", "notes", "web")
    assert result.exit_code == 0, result.output
    assert "Look at #7." in result.stdout
    cli.tocsin.answers["GET /v1/handoff-notes"] = listed()
    assert "There are no notes." in cli("handoff", "notes", "web").stdout


def test_a_refusal_is_told(cli: Cli) -> None:
    detail = "There is no schedule 'wed'. Did you mean \"web\"?"
    cli.tocsin.answers["POST /v1/schedules/wed/notes"] = problem(404, detail)
    result = cli("handoff", "note", "wed", "x")
    assert (result.exit_code, detail in result.stderr) == (1, True)
