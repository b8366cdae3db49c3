"""The catalog's follower: what it remembers is in force again after a restart."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from tocsin.catalog import Service
from tocsin.database import Database
from tocsin.events import (
    CatalogApplied,
    CatalogDocumentChanged,
    Event,
    OnCallChanged,
    ShiftsForeseen,
    caused_by,
    encode,
)
from tocsin.follower import Follower
from tocsin.holder import CatalogHolder
from tocsin.tables import RECIPE
from tocsin.testing import START

Spec = dict[str, object] | None


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/follower.db")
    async with database.transaction() as connection:
        await connection.run_sync(RECIPE.create_all)
    yield database
    await database.close()


def service(name: str, version: int, spec: Spec) -> CatalogDocumentChanged:
    return CatalogDocumentChanged(
        kind="Service", name=name, set="default", catalog_version=version, author="ada", spec=spec
    )


def applied(version: int) -> CatalogApplied:
    return CatalogApplied(catalog_version=version, author="ada", set="default", changed=1)


async def read(follower: Follower, facts: Sequence[Event | bytes]) -> None:
    """Let the follower read records as it would from the topic, its database asked before."""
    await follower.recall()
    await records(follower, facts)


async def records(follower: Follower, facts: Sequence[Event | bytes]) -> None:
    """Let the follower read records to the end of the topic, whether the database was asked."""
    for offset, fact in enumerate(facts):
        value = (
            fact
            if isinstance(fact, bytes)
            else encode(caused_by(None, fact, now=START, source="escalation"))
        )
        await follower._read(SimpleNamespace(value=value, offset=offset))
    await follower._take_over()  # The end of the topic is reached.


def follower(database: Database, holder: CatalogHolder) -> Follower:
    return Follower(["127.0.0.1:1"], "tocsin.", database, holder)


async def test_a_version_comes_into_force_whole(database: Database) -> None:
    holder = CatalogHolder()
    one = follower(database, holder)
    await read(one, [service("web", 1, {}), service("db", 1, {"team": "infra"})])
    assert holder.current.version == 0
    await read(one, [applied(1)])
    assert holder.loaded
    assert holder.current.version == 1
    assert holder.current.service("db") == Service(team="infra")


async def test_a_restart_without_kafka_has_the_last_version_in_force(database: Database) -> None:
    one = follower(database, CatalogHolder())
    await read(one, [service("web", 1, {}), service("old", 1, {}), applied(1)])
    await read(one, [service("web", 2, {"team": "web"}), service("old", 2, None), applied(2)])
    await read(one, [service("half", 3, {})])  # Its version never came.
    holder = CatalogHolder()
    await follower(database, holder).recall()
    assert holder.loaded
    assert holder.current.version == 2
    assert holder.current.service("web") == Service(team="web")
    assert holder.current.service("old") is None
    assert holder.current.service("half") is None


async def test_an_empty_database_remembers_nothing_and_is_not_loaded(database: Database) -> None:
    holder = CatalogHolder()
    await follower(database, holder).recall()
    assert not holder.loaded


async def test_the_past_that_is_replayed_never_goes_back_in_force(database: Database) -> None:
    past: list[Event | bytes] = [service("web", 1, {"team": "old"}), applied(1)]
    latest: list[Event | bytes] = [service("web", 2, {"team": "new"}), applied(2)]
    await read(follower(database, CatalogHolder()), [*past, *latest])
    holder = CatalogHolder()
    again = follower(database, holder)
    await again.recall()
    await read(again, past)
    assert holder.current.version == 2
    assert holder.current.service("web") == Service(team="new")
    await read(again, latest)
    assert holder.current.service("web") == Service(team="new")
    recalled = CatalogHolder()
    await follower(database, recalled).recall()
    assert recalled.current.service("web") == Service(team="new")


async def test_a_record_that_cannot_be_understood_is_passed_over(database: Database) -> None:
    holder = CatalogHolder()
    await read(follower(database, holder), [b"junk", b"", service("web", 1, {}), applied(1)])
    assert holder.current.service("web") is not None


async def test_the_past_is_replayed_without_coming_into_force_on_its_way(
    database: Database,
) -> None:
    holder = CatalogHolder()
    one = follower(database, holder)
    for fact in (service("web", 1, {}), applied(1)):
        value = encode(caused_by(None, fact, now=START, source="escalation"))
        await one._read(SimpleNamespace(value=value, offset=0))
    assert not holder.loaded
    await one._take_over()
    assert holder.current.version == 1


async def test_without_the_database_the_catalog_of_the_topic_is_in_force(tmp_path: Path) -> None:
    holder = CatalogHolder()
    database = Database(f"sqlite:///{tmp_path}/away.db")  # No tables: as if it were away.
    one = follower(database, holder)
    await records(one, [service("web", 1, {}), applied(1)])
    assert holder.current.version == 1
    async with database.transaction() as connection:
        await connection.run_sync(RECIPE.create_all)
    await one.recall()
    await one._take_over()
    recalled = CatalogHolder()
    await follower(database, recalled).recall()
    assert recalled.current.version == 1
    await database.close()


async def test_an_empty_topic_is_believed_only_after_the_database_was_asked(
    database: Database,
) -> None:
    await read(follower(database, CatalogHolder()), [service("web", 1, {}), applied(1)])
    holder = CatalogHolder()
    one = follower(database, holder)
    await records(one, [])
    assert not holder.loaded
    await read(one, [])
    assert holder.current.version == 1


async def test_what_the_database_remembers_never_replaces_a_later_version(
    database: Database,
) -> None:
    await read(follower(database, CatalogHolder()), [service("web", 1, {}), applied(1)])
    holder = CatalogHolder()
    one = follower(database, holder)
    await records(one, [service("web", 2, {"team": "new"}), applied(2)])
    await one.recall()
    assert holder.current.version == 2


async def test_a_topic_that_was_lost_and_holds_only_what_changed_since_takes_nothing_away(
    database: Database,
) -> None:
    await read(
        follower(database, CatalogHolder()),
        [service("web", 1, {}), service("db", 1, {}), service("old", 1, {}), applied(1)],
    )
    since: list[Event | bytes] = [
        service("web", 2, {"team": "new"}),
        service("old", 2, None),
        applied(2),
    ]
    for asks_first in (True, False):
        holder = CatalogHolder()
        one = follower(database, holder)
        if asks_first:
            await one.recall()
        one._building = holder.current  # As it begins to follow.
        await records(one, since)
        await one.recall()
        assert holder.current.version == 2
        assert holder.current.service("web") == Service(team="new")
        assert holder.current.service("db") is not None
        assert holder.current.service("old") is None


def on_call(schedule: str, *responders: str, removed: bool = False) -> OnCallChanged:
    return OnCallChanged(
        schedule=schedule,
        responders=responders,
        since=START,
        catalog_version=1,
        removed=removed,
    )


async def test_who_is_on_call_is_what_was_told_last(database: Database) -> None:
    holder = CatalogHolder()
    one = follower(database, holder)
    await read(one, [on_call("web", "ada"), on_call("db", "bob"), on_call("web", "eve")])
    assert {name: told.responders for name, told in holder.on_call.items()} == {
        "web": ("eve",),
        "db": ("bob",),
    }
    again = on_call("db", removed=True)
    await read(one, [again, again])  # A relay that was killed before it deleted sends twice.
    assert set(holder.on_call) == {"web"}


async def test_the_shifts_of_the_coming_weeks_are_passed_over_undecoded(database: Database) -> None:
    told = ShiftsForeseen(schedule="web", catalog_version=9, since=START, until=START)
    body = encode(caused_by(None, told, now=START, source="escalation"))
    broken = body.partition(b'"data"')[0] + b'"data":{}}'
    holder = CatalogHolder()
    with capture_logs() as said:
        await read(follower(database, holder), [service("web", 1, {}), broken, applied(1)])
    assert [one["event"] for one in said] == ["catalog_in_force"]
    assert holder.current.version == 1
