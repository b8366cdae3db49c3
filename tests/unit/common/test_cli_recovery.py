"""Rewinding, backing up, restoring and comparing from the terminal."""

import contextlib
import json
import sqlite3
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.unit.common.cli_fakes import NOW, Cli, answer, listed
from tocsin.cli.app import app
from tocsin.errors import Refused

Lags = Callable[[Sequence[str], str, str], Coroutine[None, None, dict[str, int]]]


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


class Kafka:
    """Remembers what was rewound, or refuses it."""

    def __init__(self, refusal: str = "") -> None:
        self.asked: list[tuple[str, str | None, datetime | None, bool]] = []
        self._refusal = refusal

    async def rewind(
        self,
        bootstrap: Sequence[str],
        prefix: str,
        service: str,
        topic: str | None,
        to: datetime | None,
        *,
        dry_run: bool,
    ) -> list[dict[str, object]]:
        assert (tuple(bootstrap), prefix) == (("127.0.0.1:8011",), "tocsin.")
        if self._refusal:
            raise Refused(self._refusal)
        self.asked.append((service, topic, to, dry_run))
        return [{"topic": "tocsin.pages", "partition": 3, "from": None, "to": 7}]

    async def lag(self, bootstrap: Sequence[str], prefix: str, service: str) -> dict[str, int]:
        del bootstrap, prefix
        return {"incidents": 2 if service == "notifier" else 0}


def run(cli: Cli, kafka: Kafka, *words: str) -> Result:
    world = replace(cli.world(), rewind=kafka.rewind, lag=kafka.lag)
    return CliRunner().invoke(app, list(words), obj=world)


REWIND = ("topics", "rewind")
PAGES = (*REWIND, "pages", "--service", "notifier")


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (("--yes",), ("notifier", "pages", None, False)),
        (("--yes", "--to", "2h"), ("notifier", "pages", NOW - timedelta(hours=2), False)),
        (("--dry-run", "--to", "2026-03-03T12:00:00Z"), ("notifier", "pages", NOW, True)),
    ],
)
def test_a_rewind_goes_to_the_beginning_or_to_a_time(
    cli: Cli, words: tuple[str, ...], asked: tuple[Any, ...]
) -> None:
    kafka = Kafka()
    result = run(cli, kafka, *PAGES, *words)
    assert result.exit_code == 0, result.output
    assert kafka.asked == [asked]
    assert "tocsin.pages  3          unknown  7" in result.stdout
    assert ("Nothing was changed." in result.stdout) is asked[3]


def test_all_topics_of_a_service_are_rewound_by_one_word(cli: Cli) -> None:
    kafka = Kafka()
    result = run(cli, kafka, "--json", *REWIND, "all", "--service", "escalation", "--yes")
    assert kafka.asked == [("escalation", None, None, False)]
    told = json.loads(result.stdout)
    assert told["done"] is True
    assert told["partitions"] == [{"topic": "tocsin.pages", "partition": 3, "from": None, "to": 7}]


@pytest.mark.parametrize(
    ("words", "refusal", "code", "said"),
    [
        (PAGES, "", 2, "say --yes"),
        ((*REWIND, "pages", "--service", "nobody", "--yes"), "", 2, "is not a service"),
        ((*PAGES, "--yes", "--to", "yesterday"), "", 2, "neither a time"),
        ((*PAGES, "--yes"), "notifier is running", 1, "notifier is running"),
    ],
)
def test_a_rewind_that_cannot_be_meant_is_refused(
    cli: Cli, words: tuple[str, ...], refusal: str, code: int, said: str
) -> None:
    kafka = Kafka(refusal)
    result = run(cli, kafka, *words)
    assert result.exit_code == code
    assert said in result.stderr
    assert kafka.asked == []


