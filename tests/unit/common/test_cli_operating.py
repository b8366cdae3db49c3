"""Keys, on-call, topics and dead letters from the terminal."""

import hashlib
import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.unit.common.cli_fakes import Cli, answer, listed, problem
from tocsin.catalog import Integration


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


def test_a_new_key_is_random_and_its_document_is_valid(cli: Cli) -> None:
    found = cli.json("key", "new", "--name", "grafana-prod", "--source", "grafana")
    document = YAML(typ="safe").load(found["yaml"])
    spec = Integration.model_validate(document["spec"])
    assert spec.key_sha256 == hashlib.sha256(found["key"].encode()).hexdigest()
    assert (document["name"], spec.source) == ("grafana-prod", "grafana")
    assert cli.json("key", "new")["key"] != found["key"]
    assert "key_sha256" in cli("key", "new", "--service", "checkout").stdout


def test_who_is_on_call(cli: Cli) -> None:
    item = {
        "schedule": "payments",
        "at": "2026-03-03T14:00:00Z",
        "responders": ["ada"],
        "reason": ["layer weekly"],
    }
    empty = {**item, "schedule": "web", "responders": [], "reason": []}
    cli.tocsin.answers["GET /v1/on-call"] = listed(item, empty)
    result = cli("on-call", "--at", "2h")
    assert result.exit_code == 0
    assert "payments  ada" in result.stdout
    assert "web       nobody" in result.stdout
    assert dict(cli.tocsin.requests[0].url.params) == {"at": "2026-03-03T14:00:00Z"}


def test_who_was_on_call_as_it_was_known_then(cli: Cli) -> None:
    item = {"schedule": "web", "responders": ["bob"], "reason": [], "catalog_version": 4}
    cli.tocsin.answers["GET /v1/on-call"] = listed(item)
    at, known = "2026-03-01T14:00:00Z", "2026-03-01T16:00:00Z"
    result = cli("on-call", "web", "--at", at, "--as-known-at", "2026-03-01T17:00:00+01:00")
    assert result.exit_code == 0
    assert "as version 4 of the catalog says" in result.stdout
    assert dict(cli.tocsin.requests[0].url.params) == {
        "schedule": "web",
        "at": at,
        "as_known_at": known,
    }


def test_a_shadow_is_told_apart(cli: Cli) -> None:
    item = {"schedule": "web", "responders": ["bob"], "shadows": ["eve"], "reason": []}
    cli.tocsin.answers["GET /v1/on-call"] = listed(item)
    assert "bob, eve (shadow)" in cli("on-call").stdout


def test_the_address_of_somebodys_calendar(cli: Cli) -> None:
    url = "https://tocsin.example.org/v1/calendars/ada/x.ics"
    cli.tocsin.answers["GET /v1/users/ada/calendar"] = answer({"url": url})
    assert cli("calendar", "ada").stdout == f"{url}\n"
    assert cli.json("calendar", "ada") == {"url": url}


def test_the_shifts_of_a_schedule(cli: Cli) -> None:
    shift = {
        "schedule": "payments",
        "from": "2026-03-09T09:00:00Z",
        "until": "2026-03-16T09:00:00Z",
        "responders": ["bob"],
        "reason": [],
    }
    cli.tocsin.answers["GET /v1/schedules/payments/shifts"] = listed(shift)
    assert "bob" in cli("shifts", "payments", "--until", "7d").stdout
    assert dict(cli.tocsin.requests[0].url.params) == {
        "from": "2026-03-03T12:00:00Z",
        "to": "2026-03-10T12:00:00Z",
    }


def test_the_shifts_as_they_were_known_then(cli: Cli) -> None:
    cli.tocsin.answers["GET /v1/schedules/web/shifts"] = listed()
    words = ("--from", "2026-03-01T00:00:00Z", "--as-known-at", "2026-03-01T17:00:00+01:00")
    assert cli("shifts", "web", *words).stdout == "Nobody is on call in this time.\n"
    assert dict(cli.tocsin.requests[0].url.params) == {
        "from": "2026-03-01T00:00:00Z",
        "to": "2026-03-15T00:00:00Z",
        "as_known_at": "2026-03-01T16:00:00Z",
    }


