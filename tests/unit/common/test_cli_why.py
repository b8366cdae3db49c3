"""`tocsin why`: the whole chain, the part that can be read, and words that a terminal obeys."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.common.cli_fakes import Cli, answer, problem

INCIDENT = "inc_" + "0" * 32
CHAIN = f"/v1/timelines/{INCIDENT}/why"


def decision(code: str, sentence: str, **more: Any) -> dict[str, Any]:
    return {
        "at": "2026-03-03T02:14:00Z",
        "code": code,
        "sentence": sentence,
        "by": "escalation",
        "rule": "policy payments",
        "catalog_version": 3,
        "inputs": {},
        "event_id": None,
        **more,
    }


OPENED = decision("incident-opened", "Incident #7 was opened.", by="incident-intake")
PAGED = decision("paged", "ada was paged because service checkout has policy payments.")
OF_INTAKE = {
    "incident": INCIDENT,
    "answer": ["Incident #7 is triggered."],
    "items": [OPENED],
    "more": CHAIN,
}
OF_ALERT = {
    "alert": {"id": "alr_1"},
    "answer": ["Nobody was paged: a silence holds the alert back."],
    "items": [decision("silenced", "It was held back.")],
    "others": [],
}


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    cli = Cli(tmp_path)
    whole = {"incident": INCIDENT, "answer": [PAGED["sentence"]], "items": [OPENED, PAGED]}
    cli.tocsin.answers |= {
        "GET /v1/incidents/7/why": answer(OF_INTAKE),
        f"GET /v1/incidents/{INCIDENT}/why": answer(OF_INTAKE),
        f"GET {CHAIN}": answer({**whole, "next": None}),
        "GET /v1/why": answer(OF_ALERT),
    }
    return cli


@pytest.mark.parametrize("which", ["7", "#7", INCIDENT])
def test_an_incident_is_answered_by_the_whole_chain(cli: Cli, which: str) -> None:
    result = cli("why", which)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == PAGED["sentence"]
    assert "2026-03-03 02:14:00 UTC" in result.stdout
    assert "incident-opened" in result.stdout
    found = cli.json("why", which)
    assert [one["code"] for one in found["items"]] == ["incident-opened", "paged"]
    assert found["partial"] == ""


def test_without_the_postmortem_service_intake_tells_its_part_and_says_so(cli: Cli) -> None:
    cli.tocsin.answers[f"GET {CHAIN}"] = httpx.ConnectError("away")
    result = cli("why", "7")
    assert result.exit_code == 0
    assert "Incident #7 was opened." in result.stdout
    assert "Whom it paged cannot be read now" in result.stdout


def test_what_names_no_incident_names_an_alert(cli: Cli) -> None:
    result = cli("why", "disk/of db-1")
    assert result.stdout.splitlines()[0] == OF_ALERT["answer"][0]  # type: ignore[index]
    assert dict(cli.tocsin.requests[-1].url.params) == {"alert": "disk/of db-1"}
    cli("why", "7", "--service", "checkout")
    assert dict(cli.tocsin.requests[-1].url.params) == {"alert": "7", "service": "checkout"}


def test_a_number_that_is_no_incident_may_be_an_alerts_key(cli: Cli) -> None:
    cli.tocsin.answers["GET /v1/incidents/7/why"] = problem(404, "No incident.")
    assert cli.json("why", "7")["alert"] == {"id": "alr_1"}


def test_the_same_key_elsewhere_is_told(cli: Cli) -> None:
    cli.tocsin.answers["GET /v1/why"] = answer({**OF_ALERT, "others": ["alr_2", "alr_3"]})
    assert "The same key in other services: alr_2, alr_3" in cli("why", "disk").stdout


def test_what_would_have_altered_a_decision_stands_behind_it(cli: Cli) -> None:
    instead = "Without the silence it would have opened an incident."
    silenced = decision("silenced", "It was held back.", instead=instead)
    cli.tocsin.answers["GET /v1/why"] = answer({**OF_ALERT, "items": [silenced]})
    assert f"It was held back. → {instead}" in cli("why", "disk").stdout
    assert cli.json("why", "disk")["items"][0]["instead"] == instead


@pytest.mark.parametrize("more", [{}, {"instead": ""}], ids=["of the release before", "not told"])
def test_where_nothing_is_told_of_it_nothing_stands_there(cli: Cli, more: dict[str, str]) -> None:
    cli.tocsin.answers["GET /v1/why"] = answer(
        {**OF_ALERT, "items": [decision("silenced", "It was held back.", **more)]}
    )
    shown = cli("why", "disk").stdout
    assert "It was held back." in shown
    assert "→" not in shown


def test_what_nobody_knows_says_what_to_try(cli: Cli) -> None:
    cli.tocsin.answers["GET /v1/why"] = problem(404, "No alert.")
    result = cli("why", "disk")
    assert result.exit_code == 1
    for hint in ("no incident or alert disk", "incidents list", "alerts list", "dead-letters list"):
        assert hint in result.stderr


def test_a_service_that_is_away_is_no_unknown_alert(cli: Cli) -> None:
    cli.tocsin.answers["GET /v1/why"] = problem(503, "The database is away.")
    result = cli("why", "disk")
    assert result.exit_code == 1
    assert "The database is away." in result.stderr


def test_hostile_words_are_shown_and_never_obeyed(cli: Cli) -> None:
    hostile = "\x1b]0;owned\x07 \x1b[2J[red]x[/red] \u202e\r\nrm -rf"
    cli.tocsin.answers["GET /v1/why"] = answer(
        {**OF_ALERT, "answer": [hostile], "items": [decision("silenced", hostile)]}
    )
    shown = cli("why", hostile).stdout
    assert not {"\x1b", "\x07", "\u202e", "\r"} & set(shown)
    assert "\\x1b]0;owned" in shown
    assert "[red]x[/red]" in shown
