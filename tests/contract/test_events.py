"""The published language as it is on disk: what yesterday's producers wrote stays readable.

`golden/` holds one record per event type and version. A file is never changed: a new version gets
a file of its own, and a new optional field needs none.
"""

import importlib
import json
import types
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from dev.generated.applications import application, handled_by
from dev.layout import INTAKE, POSTMORTEM, SERVICES, Service
from tocsin.bus import Consumer, Record
from tocsin.errors import Undecodable
from tocsin.events import (
    ALL,
    EVENTS,
    AlertSuppressed,
    Command,
    Envelope,
    Event,
    LeaveHandoffNote,
    OverrideCommand,
    SilenceCommand,
    decode,
    encode,
)
from tocsin.testing import ManualClock, MemoryStore, MemoryUnitOfWork
from tocsin.topics import ALERT_EVENTS, BY_NAME, COMMANDS

GOLDEN = Path(__file__).parent / "golden"
FILES = sorted(GOLDEN.glob("*.json"))
KINDS = pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)


def record(kind: type[Event]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((GOLDEN / f"{kind.TYPE}.json").read_text(encoding="utf-8"))
    return found


def read(value: dict[str, Any]) -> Envelope[Event]:
    return decode(json.dumps(value).encode())


def written(envelope: Envelope[Event]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(encode(envelope))
    return found


def holds(bigger: Any, smaller: Any, place: str = "") -> list[str]:
    """Return where `bigger` lacks, or says otherwise than, what `smaller` says."""
    if isinstance(smaller, dict) and isinstance(bigger, dict):
        missing = [f"{place}.{name}" for name in smaller if name not in bigger]
        below = [
            fault
            for name in smaller
            if name in bigger
            for fault in holds(bigger[name], smaller[name], f"{place}.{name}")
        ]
        return missing + below
    if isinstance(smaller, list) and isinstance(bigger, list) and len(smaller) == len(bigger):
        pairs = enumerate(zip(bigger, smaller, strict=True))
        return [fault for at, (b, s) in pairs for fault in holds(b, s, f"{place}[{at}]")]
    return [] if bigger == smaller else [f"{place}: {bigger!r}, not {smaller!r}"]


def test_every_event_has_a_golden_file_and_every_file_an_event() -> None:
    assert [file.stem for file in FILES] == sorted(EVENTS)


@KINDS
def test_a_golden_record_reads_and_is_written_again_field_by_field(kind: type[Event]) -> None:
    golden = record(kind)
    envelope = read(golden)
    assert type(envelope.data) is kind
    assert holds(_instants(written(envelope)), _instants(golden)) == []


def _instants(value: dict[str, Any]) -> dict[str, Any]:
    # Two ways to write one instant: the envelope's time may be spelt `+00:00` or `Z`.
    time = str(value["time"]).replace("+00:00", "Z").replace(".000000Z", "Z")
    return {**value, "time": time}


@KINDS
def test_a_golden_record_gives_every_field_a_value_of_its_own(kind: type[Event]) -> None:
    # Otherwise a field that is dropped or renamed would go unnoticed.
    assert set(record(kind)["data"]) == set(kind.model_fields)


@KINDS
def test_the_subject_is_the_key_and_the_version_is_told(kind: type[Event]) -> None:
    golden = record(kind)
    envelope = read(golden)
    assert envelope.data.key == golden["subject"]
    assert golden.get("aggregateversion") == golden["data"].get("version")


@KINDS
def test_fields_of_a_later_release_are_passed_over(kind: type[Event]) -> None:
    golden = record(kind)
    later = json.loads(json.dumps(golden))
    later["partitionkey"] = "x"
    _add_everywhere(later["data"], skip="spec")
    assert read(later).data == read(golden).data


def _add_everywhere(value: Any, skip: str) -> None:
    """Add an unknown field to every object but free-form ones."""
    if isinstance(value, list):
        for item in value:
            _add_everywhere(item, skip)
    if isinstance(value, dict):
        for name, item in value.items():
            if name not in {skip, "labels"}:
                _add_everywhere(item, skip)
        value["field_of_tomorrow"] = {"any": ["thing"]}


@KINDS
def test_what_an_earlier_release_left_out_has_its_default(kind: type[Event]) -> None:
    golden = record(kind)
    required = {name for name, field in kind.model_fields.items() if field.is_required()}
    golden["data"] = {name: value for name, value in golden["data"].items() if name in required}
    for attribute in ("causationid", "correlationid", "traceparent", "aggregateversion", "subject"):
        golden.pop(attribute, None)
    found = read(golden).data
    for name, field in kind.model_fields.items():
        if name not in required:
            assert getattr(found, name) == field.get_default(call_default_factory=True)


@KINDS
def test_a_required_field_cannot_be_left_out(kind: type[Event]) -> None:
    for name, field in kind.model_fields.items():
        if field.is_required():
            golden = record(kind)
            del golden["data"][name]
            with pytest.raises(Undecodable, match=f"data.{name}: "):
                read(golden)


# What the first release required. A name may only ever leave this list, never join it:
# yesterday's records do not have what was invented since.
REQUIRED_SINCE_V1 = GOLDEN.parent / "required_since_v1.json"


@KINDS
def test_no_field_became_required_after_the_first_release(kind: type[Event]) -> None:
    since_v1 = json.loads(REQUIRED_SINCE_V1.read_text(encoding="utf-8"))
    required = {name for name, field in kind.model_fields.items() if field.is_required()}
    assert required <= set(since_v1[kind.TYPE])


@KINDS
def test_every_event_has_a_topic_and_ends_in_its_version(kind: type[Event]) -> None:
    assert kind.TOPIC in BY_NAME
    name, _, version = kind.TYPE.rpartition(".v")
    assert name.startswith("tocsin.")
    assert version.isdigit()


@KINDS
def test_no_part_of_an_event_forbids_unknown_fields(kind: type[Event]) -> None:
    for model in _models(kind):
        assert model.model_config.get("extra") == "ignore", model
        assert model.model_config.get("frozen"), model


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        below = [f.annotation for f in annotation.model_fields.values()]
        return [annotation, *(model for one in below for model in _models(one))]
    if get_origin(annotation) in {Union, types.UnionType, tuple, list, dict}:
        return [model for one in get_args(annotation) for model in _models(one)]
    return []


EACH_SERVICE = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
# Facts that no service has a use for: they are told to whoever watches the topics.
DECLINED = frozenset({AlertSuppressed})


@EACH_SERVICE
def test_a_service_subscribes_only_to_events_of_the_topic(service: Service) -> None:
    subscriptions = application(service).subscriptions
    assert subscriptions
    for subscription in subscriptions:
        assert BY_NAME[subscription.topic.name] is subscription.topic
        assert subscription.events
        for family in subscription.events:
            kinds = [kind for kind in ALL if issubclass(kind, family)]
            assert kinds, family
            assert {kind.TOPIC for kind in kinds} == {subscription.topic.name}


@EACH_SERVICE
def test_no_topic_is_subscribed_to_twice(service: Service) -> None:
    # The consumer group is `<service>.<topic>`: two would steal each other's records.
    topics = [subscription.topic.name for subscription in application(service).subscriptions]
    assert len(topics) == len(set(topics))


@EACH_SERVICE
async def test_an_event_of_a_later_release_is_kept_only_where_it_asks_for_something(
    service: Service,
) -> None:
    value = {**record(AlertSuppressed), "type": "tocsin.of-tomorrow.v1"}
    for subscription in application(service).subscriptions:
        store = MemoryStore(MemoryUnitOfWork)
        consumer = Consumer(service.name, subscription, store, ManualClock())
        name = subscription.topic.name
        await consumer.consume([Record(name, 0, 1, b"k", json.dumps(value).encode())])
        asks = service is INTAKE and subscription.topic in (ALERT_EVENTS, COMMANDS)
        assert len(store.tables.get("dead_letters", {})) == asks, name


def test_every_event_is_handled_or_declined_on_purpose() -> None:
    handled = {kind for service in SERVICES for kind in handled_by(service)}
    assert set(ALL) - handled == DECLINED


def test_every_command_is_decided_by_somebody() -> None:
    # The postmortem service only writes the story down.
    deciding = [service for service in SERVICES if service is not POSTMORTEM]
    decided = {kind for service in deciding for kind in handled_by(service)}
    commands = {
        kind
        for kind in ALL
        if issubclass(kind, Command | SilenceCommand | OverrideCommand | LeaveHandoffNote)
    }
    assert commands - decided == set()


def test_the_modules_of_the_language_export_everything_in_all() -> None:
    package = importlib.import_module("tocsin.events")
    for kind in ALL:
        assert getattr(package, kind.__name__) is kind
        assert kind.__name__ in package.__all__
