"""A plan in people's words, as text and Markdown; the history, and the way back."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.common.cli_fakes import Cli, answer, listed, problem
from tests.unit.common.test_cli_catalog import CHANGE, GOOD, ready
from tocsin.cli import plans

SHIFT = {
    "schedule": "web",
    "gains": True,
    "from": "2026-03-09T09:00:00Z",
    "until": "2026-03-16T09:00:00Z",
    "others": ["ada"],
    "text": "web: on call Mon 2026-03-09 10:00 to Mon 2026-03-16 10:00 (Europe/Paris)",
}
PLAN: dict[str, Any] = {
    "version": 3,
    "changes": [CHANGE, {"action": "created", "kind": "Team", "name": "t", "fields": []}],
    "effects": [
        {"kind": "shift", "subject": "schedule web", "text": "schedule web: told better below"},
        {"kind": "paging", "subject": "service shop", "text": "service shop: told better below"},
        {"kind": "paging", "subject": "policy p", "text": "policy p, level 2: pages eve"},
        {"kind": "telling", "subject": "service shop", "text": "service shop: told better below"},
        {"kind": "telling", "subject": "policy p", "text": "policy p, level 2: tells channel ops"},
    ],
    "warnings": [],
    "people": [
        {"person": "bob", "time_zone": "Europe/Paris", "shifts": [SHIFT] * 12, "more": 3},
        {"person": "ada", "time_zone": "UTC", "shifts": [{**SHIFT, "gains": False}], "more": 0},
    ],
    "services": [{"service": "shop", "spans": [{"text": "soon: pages bob first"}], "more": 0}],
}


def streamed(*lines: Any) -> httpx.Response:
    body = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    return httpx.Response(200, content=body, headers={"content-type": "application/x-ndjson"})


def progress(done: int) -> dict[str, Any]:
    return {"progress": {"done": done, "of": 2}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "catalog"
    folder.mkdir()
    (folder / "people.yaml").write_text(GOOD)
    return folder


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    cli = Cli(tmp_path)
    cli.tocsin.answers |= {
        "POST /v1/catalog/plan": streamed(progress(0), progress(2), {"plan": PLAN}),
        "POST /v1/catalog/rollback": answer(PLAN),
        "PUT /v1/catalog": answer({**PLAN, "version": 4}),
        "GET /readyz": ready(4),
    }
    return cli


def test_a_plan_tells_whose_shifts_move_and_who_is_paged_first(cli: Cli, folder: Path) -> None:
    result = cli("plan", str(folder), "--weeks", "6")
    assert result.exit_code == 2, result.output
    lines = result.stdout.splitlines()
    assert "  bob (Europe/Paris)" in lines
    assert lines.count(f"    + {SHIFT['text']}") == 10
    assert "      and 5 more" in lines
    assert f"    - {SHIFT['text']}" in lines
    assert lines[-2:] == ["  shop", "    > soon: pages bob first"]
    assert "  > policy p, level 2: pages eve" in lines
    assert "  > policy p, level 2: tells channel ops" in lines
    assert "told better below" not in result.stdout
    assert cli.tocsin.body()["weeks"] == 6
    assert "x-ndjson" in cli.tocsin.requests[-1].headers["accept"]


def test_scripts_have_the_plan_whole(cli: Cli, folder: Path) -> None:
    result = cli("plan", str(folder), "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (2, PLAN)
    assert cli.tocsin.body()["weeks"] == 4


def test_a_plan_in_markdown_is_for_a_pull_request(cli: Cli, folder: Path) -> None:
    result = cli("plan", str(folder), "--set", "mine", "--markdown")
    assert result.exit_code == 2
    assert result.stdout.startswith("### Plan for the set mine, version 3\n")
    assert "| created | Team t |  |  |  |" in result.stdout
    assert "#### Whose shifts move" in result.stdout
    assert result.stdout.count("| bob | web&#58; on call Mon") == 12
    assert "| bob | and 3 more |" in result.stdout
    assert "| shop | soon&#58; pages bob first |" in result.stdout
    assert cli("plan", str(folder), "--markdown", "--json").exit_code == 2


def test_nothing_that_somebody_wrote_is_markup(cli: Cli) -> None:
    nasty = "a|b `c` <img src=x> @org/team [x](http://y) \x1b[31m # *_~ !\nnew"
    field = {"path": "spec.reason", "before": None, "after": nasty}
    found = {**PLAN, "changes": [{**CHANGE, "fields": [field]}], "warnings": [nasty]}
    text = plans.markdown(found, "mine")
    (row,) = (line for line in text.splitlines() if "spec.reason" in line)
    assert row.count("|") == 6
    for line in (row, text.splitlines()[-1]):
        assert not set("`<>@[]*~!\x1b") & set(line.strip("| -").replace("&lt;", ""))
    assert "new" in row


def test_an_answer_that_is_cut_short_is_no_plan(cli: Cli, folder: Path) -> None:
    cli.tocsin.answers["POST /v1/catalog/plan"] = streamed(progress(0))
    result = cli("plan", str(folder))
    assert result.exit_code == 1
    assert "did not answer to the end" in result.stderr
    broken = httpx.Response(200, content=b'{"pl', headers={"content-type": "application/x-ndjson"})
    cli.tocsin.answers["POST /v1/catalog/plan"] = broken
    assert cli("plan", str(folder)).exit_code == 1


def test_apply_says_why(cli: Cli, folder: Path) -> None:
    result = cli("apply", str(folder), "--yes", "--reason", "eve is back")
    assert result.exit_code == 0, result.output
    (put,) = (one for one in cli.tocsin.requests if one.method == "PUT")
    assert json.loads(put.content)["reason"] == "eve is back"


def test_the_history_tells_who_and_why(cli: Cli) -> None:
    items = [
        {
            "version": number,
            "sets": ["default", "other"],
            "author": "ada",
            "token": "ci",
            "at": "2026-03-02T08:00:00Z",
            "reason": "because",
            "changed": 5,
        }
        for number in (7, 6, 5)
    ]
    cli.tocsin.answers["GET /v1/catalog/history"] = listed(*items)
    result = cli("history")
    assert result.exit_code == 0
    for word in ("7", "ada", "ci", "default, other", "because", "2026-03-02 08:00:00 UTC"):
        assert word in result.stdout
    assert cli.json("history", "--limit", "2")["items"] == items[:2]


def test_going_back_is_planned_and_bound_to_its_plan(cli: Cli) -> None:
    cli.tocsin.answers["POST /v1/catalog/rollback"] = [answer(PLAN), answer({**PLAN, "version": 4})]
    result = cli("rollback", "2", "--set", "mine", "--reason", "wrong file", "--yes")
    assert result.exit_code == 0, result.output
    planned, done = (one for one in cli.tocsin.requests if one.method == "POST")
    body = json.loads(planned.content)
    assert (body["version"], body["set"], body["dry_run"]) == (2, "mine", True)
    assert done.headers["if-match"] == '"3"'
    body = json.loads(done.content)
    assert (body["reason"], body["set"], body.get("dry_run")) == ("wrong file", "mine", None)
    assert "version 4 is in force everywhere" in result.stdout
    assert cli.tocsin.asked().count("GET /readyz") == 4


def test_going_back_is_asked_about_at_a_terminal(cli: Cli) -> None:
    cli.at_terminal = True
    result = cli("rollback", "2", says="n\n")
    assert result.exit_code == 1
    assert cli.tocsin.asked() == ["POST /v1/catalog/rollback"]


def test_a_dry_run_of_the_way_back_only_tells(cli: Cli) -> None:
    result = cli("rollback", "2", "--dry-run", "--json")
    assert (result.exit_code, json.loads(result.stdout)["version"]) == (2, 3)
    assert cli.tocsin.asked() == ["POST /v1/catalog/rollback"]
    cli.tocsin.answers["POST /v1/catalog/rollback"] = answer({**PLAN, "changes": []})
    assert cli("rollback", "2", "--dry-run").exit_code == 0


def test_what_stands_in_the_way_back_is_told(cli: Cli) -> None:
    mistake: dict[str, Any] = {
        "level": "error",
        "position": 0,
        "text": "Schedule web: there is no User 'ada'",
    }
    warning = {"level": "warning", "position": 1, "text": "Override o: warning: its user is gone"}
    refused = problem(422, "1 mistakes; nothing was changed.", mistakes=[mistake, warning])
    cli.tocsin.answers["POST /v1/catalog/rollback"] = refused
    result = cli("rollback", "2", "--dry-run")
    assert result.exit_code == 1
    assert result.stderr == f"{mistake['text']}\n1 mistake; nothing was changed\n"
    cli.tocsin.answers["POST /v1/catalog/rollback"] = [answer(PLAN), refused]
    assert mistake["text"] in cli("rollback", "2", "--yes").stderr


def test_a_catalog_that_changed_meanwhile_is_told(cli: Cli) -> None:
    changed = problem(412, "The catalog is at version 9, not 3.")
    cli.tocsin.answers["POST /v1/catalog/rollback"] = [answer(PLAN), changed]
    result = cli("rollback", "2", "--yes")
    assert result.exit_code == 1
    assert "has changed since this plan was made; run it again." in result.stderr
