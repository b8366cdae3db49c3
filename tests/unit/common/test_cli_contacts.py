"""Contact methods from the terminal."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.common.cli_fakes import Cli, answer, listed, problem

SENT: dict[str, Any] = {
    "user": "ada",
    "method": "mail",
    "outcome": "sent",
    "reason": "",
    "expires_at": "2026-03-03T12:10:00Z",
}
VERIFY, CONFIRM = "POST /v1/contacts/verify", "POST /v1/contacts/confirm"


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


def test_contact_methods_are_listed(cli: Cli) -> None:
    one = {"user": "ada", "method": "mail", "channel": "email", "verified_at": None}
    at = "2026-03-01T12:00:00Z"
    cli.tocsin.answers["GET /v1/contacts"] = listed(
        {**one, "status": "unverified"},
        {**one, "method": "phone", "status": "verified", "verified_at": at},
        {**one, "method": "old", "status": "changed", "verified_at": at},
    )
    told = cli("contacts", "list", "--user", "ada").stdout.splitlines()
    assert [line.split(None, 3)[3].rstrip() for line in told] == [
        "verified",
        "unverified",
        "2026-03-01 12:00:00 UTC",
        "address changed since 2026-03-01 12:00:00 UTC",
    ]
    assert dict(cli.tocsin.requests[0].url.params) == {"user": "ada", "limit": "500"}
    assert len(cli.json("contacts", "list")["items"]) == 3


def test_a_code_is_asked_for_and_how_to_confirm_it_is_said(cli: Cli) -> None:
    cli.tocsin.answers[VERIFY] = answer(SENT)
    result = cli("contacts", "verify", "ada", "mail")
    assert result.exit_code == 0, result.output
    assert "works until 2026-03-03 12:10:00 UTC" in result.stdout
    assert "tocsin contacts confirm ada mail CODE" in result.stdout
    assert cli.tocsin.body() == {"user": "ada", "method": "mail"}
    assert "idempotency-key" in cli.tocsin.requests[-1].headers


def test_what_was_not_sent_or_may_not_have_been_is_said(cli: Cli) -> None:
    cli.tocsin.answers[VERIFY] = [
        answer({**SENT, "outcome": "failed", "reason": "SMTP 550"}),
        answer({**SENT, "outcome": "uncertain", "reason": "no answer"}),
    ]
    failed = cli("contacts", "verify", "ada", "mail")
    assert (failed.exit_code, "SMTP 550" in failed.stderr) == (1, True)
    uncertain = cli("contacts", "verify", "ada", "mail")
    assert (uncertain.exit_code, "may have been sent" in uncertain.stdout) == (0, True)


def test_a_code_is_confirmed(cli: Cli) -> None:
    at = "2026-03-03T12:00:00Z"
    cli.tocsin.answers[CONFIRM] = answer({"user": "ada", "method": "mail", "verified_at": at})
    result = cli("contacts", "confirm", "ada", "mail", "ABCD-EFGH")
    assert "mail reaches ada: verified 2026-03-03 12:00:00 UTC" in result.stdout
    assert cli.tocsin.body() == {"user": "ada", "method": "mail", "code": "ABCD-EFGH"}


@pytest.mark.parametrize("status", [409, 429])
def test_a_refusal_is_told_and_not_tried_again(cli: Cli, status: int) -> None:
    cli.tocsin.answers[VERIFY] = problem(status, "enough for now")
    result = cli("contacts", "verify", "ada", "mail")
    assert (result.exit_code, "enough for now" in result.stderr) == (1, True)
    assert len(cli.tocsin.requests) == 1
