"""Bounds: what is too much is cut, the longest first, and never what tells alerts apart."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_intake.domain import grouping
from incident_intake.domain.alert import Alert
from incident_intake.domain.bounds import LABEL_BYTES, fitting, in_calendar
from incident_intake.domain.message import Receipt
from incident_intake.entrypoints.sources.generic import generic
from tests.unit.incident_intake.world import World, message
from tocsin.catalog import Service
from tocsin.events import Actor, Command, CommandRefused, Link, OpenIncident, SnoozeIncident
from tocsin.testing import START

ADA = Actor(kind="user", name="ada")


def size(labels: dict[str, str]) -> int:
    return sum(len(name.encode()) + len(text.encode()) for name, text in labels.items())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T02:00:00+02:00", datetime(1970, 1, 1, tzinfo=UTC)),
        ("2026-01-05T10:00:00+01:00", datetime(2026, 1, 5, 9, tzinfo=UTC)),
        ("9000-12-31T23:59:59Z", datetime(9000, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_an_instant_becomes_utc(text: str, expected: datetime) -> None:
    found = in_calendar(datetime.fromisoformat(text))
    assert (found, found.tzinfo) == (expected, UTC)


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00+14:00",
        "1970-01-01T00:00:00+02:00",
        "9000-12-31T23:59:59-12:00",
        "9001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_an_instant_outside_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="from 1970 to 9000"):
        in_calendar(datetime.fromisoformat(text))


async def test_a_command_with_such_an_instant_is_refused_and_changes_nothing() -> None:
    world = World()
    await world.rings(message())
    (incident,) = world.incidents()
    far = datetime.fromisoformat("9999-12-31T23:59:59-12:00")
    (fact,) = await world.rings(SnoozeIncident(incident_id=incident.incident_id, by=ADA, until=far))
    assert isinstance(fact, CommandRefused)
    assert fact.reason.startswith("until: the year must be")
    assert world.incidents() == [incident]


def test_what_is_small_stays_exact_beside_what_is_cut() -> None:
    labels = {"a": "界" * 40_000, "alertname": "Disk", "b": "x" * 200_000}
    found = fitting(labels, 1_000_000)
    assert found["alertname"] == "Disk"
    assert list(found) == list(labels)
    assert size(found) <= LABEL_BYTES
    assert found["a"].endswith("界…")
    assert found["b"].endswith("x…")


@given(
    st.dictionaries(st.text(max_size=60), st.text(max_size=200), max_size=12),
    st.integers(min_value=400, max_value=4000),
)
def test_labels_keep_within_their_budget(labels: dict[str, str], budget: int) -> None:
    found = fitting(labels, 150, budget)
    assert size(found) <= budget
    assert all(len(text) <= 150 for text in found.values())


def test_alerts_that_differ_only_in_what_is_cut_are_still_two() -> None:
    receipt = Receipt("tests", START, "a-request")
    bodies = [{"title": "t", "labels": {"error": "x" * 9_000 + end}} for end in "ab"]
    one, other = generic(bodies, receipt).messages
    assert one.labels == other.labels
    assert one.dedup_key != other.dedup_key


def test_a_page_tells_of_few_labels_and_links_and_not_at_length() -> None:
    labels = {f"label{n}": "x" * 4_000 for n in range(150)}
    links = (
        Link(href="https://long.example/" + "x" * 3_000),
        *(Link(href=f"https://{n}.example") for n in range(20)),
    )
    found = Alert.opened(message(labels=labels, links=links, description="d" * 9_000)).summary()
    assert len(found.labels) == 64
    assert size(found.labels) <= 16 * 1024
    assert [link.href for link in found.links] == [f"https://{n}.example" for n in range(8)]
    assert len(found.description) == 2048


def test_a_page_tells_an_ordinary_alert_whole() -> None:
    labels = {f"label{n}": "x" * 50 for n in range(20)}
    alert = Alert.opened(message(labels=labels, description="d" * 2048))
    assert alert.summary().labels == labels
    assert alert.summary().description == alert.description


def test_a_long_group_key_is_short_and_still_its_own() -> None:
    service = Service.model_validate({"grouping": {"by": ["error"]}})
    keys = {
        grouping.group_key("checkout", service, {"error": "x" * 4_000 + end}, "k") for end in "ab"
    }
    assert len(keys) == 2
    assert all(key.startswith('checkout{error="xxx') and len(key) <= 255 for key in keys)
    assert len(grouping.group_key("s" * 100, None, {}, "k" * 255)) <= 255
    assert grouping.group_key("checkout", None, {}, "k" * 246) == "checkout/" + "k" * 246


async def test_an_incident_opened_with_a_long_service_has_a_short_group_key() -> None:
    world = World()
    command: Command = OpenIncident(
        incident_id="inc_1", by=ADA, title="by hand", service="s" * 4_000, severity="error"
    )
    await world.rings(command)
    assert [len(each.group_key) <= 255 for each in world.incidents()] == [True]
