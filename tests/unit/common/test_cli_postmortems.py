"""Postmortems and action items from the terminal."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.common.cli_fakes import Cli, answer, listed, problem

NOTHING = {"events": [], "facts": [], "more": 0}
SECTIONS = [{"key": "impact", "words_version": 3}, {"key": "summary", "words_version": 0}]
ITEM = {
    "id": "act_1",
    "title": "Alert on queue length",
    "owner": "ada",
    "due": "2026-04-01",
    "state": "open",
    "version": 2,
}


def postmortem(**more: Any) -> dict[str, Any]:
    return {
        "id": "pm-1",
        "title": "HighErrorRate",
        "service": "checkout",
        "status": "in-review",
        "resolved_at": "2026-03-03T02:39:00Z",
        "events": 11,
        "markdown": "# Postmortem: HighErrorRate\n\nHello \x1b[31m",
        "sections": SECTIONS,
        "changes": NOTHING,
        **more,
    }


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    cli = Cli(tmp_path)
    cli.tocsin.answers |= {
        "GET /v1/postmortems": listed(postmortem()),
        "GET /v1/postmortems/inc-7": answer(postmortem()),
        "GET /v1/incidents/7": answer({"id": "inc-7"}),
        "GET /v1/action-items": listed(ITEM),
        "GET /v1/action-items/act_1": answer(ITEM),
        "PUT /v1/action-items/act_1": answer({**ITEM, "state": "done", "version": 3}),
    }
    return cli


def test_postmortems_are_listed_with_where_they_stand(cli: Cli) -> None:
    result = cli("postmortems", "list")
    assert "in-review" in result.stdout
    assert "2026-03-03 02:39:00 UTC" in result.stdout
    assert cli.json("postmortems", "list")["items"][0]["id"] == "pm-1"


def test_one_is_shown_by_the_number_of_its_incident_and_obeys_nothing(cli: Cli) -> None:
    result = cli("postmortems", "show", "#7")
    assert "# Postmortem: HighErrorRate" in result.stdout
    assert "\\x1b[31m" in result.stdout
    assert "changed since" not in result.stdout


def test_what_late_facts_changed_is_shown(cli: Cli) -> None:
    changes = {
        "events": [{"event_id": "e12", "at": "2026-03-03T02:20:00Z", "text": "page reached bob"}],
        "facts": [{"section": "paged", "before": "bob 0", "after": "bob 1"}],
        "more": 4,
    }
    found = answer(postmortem(status="published", changes=changes))
    cli.tocsin.answers["GET /v1/postmortems/inc-7"] = found
    result = cli("postmortems", "show", "inc-7")
    assert "The facts changed since it was published:" in result.stdout
    for said in ("page reached bob", "bob 0", "bob 1", "and 4 more"):
        assert said in result.stdout


def test_a_section_is_written_over_the_version_that_stands(cli: Cli) -> None:
    cli.tocsin.answers["PUT /v1/postmortems/inc-7/sections/impact"] = answer({"version": 4})
    result = cli("postmortems", "write", "7", "impact", "--by", "ada", says="Slow.\n")
    assert result.exit_code == 0
    assert "impact: version 4 is written" in result.stdout
    assert cli.tocsin.requests[-1].headers["if-match"] == '"3"'
    assert cli.tocsin.body() == {"text": "Slow.\n", "by": "ada"}


def test_somebody_elses_text_is_shown_when_it_was_changed_meanwhile(cli: Cli) -> None:
    current = {"text": "theirs", "version": 4}
    refusal = problem(412, "impact: somebody changed version 3 meanwhile.", current=current)
    cli.tocsin.answers["PUT /v1/postmortems/inc-7/sections/impact"] = refusal
    result = cli("postmortems", "write", "7", "impact", "mine")
    assert result.exit_code == 1
    assert "meanwhile" in result.stderr
    assert "theirs" in result.stderr
    machine = cli("postmortems", "write", "7", "impact", "mine", "--json")
    assert json.loads(machine.stderr)["error"]["problem"]["current"] == current


@pytest.mark.parametrize(
    ("words", "body", "says"),
    [
        (("review", "7"), {}, "is in review"),
        (("publish", "7", "--by", "ada"), {"by": "ada"}, "is published"),
        (("publish", "7", "--digest", "5f" * 32), {"digest": "5f" * 32}, "is published"),
        (("draft", "7"), {}, "is a draft again"),
    ],
)
def test_it_is_moved_on(cli: Cli, words: tuple[str, ...], body: Any, says: str) -> None:
    cli.tocsin.answers[f"POST /v1/postmortems/inc-7/{words[0]}"] = answer(postmortem())
    result = cli("postmortems", *words)
    assert f"HighErrorRate: {says}" in result.stdout
    assert cli.tocsin.body() == body
    assert cli.tocsin.requests[-1].headers["idempotency-key"]


def test_history_says_who_did_what(cli: Cli) -> None:
    cli.tocsin.answers["GET /v1/postmortems/inc-7/history"] = listed(
        {
            "at": "2026-03-03T03:00:00Z",
            "by": {"kind": "user", "name": "ada"},
            "what": "wrote",
            "detail": {"section": "impact", "text": "Slow."},
        }
    )
    result = cli("postmortems", "history", "7")
    assert ["2026-03-03", "03:00:00", "UTC", "ada", "wrote", "impact"] in [
        line.split() for line in result.stdout.splitlines()
    ]


def test_it_is_exported_to_a_file_or_to_the_terminal(cli: Cli, tmp_path: Path) -> None:
    text = "# Postmortem ☎\n"
    cli.tocsin.answers |= {
        "GET /v1/postmortems/inc-7.md": httpx.Response(200, text=text),
        "GET /v1/postmortems/inc-7/versions/2.html": httpx.Response(200, text="<p>"),
    }
    assert cli("postmortems", "export", "7").stdout == text
    file = tmp_path / "out.html"
    words = ("export", "7", "--format", "html", "--version", "2", "--to", str(file))
    assert cli.json("postmortems", *words) == {"file": str(file), "bytes": 3}
    assert file.read_text() == "<p>"
    lost = cli("postmortems", "export", "7", "--to", str(tmp_path / "no" / "where"))
    assert (lost.exit_code, "cannot be written" in lost.stderr) == (1, True)
    assert cli("postmortems", "export", "7", "--format", "pdf").exit_code == 2


def test_a_number_that_no_incident_has_is_said(cli: Cli) -> None:
    result = cli("postmortems", "show", "8")
    assert (result.exit_code, "There is no incident 8." in result.stderr) == (1, True)


def test_action_items_are_listed_and_the_overdue_asked_for(cli: Cli) -> None:
    assert "Alert on queue length" in cli("postmortems", "actions", "list").stdout
    cli("postmortems", "actions", "list", "--overdue", "--owner", "ada")
    asked = dict(cli.tocsin.requests[-1].url.params)
    assert (asked["state"], asked["due_before"], asked["owner"]) == ("open", "2026-03-03", "ada")


def test_an_action_item_is_promised(cli: Cli) -> None:
    cli.tocsin.answers["POST /v1/postmortems/inc-7/action-items"] = answer(ITEM)
    words = ("7", "Alert on queue length", "--owner", "ada", "--due", "2026-04-01")
    assert "act_1: Alert" in cli("postmortems", "actions", "add", *words).stdout
    assert cli.tocsin.body() == {
        "title": "Alert on queue length",
        "owner": "ada",
        "due": "2026-04-01",
    }
    wrong = cli("postmortems", "actions", "add", "7", "x", "--owner", "ada", "--due", "soon")
    assert (wrong.exit_code, "is not a date" in wrong.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        (("done", "act_1"), {"state": "done"}),
        (("drop", "act_1"), {"state": "dropped"}),
        (("reopen", "act_1"), {"state": "open"}),
        (("change", "act_1", "--due", "2026-05-01"), {"due": "2026-05-01"}),
    ],
)
def test_an_action_item_is_said_anew(cli: Cli, words: tuple[str, ...], changed: Any) -> None:
    assert cli("postmortems", "actions", *words, "--by", "bob").exit_code == 0
    kept = {name: ITEM[name] for name in ("title", "owner", "due", "state")}
    assert cli.tocsin.body() == {**kept, **changed, "by": "bob"}
    assert cli.tocsin.requests[-1].headers["if-match"] == '"2"'