def test_who_is_who_in_a_chat_is_listed(cli: Cli) -> None:
    link = {"channel": "slack", "subject": "U0", "user": "ada", "linked_at": "2026-03-03T12:00:00Z"}
    cli.tocsin.answers["GET /v1/chat-links"] = listed(link)
    assert "2026-03-03 12:00:00 UTC" in cli("chat", "list").stdout
    cli.tocsin.answers["GET /v1/chat-links"] = listed()
    assert cli("chat", "list").stdout == "Nobody has linked themselves.\n"


def test_a_schedule_that_is_not_there_is_a_failure(cli: Cli) -> None:
    cli.tocsin.answers["GET /v1/schedules/x/shifts"] = problem(404, "There is no schedule 'x'.")
    result = cli("shifts", "x")
    assert (result.exit_code, result.stderr) == (1, "There is no schedule 'x'.\n")


def test_topics_are_provisioned_where_the_settings_say(cli: Cli) -> None:
    cli.environ |= {"TOCSIN_KAFKA": "a:1,b:2", "TOCSIN_TOPIC_PREFIX": "t."}
    cli.missing_topics = ["t.incidents"]
    assert cli("topics", "provision", "--replication", "3").stdout == "created t.incidents\n"
    assert cli.provisioned == [(("a:1", "b:2"), "t.", 3)]
    cli.missing_topics = []
    assert cli.json("topics", "provision") == {"created": []}


def test_topics_that_differ_are_named_and_exit_with_1(cli: Cli) -> None:
    assert cli("topics", "check").exit_code == 0
    cli.topic_differences = ["tocsin.pages: has 3 partitions, not 12"]
    result = cli("topics", "check")
    assert (result.exit_code, result.stdout) == (1, "tocsin.pages: has 3 partitions, not 12\n")
    assert json.loads(cli("topics", "check", "--json").stdout) == {
        "differences": ["tocsin.pages: has 3 partitions, not 12"]
    }


LETTER = {
    "id": "dl-1",
    "consumer": "notifier.pages",
    "topic": "pages",
    "partition": 0,
    "offset": 4,
    "key": "inc-1",
    "reason": "data.responder: Field required",
    "error": "Undecodable",
    "first_seen_at": "2026-03-03T02:14:00Z",
    "replayed_at": None,
    "payload": "{\x1b[2J}",
}


@pytest.fixture
def letters(cli: Cli) -> Cli:
    cli.tocsin.answers |= {
        "GET /v1/dead-letters/incident-intake": listed(),
        "GET /v1/dead-letters/escalation": listed(),
        "GET /v1/dead-letters/notifier": listed(LETTER),
        "GET /v1/dead-letters/postmortem": listed(),
        "GET /v1/dead-letters/notifier/dl-1": answer(LETTER),
        "POST /v1/dead-letters/notifier/dl-1/replay": answer({"id": "dl-1", "topic": "pages"}, 202),
    }
    return cli


def test_dead_letters_of_all_services_are_listed(letters: Cli) -> None:
    (found,) = letters.json("dead-letters", "list")["items"]
    assert (found["service"], found["id"]) == ("notifier", "dl-1")
    assert "data.responder: Field required" in letters("dead-letters", "list").stdout
    one = letters("dead-letters", "list", "--service", "escalation")
    assert one.stdout == "There are no dead letters.\n"
    assert letters("dead-letters", "list", "--service", "x").exit_code == 2


def test_a_dead_letter_is_found_shown_and_replayed(letters: Cli) -> None:
    shown = letters("dead-letters", "show", "dl-1").stdout
    assert "reason: data.responder: Field required" in shown
    assert "\x1b" not in shown
    assert letters("dead-letters", "replay", "dl-1").stdout == "dl-1 goes to pages again\n"
    assert letters.tocsin.asked()[-1] == "POST /v1/dead-letters/notifier/dl-1/replay"


def test_a_dead_letter_that_nobody_has_is_a_failure(letters: Cli) -> None:
    result = letters("dead-letters", "show", "dl-9")
    assert result.exit_code == 1
    assert "No service has a dead letter dl-9." in result.stderr
