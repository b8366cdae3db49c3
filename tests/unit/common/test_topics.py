"""The topics: every event has one, and a key that keeps its order."""

from datetime import timedelta

import pytest

from tocsin import housekeeping, topics
from tocsin.events import ALL, Event
from tocsin.topics import BY_NAME, TOPICS


def test_topic_names_are_unique_and_legal_on_any_broker() -> None:
    assert len(BY_NAME) == len(TOPICS) == 8
    for topic in TOPICS:
        assert topic.name.replace("-", "").isalnum()
        assert topic.full_name("tocsin.") == f"tocsin.{topic.name}"


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.__name__)
def test_every_event_has_a_topic_and_a_key_among_its_fields(event: type[Event]) -> None:
    assert event.TOPIC in BY_NAME
    computed = event.key is not Event.key
    assert computed or event.KEY in event.model_fields


def test_every_topic_holds_some_event() -> None:
    assert {event.TOPIC for event in ALL} == set(BY_NAME)


def test_the_catalog_is_compacted_in_one_partition() -> None:
    # A reader that sees CatalogApplied must have seen every document of that version.
    assert topics.CATALOG.partitions == 1
    assert topics.CATALOG.settings["cleanup.policy"] == "compact"


def test_everything_else_has_twelve_partitions_and_an_end() -> None:
    for topic in TOPICS:
        if topic is not topics.CATALOG:
            assert topic.partitions == 12
            assert int(topic.settings["retention.ms"]) >= 30 * 24 * 3600 * 1000


def test_no_topic_loses_what_it_acknowledged_to_an_unclean_election() -> None:
    for topic in TOPICS:
        assert topic.settings["unclean.leader.election.enable"] == "false"
        assert int(topic.settings["max.message.bytes"]) == topics.MAX_MESSAGE_BYTES


def test_the_inbox_outlives_the_longest_retention() -> None:
    longest = max(int(topic.settings.get("retention.ms", 0)) for topic in TOPICS)
    assert timedelta(milliseconds=longest) < housekeeping.KEPT