def test_who_has_records_yet_to_handle_is_told_with_exit_code_1(cli: Cli) -> None:
    result = run(cli, Kafka(), "topics", "lag")
    assert result.exit_code == 1
    assert "notifier         incidents  2" in result.stdout
    assert run(cli, Kafka(), "topics", "lag", "--service", "escalation").exit_code == 0


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "service.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE kept (what TEXT)")
        connection.execute("INSERT INTO kept VALUES ('before')")
        connection.commit()
    return path


def kept(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT what FROM kept")]


def test_a_database_in_use_is_backed_up_and_restored_once_it_is_not(
    cli: Cli, database: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("INSERT INTO kept VALUES ('committed')")
        connection.commit()
        connection.execute("INSERT INTO kept VALUES ('not committed')")
        told = cli.json("backup", f"sqlite:///{database}", str(copy))
        connection.commit()
        assert told["bytes"] == copy.stat().st_size
        refused = cli("restore", str(copy), f"sqlite:///{database}")
        assert refused.exit_code == 1
        assert "stop its service first" in refused.stderr
    assert kept(copy) == ["before", "committed"]
    told = cli.json("restore", str(copy), f"sqlite:///{database}")
    assert kept(database) == ["before", "committed"]
    assert kept(Path(told["aside"])) == ["before", "committed", "not committed"]
    assert not list(tmp_path.glob("*.partial"))


def test_a_backup_never_overwrites_and_a_broken_one_is_not_restored(
    cli: Cli, database: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes(b"something else")
    assert "exists already" in cli("backup", f"sqlite:///{database}", str(copy)).stderr
    assert "could not be restored" in cli("restore", str(copy), f"sqlite:///{database}").stderr
    assert kept(database) == ["before"]
    assert "no such file" in cli("restore", "nowhere.db", f"sqlite:///{database}").stderr
    assert "no such file" in cli("backup", "sqlite:///nowhere.db", str(tmp_path / "c.db")).stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("backup", "postgresql://db/intake", "a.dump"), "pg_dump --format=custom --file=a.dump"),
        (("restore", "a.dump", "postgresql://db/intake"), "pg_restore --clean --if-exists"),
        (("backup", "intake.db", "a.db"), "write sqlite:///path"),
    ],
)
def test_postgresql_has_tools_of_its_own(cli: Cli, words: tuple[str, ...], said: str) -> None:
    result = cli(*words)
    assert result.exit_code == 2
    assert said in result.stderr


def incident(name: str, status: str) -> dict[str, Any]:
    return {"id": f"inc_{name}", "number": 1, "status": status}


def climb(status: str, reason: str | None = None) -> Any:
    return answer({"status": status, "reason": reason})


def test_services_that_agree_have_no_differences(cli: Cli) -> None:
    cli.tocsin.answers |= {
        "GET /v1/incidents": listed(incident("a", "triggered"), incident("b", "acknowledged")),
        "GET /v1/escalations/inc_a": climb("waiting"),
        "GET /v1/escalations/inc_b": climb("halted", "acknowledged"),
        "GET /v1/timelines/inc_a": listed({"text": "triggered"}),
        "GET /v1/timelines/inc_b": listed({"text": "triggered"}),
    }
    assert cli.json("compare") == {"incidents": 2, "differences": []}
    assert cli.slept == []


def test_what_still_differs_after_a_moment_is_told(cli: Cli) -> None:
    cli.tocsin.answers |= {
        "GET /v1/incidents": listed(incident("a", "triggered"), incident("b", "acknowledged")),
        "GET /v1/escalations/inc_a": [climb("halted", "resolved"), climb("halted", "resolved")],
        "GET /v1/escalations/inc_b": [climb("waiting"), climb("halted", "acknowledged")],
        "GET /v1/timelines/inc_b": listed({"text": "triggered"}),
    }
    result = cli("--json", "compare")
    assert result.exit_code == 1
    found = [(one["incident"], one["what"]) for one in json.loads(result.stdout)["differences"]]
    assert found == [
        ("inc_a", "escalation has halted: resolved"),
        ("inc_a", "postmortem has no timeline"),
    ]
