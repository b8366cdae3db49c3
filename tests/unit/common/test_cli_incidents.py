"""Incidents, alerts and silences from the terminal."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.common.cli_fakes import Cli, answer, listed, problem


def incident(number: int = 7, **more: Any) -> dict[str, Any]:
    return {
        "id": f"inc-{number}",
        "number": number,
        "title": "HighErrorRate",
        "status": "triggered",
        "severity": "critical",
        "urgency": "high",
        "service": "checkout",
        "triggered_at": "2026-03-03T02:14:00Z",
        "acknowledged_by": None,
        "resolved_at": None,
        "alerts": {"firing": 1},
        **more,
    }


ALERT = {
    "id": "a1",
    "service": "checkout",
    "status": "firing",
    "title": "SlowQueries",
    "severity": "critical",
    "incident": "inc-7",
    "started_at": "2026-03-03T02:13:00Z",
    "ended_at": None,
}


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    cli = Cli(tmp_path)
    cli.tocsin.answers |= {
        "GET /v1/incidents": listed(incident(8), incident(7)),
        "GET /v1/incidents/7": answer(incident(7, alert_list=[ALERT])),
        "GET /v1/incidents/inc-7": answer(incident(7, alert_list=[ALERT])),
    }
    return cli


def test_incidents_are_listed(cli: Cli) -> None:
    result = cli("incidents", "list")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0].split() == [
        *("number", "status", "severity", "service", "title", "triggered", "acknowledged", "by")
    ]
    assert "HighErrorRate" in result.stdout
    assert "2026-03-03 02:14:00 UTC" in result.stdout


def test_a_list_is_read_to_its_end(cli: Cli) -> None:
    cli.tocsin.answers["GET /v1/incidents"] = [
        listed(incident(9), following="c1"),
        listed(incident(8)),
    ]
    assert [one["number"] for one in cli.json("incidents", "list")["items"]] == [9, 8]
    assert cli.tocsin.requests[1].url.params["cursor"] == "c1"


def test_a_list_is_narrowed_by_the_service(cli: Cli) -> None:
    cli.json("incidents", "list", "--status", "triggered", "--since", "2h")
    asked = dict(cli.tocsin.requests[0].url.params)
    assert asked == {"status": "triggered", "since": "2026-03-03T10:00:00Z", "limit": "500"}


def test_no_incidents_says_so(cli: Cli) -> None:
    cli.tocsin.answers["GET /v1/incidents"] = listed()
    assert cli("incidents", "list").stdout == "There are no incidents.\n"


@pytest.mark.parametrize("which", ["7", "#7", "inc-7"])
def test_an_incident_is_shown_with_its_timeline_by_number_or_id(cli: Cli, which: str) -> None:
    cli.tocsin.answers["GET /v1/timelines/inc-7"] = listed(
        {"at": "2026-03-03T02:14:01Z", "text": "ada paged by email"}
    )
    result = cli("incidents", "show", which)
    assert result.exit_code == 0
    assert "#7 HighErrorRate" in result.stdout
    assert "SlowQueries" in result.stdout
    assert "ada paged by email" in result.stdout
    assert cli.json("incidents", "show", which)["timeline"][0]["text"] == "ada paged by email"


def test_an_incident_is_shown_while_postmortem_is_away(cli: Cli) -> None:
    cli.tocsin.answers["GET /v1/timelines/inc-7"] = httpx.ConnectError("refused")
    result = cli("incidents", "show", "7")
    assert result.exit_code == 0
    assert "#7 HighErrorRate" in result.stdout
    assert "The timeline cannot be read" in result.stdout
    assert "not answering" in cli.json("incidents", "show", "7")["timeline_error"]


@pytest.mark.parametrize("which", ["9", "inc-9"])
def test_an_incident_that_is_not_there_is_a_failure(cli: Cli, which: str) -> None:
    result = cli("incidents", "show", which)
    assert result.exit_code == 1
    assert "There is no incident" in result.stderr


@pytest.mark.parametrize(
    ("words", "path", "body"),
    [
        (["ack", "7"], "acknowledge", {}),
        (["ack", "7", "--by", "ada"], "acknowledge", {"by": "ada"}),
        (["resolve", "7"], "resolve", {}),
        (["escalate", "7"], "escalate", {}),
        (
            ["escalate", "7", "--to", "user:ana", "--to", "team:web", "--reason", "replica lags"],
            "escalate",
            {"to": ["user:ana", "team:web"], "reason": "replica lags"},
        ),
        (
            ["reassign", "7", "--to", "user:ana", "--to", "team:web", "--by", "ada"],
            "reassign",
            {"to": ["user:ana", "team:web"], "by": "ada"},
        ),
        (["snooze", "7", "2h"], "snooze", {"until": "2026-03-03T14:00:00Z"}),
        (
            ["snooze", "7", "2026-03-04T09:00:00+01:00"],
            "snooze",
            {"until": "2026-03-04T08:00:00Z"},
        ),
        (["note", "7", "rolled back"], "note", {"text": "rolled back"}),
    ],
)
def test_a_command_is_posted(cli: Cli, words: list[str], path: str, body: dict[str, Any]) -> None:
    cli.tocsin.answers[f"POST /v1/incidents/inc-7/{path}"] = answer({"id": "cmd-1"}, 202)
    result = cli("incidents", *words)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("#7 HighErrorRate: ")
    assert cli.tocsin.body() == body
    assert cli.tocsin.requests[-1].headers["idempotency-key"]


def test_a_refused_command_says_why(cli: Cli) -> None:
    cli.tocsin.answers["POST /v1/incidents/inc-7/acknowledge"] = problem(
        409, "The incident is resolved."
    )
    result = cli("incidents", "ack", "7")
    assert (result.exit_code, result.stderr) == (1, "The incident is resolved.\n")


def test_a_reassignment_names_somebody_and_tells_a_machine_what_came_of_it(cli: Cli) -> None:
    assert cli("incidents", "reassign", "7").exit_code == 2
    assert "POST" not in " ".join(cli.tocsin.asked())
    reassign = "POST /v1/incidents/inc-7/reassign"
    cli.tocsin.answers[reassign] = problem(422, "to: no person 'bbo'; did you mean \"bob\"?")
    result = cli("incidents", "reassign", "7", "--to", "bbo")
    assert (result.exit_code, 'did you mean "bob"?' in result.stderr) == (1, True)
    cli.tocsin.answers[reassign] = answer({"id": "cmd-1"}, 202)
    found = cli.json("incidents", "reassign", "7", "--to", "bob")
    assert (found["id"], found["number"]) == ("cmd-1", 7)


@pytest.mark.parametrize("until", ["tomorrow", "2026-03-04T09:00:00", "2 h"])
def test_a_time_that_is_none_is_a_usage_mistake(cli: Cli, until: str) -> None:
    assert cli("incidents", "snooze", "7", until).exit_code == 2
    assert "POST" not in " ".join(cli.tocsin.asked())


HOSTILE = "\x1b]0;owned\x07\x1b[2J \u202eevil\u202c [red]markup[/red] :smile:\r\nfake line"


def test_hostile_titles_cannot_drive_the_terminal(cli: Cli) -> None:
    cli.tocsin.answers |= {
        "GET /v1/incidents": listed(incident(7, title=HOSTILE)),
        "GET /v1/incidents/7": answer(incident(7, title=HOSTILE)),
        "GET /v1/timelines/inc-7": listed({"at": "2026-03-03T02:14:01Z", "text": HOSTILE}),
        "POST /v1/incidents/inc-7/acknowledge": problem(409, HOSTILE),
    }
    for words in (["list"], ["show", "7"], ["ack", "7"]):
        output = cli("incidents", *words).output
        assert not set("\x1b\x07\r\u202e\u202c") & set(output)
        assert "\\x1b]0;owned\\x07" in output
        assert "[red]markup[/red] :smile:" in output
    assert json.loads(cli("incidents", "list", "--json").stdout)["items"][0]["title"] == HOSTILE


def test_alerts_are_listed(cli: Cli) -> None:
    cli.tocsin.answers["GET /v1/alerts"] = listed(ALERT)
    assert "firing" in cli("alerts", "list", "--service", "checkout").stdout
    assert cli.tocsin.requests[0].url.params["service"] == "checkout"
    assert cli.json("alerts", "list") == {"items": [ALERT]}


def test_a_test_alert_goes_through_the_front_door(cli: Cli) -> None:
    cli.tocsin.answers["POST /v1/alerts/generic"] = answer(
        {"accepted": 1, "event_ids": ["e1"]}, 202
    )
    found = cli.json("ring", "--title", "Drill", "--severity", "warning", "--key", "k1")
    assert found["accepted"] == 1
    assert cli.tocsin.requests[0].headers["x-tocsin-key"] == "k1"
    # The operator's token is not the monitoring tool's key.
    assert "secret-token" not in str(cli.tocsin.requests[0].headers)
    body = cli.tocsin.body()
    assert (body["title"], body["severity"], body["status"]) == ("Drill", "warning", "firing")
    assert body["dedup_key"] == found["dedup_key"]


def test_a_key_that_intake_does_not_know_is_said(cli: Cli) -> None:
    cli.tocsin.answers["POST /v1/alerts/generic"] = problem(401, "Send an integration key.")
    result = cli("ring", "--key", "k1")
    assert result.exit_code == 1
    assert "give one with --key or TOCSIN_KEY" in result.stderr
    assert "k1" not in result.output


def test_an_integration_that_signs_is_not_rung_by_hand(cli: Cli) -> None:
    kind = "urn:tocsin:problem:bad-signature"
    cli.tocsin.answers["POST /v1/alerts/generic"] = problem(401, "missing", type=kind)
    result = cli("ring", "--key", "k1")
    assert result.exit_code == 1
    assert "has to sign, and `ring` cannot" in result.stderr


def test_a_test_alert_can_be_ended(cli: Cli) -> None:
    cli.tocsin.answers["POST /v1/alerts/generic"] = answer({"accepted": 1}, 202)
    assert cli("ring", "--resolve").exit_code == 2
    assert cli("ring", "--severity", "bad").exit_code == 2
    assert cli("ring", "--resolve", "--dedup-key", "d1").exit_code == 0
    assert (cli.tocsin.body()["status"], cli.tocsin.body()["dedup_key"]) == ("resolved", "d1")


def test_a_silence_is_added_listed_and_expired(cli: Cli) -> None:
    silence = {
        "id": "s1",
        "matchers": ['team="db"'],
        "starts_at": "2026-03-03T12:00:00Z",
        "ends_at": "2026-03-03T14:00:00Z",
        "created_by": "ada",
        "comment": "upgrade",
    }
    cli.tocsin.answers |= {
        "POST /v1/silences": answer(silence, 201),
        "GET /v1/silences": listed(silence),
        "POST /v1/silences/s1/expire": answer(silence),
    }
    result = cli("silence", "add", 'team="db"', "--until", "2h", "--comment", "upgrade")
    assert result.exit_code == 0, result.output
    assert cli.tocsin.body() == {
        "matchers": ['team="db"'],
        "starts_at": "2026-03-03T12:00:00Z",
        "ends_at": "2026-03-03T14:00:00Z",
        "comment": "upgrade",
    }
    assert "upgrade" in cli("silence", "list").stdout
    assert cli("silence", "expire", "s1").stdout == "s1 has ended\n"


def test_a_matcher_that_is_none_is_never_sent(cli: Cli) -> None:
    result = cli("silence", "add", "team", "--until", "2h")
    assert result.exit_code == 2
    assert "is not a matcher" in result.stderr
    assert cli.tocsin.requests == []
