"""Where the command line finds Tocsin, and what it says when it does not."""

import json
from pathlib import Path

import httpx
import pytest

from tests.unit.common.cli_fakes import Cli, answer, listed, problem
from tocsin.cli.access import access
from tocsin.cli.failure import UsageError


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


def config(home: Path, text: str) -> None:
    (home / ".config").mkdir()
    (home / ".config" / "tocsin.toml").write_text(text)


def test_without_settings_it_is_the_dev_system(tmp_path: Path) -> None:
    found = access({"TOCSIN_VAR": str(tmp_path)}, tmp_path)
    assert found.urls == {
        "incident-intake": "http://127.0.0.1:8010",
        "escalation": "http://127.0.0.1:8020",
        "notifier": "http://127.0.0.1:8030",
        "postmortem": "http://127.0.0.1:8040",
    }
    assert (found.kafka, found.topic_prefix, found.token) == (("127.0.0.1:8011",), "tocsin.", "")


def test_every_port_follows_from_one(tmp_path: Path) -> None:
    found = access({"TOCSIN_PORT": "9100"}, tmp_path)
    assert found.urls["postmortem"] == "http://127.0.0.1:9130"
    assert found.kafka == ("127.0.0.1:9101",)


def test_one_address_for_all_and_one_of_its_own(tmp_path: Path) -> None:
    environ = {"TOCSIN_URL": "https://tocsin.example/", "TOCSIN_INTAKE_URL": "http://intake:1"}
    found = access(environ, tmp_path)
    assert found.urls["incident-intake"] == "http://intake:1"
    assert found.urls["notifier"] == "https://tocsin.example"


def test_the_token_comes_from_the_environment_then_from_the_dev_system(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    environ = {"TOCSIN_VAR": str(tmp_path)}
    assert access(environ, tmp_path).token == "from-file"
    assert access({**environ, "TOCSIN_TOKEN": "given"}, tmp_path).token == "given"


def test_the_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    config(tmp_path, 'url = "https://a.example"\ntoken = "t1"\nport = 9000\n')
    assert access({}, tmp_path).urls["escalation"] == "https://a.example"
    assert access({}, tmp_path).token == "t1"
    assert access({"TOCSIN_TOKEN": "t2"}, tmp_path).token == "t2"


@pytest.mark.parametrize(
    ("text", "says"),
    [("tokn = 'x'", "tokn is not a setting"), ("url = ", "is not TOML")],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, text: str, says: str) -> None:
    config(tmp_path, text)
    with pytest.raises(UsageError, match=says):
        access({}, tmp_path)


@pytest.mark.parametrize("port", ["0", "x", "65535", "-1", "²"])
def test_a_port_that_is_none_is_refused(tmp_path: Path, port: str) -> None:
    with pytest.raises(UsageError, match="TOCSIN_PORT"):
        access({"TOCSIN_PORT": port}, tmp_path)


def test_settings_that_are_wrong_exit_with_2(cli: Cli) -> None:
    cli.environ["TOCSIN_URL"] = "tocsin.example"
    result = cli("status")
    assert result.exit_code == 2
    assert "is not an address" in result.stderr


def test_nobody_there_is_one_sentence(cli: Cli) -> None:
    cli.tocsin.answers["GET /v1/incidents"] = httpx.ConnectError("refused")
    result = cli("incidents", "list")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "Tocsin is not answering at http://127.0.0.1:8010; is it running? `make up`\n"
    )


def test_a_problem_is_one_sentence_for_people_and_json_for_scripts(cli: Cli) -> None:
    cli.tocsin.answers["GET /v1/incidents"] = problem(422, "since: is not a time", field="since")
    result = cli("incidents", "list")
    assert (result.exit_code, result.stderr) == (1, "since: is not a time\n")
    result = cli("--json", "incidents", "list")
    assert (result.exit_code, result.stdout) == (1, "")
    error = json.loads(result.stderr)["error"]
    assert (error["message"], error["status"]) == ("since: is not a time", 422)
    assert error["problem"]["field"] == "since"


def test_an_answer_that_is_no_problem_names_the_address(cli: Cli) -> None:
    cli.tocsin.answers["GET /v1/incidents"] = httpx.Response(500, text="<html>")
    assert "answered 500" in cli("incidents", "list").stderr


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({}, "No token was sent: TOCSIN_TOKEN is not set"),
        ({"TOCSIN_TOKEN": "old"}, "not one this service knows"),
    ],
)
def test_a_missing_token_says_where_it_was_looked_for(
    cli: Cli, environ: dict[str, str], says: str
) -> None:
    cli.environ = {"TOCSIN_VAR": str(cli.home), **environ}
    cli.tocsin.answers["GET /v1/incidents"] = problem(401, "Send an API token.")
    assert says in cli("incidents", "list").stderr


def test_the_token_is_sent_and_never_shown(cli: Cli) -> None:
    cli.tocsin.answers["GET /v1/incidents"] = listed()
    assert "secret-token" not in cli("incidents", "list").output
    assert cli.tocsin.requests[0].headers["authorization"] == "Bearer secret-token"
    assert "secret-token" not in repr(access(cli.environ, cli.home))


def test_a_service_that_is_away_is_asked_again_with_the_same_key(cli: Cli) -> None:
    cli.tocsin.answers |= {
        "GET /v1/incidents/i1": answer({"id": "i1", "number": 7, "title": "T"}),
        "POST /v1/incidents/i1/acknowledge": [
            answer(None, 503, **{"Retry-After": "2"}),
            httpx.ReadTimeout("late"),
            answer({"id": "c1"}, 202),
        ],
    }
    assert cli("incidents", "ack", "i1").exit_code == 0
    assert cli.slept == [2.0, 1.0]
    keys = {r.headers["idempotency-key"] for r in cli.tocsin.requests if r.method == "POST"}
    assert len(keys) == 1


def test_a_service_that_stays_away_is_a_failure(cli: Cli) -> None:
    cli.tocsin.answers["GET /v1/incidents"] = problem(503, "A dependency does not answer.")
    assert cli("incidents", "list").exit_code == 1
    assert len(cli.tocsin.requests) == 3


@pytest.mark.parametrize(
    "words",
    [
        ["--json", "incidents", "list"],
        ["incidents", "--json", "list"],
        ["incidents", "list", "--json"],
    ],
)
def test_json_may_stand_anywhere(cli: Cli, words: list[str]) -> None:
    cli.tocsin.answers["GET /v1/incidents"] = listed()
    assert json.loads(cli(*words).stdout) == {"items": []}


@pytest.mark.parametrize("words", [["nonsense"], ["incidents", "show"], ["shifts", "a", "--x"]])
def test_a_usage_mistake_exits_with_2_and_is_json_for_scripts(cli: Cli, words: list[str]) -> None:
    assert cli(*words).exit_code == 2
    result = cli(*words, "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert json.loads(result.stderr)["error"]["usage"] is True
