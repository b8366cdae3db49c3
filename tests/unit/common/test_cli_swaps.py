"""Swaps from the terminal."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.common.cli_fakes import Cli, answer, listed, problem

SPAN = {"from": "2026-03-04T12:00:00Z", "until": "2026-03-05T12:00:00Z"}
BACK = {"from": "2026-03-11T09:00:00Z", "until": "2026-03-12T09:00:00Z"}
SWAP: dict[str, Any] = {
    "id": "swp_1",
    "schedule": "web",
    "by": "ada",
    "with": "bob",
    **SPAN,
    "in_return": BACK,
    "reason": "dentist",
    "status": "proposed",
    "expires_at": "2026-03-04T12:00:00Z",
    "effects": [{"text": "schedule web, …: bob instead of ada"}],
    "catalog_version": 4,
    "dry_run": False,
}
PROPOSE = (
    "swap",
    "propose",
    "web",
    "--by",
    "ada",
    "--with",
    "bob",
    "--from",
    "1d",
    "--until",
    "1d",
)


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


def test_a_swap_is_proposed(cli: Cli) -> None:
    cli.tocsin.answers["POST /v1/swaps"] = answer(SWAP, 201)
    back = ("--return-from", BACK["from"], "--return-until", "1d")
    result = cli(*PROPOSE, "--reason", "dentist", *back)
    assert result.exit_code == 0, result.output
    assert "  > schedule web, …: bob instead of ada" in result.stdout
    assert "swp_1: bob instead of ada, 2026-03-04 12:00:00 UTC" in result.stdout
    assert "bob accepts it until 2026-03-04 12:00:00 UTC, or not" in result.stdout
    assert cli.tocsin.asked() == ["POST /v1/swaps"], "nothing is in force that could be waited for"
    assert cli.tocsin.body() == {
        "schedule": "web",
        "by": "ada",
        "with": "bob",
        "reason": "dentist",
        **SPAN,
        "in_return": BACK,
    }
    assert "idempotency-key" in cli.tocsin.requests[-1].headers


def test_what_is_taken_in_return_has_two_ends(cli: Cli) -> None:
    result = cli(*PROPOSE, "--return-from", "3d")
    assert (result.exit_code, "--return-until" in result.stderr) == (2, True)
    assert cli.tocsin.requests == []


def test_a_proposal_can_be_tried_and_bound_to_a_time(cli: Cli) -> None:
    cli.tocsin.answers["POST /v1/swaps"] = answer({**SWAP, "dry_run": True, "effects": []}, 201)
    result = cli(*PROPOSE, "--expires-at", "2h", "--dry-run")
    assert result.exit_code == 0, result.output
    assert cli.tocsin.body()["expires_at"] == "2026-03-03T14:00:00Z"
    assert cli.tocsin.body()["dry_run"] is True
    assert "nobody's shift moves" in result.stdout
    assert "nothing was proposed" in result.stdout
    assert "swp_1" not in result.stdout


def test_an_accepted_swap_is_in_force_everywhere_when_the_command_returns(cli: Cli) -> None:
    accepted = {**SWAP, "status": "accepted", "catalog_version": 5}
    behind, there = (answer({"ready": True, "catalog_version": one}) for one in (4, 5))
    cli.tocsin.answers |= {
        "POST /v1/swaps/swp_1/accept": answer(accepted),
        "GET /readyz": [behind, there],
    }
    result = cli("swap", "accept", "swp_1", "--by", "bob")
    assert result.exit_code == 0, result.output
    assert "  > schedule web, …: bob instead of ada" in result.stdout
    assert "swp_1 is accepted" in result.stdout
    assert cli.tocsin.body(0) == {"by": "bob"}
    assert cli.slept, "one service was behind"


def test_accepting_can_be_tried(cli: Cli) -> None:
    cli.tocsin.answers["POST /v1/swaps/swp_1/accept"] = answer({**SWAP, "dry_run": True})
    result = cli("swap", "accept", "swp_1", "--by", "bob", "--dry-run")
    assert result.exit_code == 0, result.output
    assert cli.tocsin.body() == {"by": "bob", "dry_run": True}
    assert "bob instead of ada" in result.stdout
    assert "nothing was changed" in result.stdout
    assert cli.tocsin.asked() == ["POST /v1/swaps/swp_1/accept"]


@pytest.mark.parametrize(("verb", "status"), [("decline", "declined"), ("withdraw", "withdrawn")])
def test_a_swap_is_answered(cli: Cli, verb: str, status: str) -> None:
    cli.tocsin.answers[f"POST /v1/swaps/swp_1/{verb}"] = answer({**SWAP, "status": status})
    result = cli("swap", verb, "swp_1", "--by", "bob")
    assert f"swp_1 is {status}" in result.stdout
    assert cli.tocsin.body() == {"by": "bob"}


def test_swaps_are_listed(cli: Cli) -> None:
    cli.tocsin.answers["GET /v1/swaps"] = listed(SWAP, {**SWAP, "id": "swp_2", "in_return": None})
    result = cli("swap", "list", "--person", "ada")
    assert "swp_2" in result.stdout
    assert dict(cli.tocsin.requests[0].url.params) == {"person": "ada", "limit": "500"}


def test_a_refusal_is_told(cli: Cli) -> None:
    refusal = problem(409, "The swap is declined already; propose another.")
    cli.tocsin.answers["POST /v1/swaps/swp_1/accept"] = refusal
    result = cli("swap", "accept", "swp_1", "--by", "bob")
    assert (result.exit_code, "declined already" in result.stderr) == (1, True)
