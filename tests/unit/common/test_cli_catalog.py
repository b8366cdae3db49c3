"""A folder of YAML, from the terminal to every service."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.common.cli_fakes import Answer, Cli, answer, problem

GOOD = """\
kind: User
name: ada
spec:
  email: ada@example.org
  contact_methods: [{name: mail, channel: email, address: ada@example.org}]
  notification_rules:
    - {urgency: high, contact_method: mail, after: 0s}
    - {urgency: low, contact_method: mail, after: 0s}
---
kind: Settings
name: installation
spec: {last_resort: {user: ada}}
"""
BAD = """\
kind: User
name: ada
spec:
  emial: ada@example.org
"""
CHANGE = {
    "action": "changed",
    "kind": "User",
    "name": "ada",
    "renamed": None,
    "fields": [{"path": "spec.email", "before": "old@example.org", "after": "ada@example.org"}],
}
EFFECT = {
    "kind": "shift",
    "subject": "payments",
    "text": "payments: bob instead of ada",
    "from": "2026-03-09T09:00:00Z",
    "until": "2026-03-16T09:00:00Z",
}


def planned(version: int, *changes: dict[str, Any]) -> httpx.Response:
    effects = [EFFECT] if changes else []
    return answer(
        {"version": version, "changes": list(changes), "effects": effects, "warnings": []}
    )


def ready(version: int, status: int = 200) -> httpx.Response:
    return answer({"ready": status == 200, "catalog_version": version}, status)


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
        "POST /v1/catalog/plan": planned(3, CHANGE),
        "PUT /v1/catalog": planned(4, CHANGE),
        "GET /readyz": ready(4),
    }
    return cli


def test_a_folder_without_mistakes_is_valid(cli: Cli, folder: Path) -> None:
    result = cli("validate", str(folder))
    assert (result.exit_code, result.stdout) == (0, "2 documents, no mistakes\n")
    assert cli.tocsin.requests == []
    assert cli.json("validate", str(folder)) == {"documents": 2, "warnings": []}


def test_the_schema_for_editors_is_printed_as_it_is_in_the_docs(cli: Cli) -> None:
    generated = Path(__file__).parents[3] / "docs" / "catalog.schema.json"
    for words in (("schema",), ("schema", "--json")):
        assert cli(*words).stdout == generated.read_text(encoding="utf-8")
    assert cli.tocsin.requests == []


def test_a_mistake_is_named_with_file_line_and_the_nearest_word(cli: Cli, folder: Path) -> None:
    (folder / "people.yaml").write_text(BAD)
    result = cli("validate", str(folder))
    assert result.exit_code == 1
    assert f"{folder}/people.yaml:4: spec.emial" in result.stderr
    assert 'did you mean "email"?' in result.stderr
    result = cli("validate", str(folder), "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    (mistake,) = json.loads(result.stderr)["error"]["mistakes"]
    assert "people.yaml:4" in mistake


def test_a_file_that_is_not_yaml_is_named(cli: Cli, folder: Path) -> None:
    (folder / "people.yaml").write_text("kind: [")
    result = cli("validate", str(folder))
    assert result.exit_code == 1
    assert "people.yaml" in result.stderr
    assert cli("plan", str(folder)).exit_code == 1
    assert cli.tocsin.requests == []


@pytest.mark.parametrize("verb", ["validate", "plan", "apply"])
def test_a_broken_file_hides_no_mistake_of_another(cli: Cli, folder: Path, verb: str) -> None:
    (folder / "broken.yaml").write_text("kind: Schedule\nname: [")
    wrong = BAD + "---\nkind: Team\nname: web\nspec: {members: [ada, eve], chatt: {}}\n"
    (folder / "people.yaml").write_text(wrong)
    result = cli(verb, str(folder))
    assert result.exit_code == 1
    for place in ("broken.yaml:2: not YAML", "people.yaml:4: spec.emial", "people.yaml:8: spec"):
        assert place in result.stderr
    # The broken file may be where eve is.
    assert "eve" not in result.stderr
    assert "names of other documents were not looked up" in result.stderr
    assert "3 mistakes; nothing was changed" in result.stderr
    assert len(json.loads(cli(verb, str(folder), "--json").stderr)["error"]["mistakes"]) == 3
    assert cli.tocsin.requests == []
    (folder / "broken.yaml").unlink()
    assert "there is no User 'eve'" in cli("validate", str(folder)).stderr


@pytest.mark.parametrize(("name", "code"), [("nowhere", 2), ("empty", 1)])
def test_a_folder_with_nothing_in_it_is_never_applied(cli: Cli, name: str, code: int) -> None:
    (cli.home / "empty").mkdir()
    assert cli("apply", str(cli.home / name), "--yes").exit_code == code
    assert cli.tocsin.requests == []


def test_a_plan_is_a_diff_and_exits_with_2(cli: Cli, folder: Path) -> None:
    result = cli("plan", str(folder), "--set", "mine")
    assert result.exit_code == 2
    assert "~ User ada" in result.stdout
    assert "spec.email: old@example.org -> ada@example.org" in result.stdout
    assert "  > payments: bob instead of ada" in result.stdout
    body = cli.tocsin.body()
    assert body["set"] == "mine"
    assert [(one["kind"], one["name"]) for one in body["documents"]] == [
        ("User", "ada"),
        ("Settings", "installation"),
    ]
    assert cli.tocsin.asked() == ["POST /v1/catalog/plan"]


def test_a_plan_without_changes_exits_with_0(cli: Cli, folder: Path) -> None:
    cli.tocsin.answers["POST /v1/catalog/plan"] = planned(3)
    result = cli("plan", str(folder))
    assert (result.exit_code, result.stdout) == (
        0,
        "nothing changes; the catalog is at version 3\n",
    )
    assert cli.json("plan", str(folder))["changes"] == []


def test_apply_is_bound_to_the_plan_that_was_shown(cli: Cli, folder: Path) -> None:
    result = cli("apply", str(folder), "--set", "mine", "--yes")
    assert result.exit_code == 0, result.output
    (put,) = [request for request in cli.tocsin.requests if request.method == "PUT"]
    assert put.headers["if-match"] == '"3"'
    body = json.loads(put.content)
    assert (body["set"], bool(body["author"])) == ("mine", True)
    assert "version 4 is in force everywhere" in result.stdout
    assert cli.tocsin.asked().count("GET /readyz") == 4


def test_apply_waits_until_every_service_has_taken_it_up(cli: Cli, folder: Path) -> None:
    lagging: list[Answer] = [ready(3), ready(4, 503), httpx.ConnectError("refused"), ready(3)]
    cli.tocsin.answers["GET /readyz"] = [*lagging, ready(4)]
    result = cli("apply", str(folder), "--yes")
    assert result.exit_code == 0, result.output
    assert "waiting for incident-intake, notifier, postmortem" in result.stderr
    assert cli.slept


def test_a_service_that_lags_is_named_when_time_is_up(cli: Cli, folder: Path) -> None:
    def state(request: httpx.Request) -> httpx.Response:
        return ready(3 if request.url.port == 8030 else 4)

    cli.tocsin.answers["GET /readyz"] = state
    result = cli("apply", str(folder), "--yes", "--within", "5")
    assert result.exit_code == 1
    assert (
        "Version 4 is applied, but after 5 s notifier had not taken it up; see `tocsin status`."
        in result.stderr
    )
    assert 5 <= sum(cli.slept) < 6


def test_apply_without_changes_still_waits_for_everybody(cli: Cli, folder: Path) -> None:
    cli.tocsin.answers |= {"POST /v1/catalog/plan": planned(4)}
    assert cli("apply", str(folder)).exit_code == 0
    assert "PUT /v1/catalog" not in cli.tocsin.asked()
    assert cli.tocsin.asked().count("GET /readyz") == 4


@pytest.mark.parametrize(("says", "code", "put"), [("y\n", 0, True), ("n\n", 1, False)])
def test_apply_asks_at_a_terminal(cli: Cli, folder: Path, says: str, code: int, put: bool) -> None:
    cli.at_terminal = True
    result = cli("apply", str(folder), says=says)
    assert result.exit_code == code
    assert ("PUT /v1/catalog" in cli.tocsin.asked()) is put


def test_apply_never_asks_without_a_terminal(cli: Cli, folder: Path) -> None:
    assert cli("apply", str(folder)).exit_code == 0
    assert "PUT /v1/catalog" in cli.tocsin.asked()


def test_a_catalog_that_changed_meanwhile_is_not_overwritten(cli: Cli, folder: Path) -> None:
    cli.tocsin.answers["PUT /v1/catalog"] = problem(412, "The catalog is at version 9, not 3.")
    result = cli("apply", str(folder), "--yes")
    assert result.exit_code == 1
    assert "has changed since this plan was made; run it again." in result.stderr


def test_a_mistake_that_the_service_finds_has_file_and_line_too(cli: Cli, folder: Path) -> None:
    mistake = {
        "level": "error",
        "kind": "Settings",
        "name": "installation",
        "path": "spec.last_resort.user",
        "message": "there is no User of this name",
        "suggestion": None,
        "position": 1,
        "text": "…",
    }
    elsewhere = {**mistake, "position": None, "text": "Service x: spec.team: is gone"}
    cli.tocsin.answers["POST /v1/catalog/plan"] = problem(
        422, "2 mistakes", mistakes=[mistake, elsewhere]
    )
    result = cli("plan", str(folder))
    assert result.exit_code == 1
    assert f"{folder}/people.yaml:12: spec.last_resort.user: there is no User" in result.stderr
    assert "Service x: spec.team: is gone" in result.stderr
