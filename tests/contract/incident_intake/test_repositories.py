"""The ports of incident-intake: memory, SQLite and PostgreSQL tell the same truth."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from incident_intake.adapters.memory import MemoryIntakeUnitOfWork
from incident_intake.adapters.sql import SqlIntakeUnitOfWork
from incident_intake.domain.alert import Alert
from incident_intake.domain.counts import AlertCounts
from incident_intake.domain.incident import Incident
from incident_intake.domain.suppression import Silence
from incident_intake.ports import AlertFilter, IncidentFilter, Membership, cursor
from tests.contract.conftest import MakeStore
from tests.unit.incident_intake.world import message
from tocsin.events import Actor, Link
from tocsin.testing import START
from tocsin.unit_of_work import Store

MINUTE = timedelta(minutes=1)
ADA = Actor(kind="user", name="ada")


@pytest.fixture
async def store(make_store: MakeStore) -> Store[Any]:
    return await make_store(MemoryIntakeUnitOfWork, SqlIntakeUnitOfWork, "incident_intake")


def an_alert(key: str, **changes: Any) -> Alert:
    return replace(Alert.opened(message(key)), **changes)


def an_incident(number: int, **changes: Any) -> Incident:
    plain = Incident(
        incident_id=f"inc_{number:032x}",
        number=number,
        title="disk is broken",
        service="checkout",
        status="triggered",
        severity="critical",
        urgency="high",
        source="generic",
        group_key=f"checkout/{number}",
        triggered_at=START + number * MINUTE,
    )
    return replace(plain, **changes)


async def test_an_alert_comes_back_as_it_was_saved(store: Store[Any]) -> None:
    full = an_alert(
        "full",
        status="suppressed",
        description='quotes " and 多字节 🚨',
        labels={"cluster": "eu", "odd.name": ""},
        links=(Link(href="https://a.example", text="graph"),),
        incident_id="inc_1",
        silence_id="sil_1",
        latest_start=START + timedelta(microseconds=123456),
        ended_at=START + MINUTE,
        ended_by="tool",
        resolved_start=START,
        learned_end_at=START + 2 * MINUTE,
        expires_at=START + 3 * MINUTE,
        times_received=7,
    )
    bare = an_alert("bare")
    async with store.begin() as uow:
        await uow.alerts.save([full, bare])
    async with store.read() as uow:
        found = await uow.alerts.load([full.alert_id, bare.alert_id, "alr_unknown"])
    assert found == {full.alert_id: full, bare.alert_id: bare}


async def test_saving_again_replaces(store: Store[Any]) -> None:
    async with store.begin() as uow:
        await uow.alerts.save([an_alert("a"), an_alert("b")])
    async with store.begin() as uow:
        await uow.alerts.save([an_alert("a", title="worse", status="resolved")])
    async with store.read() as uow:
        found = await uow.alerts.listed(AlertFilter(), None, 10)
    assert {(each.dedup_key, each.title, each.status) for each in found} == {
        ("a", "worse", "resolved"),
        ("b", "b is broken", "firing"),
    }


async def test_what_is_not_committed_is_not_there(store: Store[Any]) -> None:
    async def fails() -> None:
        async with store.begin() as uow:
            await uow.alerts.save([an_alert("a")])
            await uow.incidents.save([an_incident(1)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails()
    async with store.read() as uow:
        assert await uow.alerts.listed(AlertFilter(), None, 10) == []
        assert await uow.incidents.listed(IncidentFilter(), None, 10) == []


async def test_alerts_are_found_by_their_incident_and_their_silence(store: Store[Any]) -> None:
    async with store.begin() as uow:
        await uow.alerts.save(
            [
                an_alert("firing", incident_id="inc_1"),
                an_alert("ended", incident_id="inc_1", status="resolved"),
                an_alert("elsewhere", incident_id="inc_2"),
                an_alert("held", status="suppressed", silence_id="sil_1"),
                an_alert("held by another", status="suppressed", silence_id="sil_2"),
            ]
        )
        firing = await uow.alerts.firing_in(["inc_1"])
        held = await uow.alerts.suppressed_by("sil_1")
    assert [each.dedup_key for each in firing] == ["firing"]
    assert [each.dedup_key for each in held] == ["held"]


async def test_alerts_are_listed_newest_first_by_pages_and_filters(store: Store[Any]) -> None:
    alerts = [
        an_alert(f"a{count}", first_received_at=START + count // 2 * MINUTE) for count in range(5)
    ]
    alerts[3] = replace(alerts[3], status="resolved", service="postgres", integration="other")
    async with store.begin() as uow:
        await uow.alerts.save(alerts)
    async with store.read() as uow:
        seen: list[Alert] = []
        after = None
        while page := await uow.alerts.listed(AlertFilter(), after, 2):
            seen += page
            after = cursor(page[-1].first_received_at, page[-1].alert_id)
        resolved = await uow.alerts.listed(AlertFilter(statuses=("resolved",)), None, 9)
        postgres = await uow.alerts.listed(AlertFilter(services=("postgres",)), None, 9)
        tests = await uow.alerts.listed(AlertFilter(integration="tests"), None, 9)
    assert [each.first_received_at for each in seen] == sorted(
        (each.first_received_at for each in alerts), reverse=True
    )
    assert {each.alert_id for each in seen} == {each.alert_id for each in alerts}
    assert resolved == postgres == [alerts[3]]
    assert len(tests) == 4


async def test_a_part_in_an_incident_stays_when_the_alert_moves_on(store: Store[Any]) -> None:
    first, second = an_alert("a"), an_alert("b", first_received_at=START + MINUTE)
    async with store.begin() as uow:
        await uow.alerts.save([second, first])
        await uow.alerts.save_memberships(
            [
                Membership("inc_1", second.alert_id, "firing", START),
                Membership("inc_1", first.alert_id, "firing", START),
                Membership("inc_2", first.alert_id, "firing", START),
            ]
        )
        await uow.alerts.save_memberships(
            [Membership("inc_1", first.alert_id, "resolved", START, START + MINUTE)]
        )
    async with store.read() as uow:
        members = await uow.alerts.members("inc_1", 10)
        one = await uow.alerts.members("inc_1", 1)
        parts = await uow.alerts.parts([first.alert_id, "alr_none"], ["inc_1", "inc_2", "inc_3"])
        assert await uow.alerts.parts([], ["inc_1"]) == []
    assert {(part.incident_id, part.alert_id, part.status) for part in parts} == {
        ("inc_1", first.alert_id, "resolved"),
        ("inc_2", first.alert_id, "firing"),
    }
    assert [(part.status, part.ended_at, alert.dedup_key) for part, alert in members] == [
        ("resolved", START + MINUTE, "a"),
        ("firing", None, "b"),
    ]
    assert len(one) == 1


async def test_an_incident_comes_back_as_it_was_saved(store: Store[Any]) -> None:
    full = an_incident(
        1,
        status="acknowledged",
        version=9,
        description="多字节",
        rule="grouped by cluster",
        alerts=AlertCounts((1, 0, 2, 0), 3, 4),
        acknowledged_by=ADA,
        acknowledged_also_by=(Actor(kind="integration", name="nagios"),),
        acknowledged_at=START,
        acknowledged_until=START + MINUTE,
        snoozed_until=START + 2 * MINUTE,
        resolved_by=Actor(kind="tocsin", name="tocsin"),
        resolved_at=START + 3 * MINUTE,
    )
    async with store.begin() as uow:
        await uow.incidents.save([full, an_incident(2)])
    async with store.read() as uow:
        assert await uow.incidents.load([full.incident_id]) == {full.incident_id: full}
        assert await uow.incidents.get(full.incident_id) == full
        assert await uow.incidents.get("inc_unknown") is None
        assert await uow.incidents.numbered(1) == full
        assert await uow.incidents.numbered(3) is None
        assert await uow.incidents.load([]) == {}


async def test_a_group_finds_its_open_incidents_only(store: Store[Any]) -> None:
    async with store.begin() as uow:
        await uow.incidents.save(
            [
                an_incident(1, group_key="g", status="resolved"),
                an_incident(2, group_key="g", status="acknowledged"),
                an_incident(3, group_key="g"),
                an_incident(4, group_key="other"),
                an_incident(5),
            ]
        )
        by_group = await uow.incidents.load([], ["g"])
        both = await uow.incidents.load([an_incident(5).incident_id], ["g", "unknown"])
    assert sorted(each.number for each in by_group.values()) == [2, 3]
    assert sorted(each.number for each in both.values()) == [2, 3, 5]


async def test_numbers_go_on_where_they_were(store: Store[Any]) -> None:
    async with store.begin() as uow:
        assert await uow.incidents.last_number() == 0
        await uow.incidents.save_last_number(41)
    async with store.begin() as uow:
        assert await uow.incidents.last_number() == 41


async def test_incidents_are_listed_newest_first_by_pages_and_filters(store: Store[Any]) -> None:
    incidents = [an_incident(number) for number in range(1, 6)]
    incidents[1] = replace(incidents[1], status="resolved", service="postgres")
    async with store.begin() as uow:
        await uow.incidents.save(incidents)
    async with store.read() as uow:
        page = await uow.incidents.listed(IncidentFilter(), None, 2)
        rest = await uow.incidents.listed(IncidentFilter(), page[-1].number, 10)
        resolved = await uow.incidents.listed(IncidentFilter(statuses=("resolved",)), None, 9)
        postgres = await uow.incidents.listed(IncidentFilter(services=("postgres",)), None, 9)
        late = await uow.incidents.listed(IncidentFilter(since=START + 4 * MINUTE), None, 9)
    assert [each.number for each in page] == [5, 4]
    assert [each.number for each in rest] == [3, 2, 1]
    assert resolved == postgres == [incidents[1]]
    assert [each.number for each in late] == [5, 4]


async def test_silences_hold_between_their_start_and_their_end(store: Store[Any]) -> None:
    silence = Silence(
        silence_id="sil_1",
        matchers=('team="db"', 'severity=~"critical|error"'),
        starts_at=START,
        ends_at=START + 10 * MINUTE,
        created_by="ada",
        created_at=START,
        comment="moving racks",
    )
    later = replace(silence, silence_id="sil_2", created_at=START + MINUTE)
    async with store.begin() as uow:
        await uow.silences.save([silence, replace(later, starts_at=START + 20 * MINUTE)])
    async with store.read() as uow:
        assert await uow.silences.active(START) == [silence]
        assert await uow.silences.active(START + 10 * MINUTE) == []
        assert (await uow.silences.load(["sil_1"])) == {"sil_1": silence}
        assert await uow.silences.get("sil_1") == silence
        assert await uow.silences.get("sil_3") is None
        listed = await uow.silences.listed(None, 1)
        rest = await uow.silences.listed(cursor(START + MINUTE, "sil_2"), 9)
    assert [each.silence_id for each in listed] == ["sil_2"]
    assert rest == [silence]


async def test_more_ids_than_one_statement_takes_are_loaded_in_parts(store: Store[Any]) -> None:
    """A silence that held back a hundred thousand alerts ends."""
    alert = an_alert("held", incident_id=f"inc_{1:032x}")
    one, other = an_incident(1), an_incident(2)
    many = [f"unknown {number}" for number in range(40_000)]
    async with store.begin() as uow:
        await uow.alerts.save([alert])
        await uow.incidents.save([one, other])
    async with store.begin() as uow:
        alerts = await uow.alerts.load([*many, alert.alert_id])
        firing = await uow.alerts.firing_in([*many, one.incident_id])
        by_id = await uow.incidents.load([*many, one.incident_id])
        by_group = await uow.incidents.load([], [*many, other.group_key])
        none = await uow.incidents.load([])
    assert (alerts, firing) == ({alert.alert_id: alert}, [alert])
    assert by_id == {one.incident_id: one}
    assert by_group == {other.incident_id: other}
    assert none == {}
