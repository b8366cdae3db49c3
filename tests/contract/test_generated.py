"""What is generated from code: current, whole, and the same on every machine."""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dev.generate import generated, stale
from dev.generated.applications import WRITERS, made_by
from dev.generated.schemas import asyncapi, openapi
from dev.layout import ROOT, SERVICES, Service
from tocsin.catalog import KINDS
from tocsin.catalog.schema import catalog_schema
from tocsin.events import ALL, Command, Event
from tocsin.topics import TOPICS

EACH_SERVICE = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from references(item)


def resolved(document: Any, reference: str) -> Any:
    for step in reference.removeprefix("#/").split("/"):
        document = document[step.replace("~1", "/").replace("~0", "~")]
    return document


@pytest.mark.parametrize("make", [asyncapi, catalog_schema])
def test_every_reference_leads_somewhere(make: Callable[[], Any]) -> None:
    _assert_whole(make())


@EACH_SERVICE
def test_every_reference_of_openapi_leads_somewhere(service: Service) -> None:
    _assert_whole(openapi(service))


def _assert_whole(document: Any) -> None:
    found = list(references(document))
    assert found
    for reference in found:
        # KeyError: it leads nowhere. `{}` is whatever JSON there is.
        assert isinstance(resolved(document, reference), dict), reference


def test_asyncapi_tells_every_topic_and_message() -> None:
    document = asyncapi()
    assert list(document["channels"]) == [topic.name for topic in TOPICS]
    assert list(document["components"]["messages"]) == [kind.__name__ for kind in ALL]
    told = {
        reference.rpartition("/")[2]
        for channel in document["channels"].values()
        for reference in references(channel["messages"])
    }
    assert told == {kind.__name__ for kind in ALL}


def test_the_page_tells_every_event_and_field() -> None:
    page = generated()[ROOT / "docs" / "events.md"]
    for kind in ALL:
        section = re.search(rf"^### {kind.__name__}$(.*?)(?=^##)", page, re.MULTILINE | re.DOTALL)
        assert section
        assert f"`{kind.TYPE}`" in section[1]
        for field in kind.model_fields:
            assert f"| `{field}` |" in section[1]


@EACH_SERVICE
def test_openapi_holds_what_every_service_has(service: Service) -> None:
    paths = openapi(service)["paths"]
    common = {"/healthz", "/readyz", "/metrics", f"/v1/dead-letters/{service.name}"}
    assert common < set(paths)


@EACH_SERVICE
def test_openapi_says_where_a_token_is_needed(service: Service) -> None:
    document = openapi(service)
    assert document["components"]["securitySchemes"] == {
        "token": {"type": "http", "scheme": "bearer"}
    }
    paths = document["paths"]
    assert paths[f"/v1/dead-letters/{service.name}"]["get"]["security"] == [{"token": []}]
    assert "security" not in paths["/healthz"]["get"]


def test_no_path_is_of_two_services() -> None:
    # One proxy may serve all four; only health and metrics are each service's own.
    owners: dict[str, list[str]] = {}
    for service in SERVICES:
        for path in openapi(service)["paths"]:
            owners.setdefault(re.sub(r"\{[^}]*\}", "{}", path), []).append(service.name)
    shared = {path for path, names in owners.items() if len(names) > 1}
    assert shared == {"/healthz", "/readyz", "/metrics"}


def test_the_catalog_schema_has_a_rule_per_kind() -> None:
    document = catalog_schema()
    kinds = [rule["if"]["properties"]["kind"]["const"] for rule in document["allOf"]]
    assert kinds == list(KINDS)
    rotation = document["$defs"]["Rotation"]["properties"]["start"]
    assert re.match(rotation["pattern"], "2026-01-05T09:00")
    assert "format" not in rotation


def test_only_its_owner_writes_to_a_topic() -> None:
    for service in SERVICES:
        for kind in made_by(service):
            # A test alert or a reply is a request, and anybody may ask.
            if not issubclass(kind, Command):
                assert service in WRITERS[kind.TOPIC], f"{service.name} makes {kind.__name__}"


def test_a_stale_a_missing_and_a_left_over_file_are_named(tmp_path: Path) -> None:
    folder = ROOT / "docs" / "openapi"
    known = {path: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    assert stale(known) == []
    first, second, *_ = sorted(known)
    wanted = {path: text for path, text in known.items() if path != second}
    wanted[first] += " "
    wanted[folder / "nobody.json"] = "{}"
    assert stale(wanted) == [
        f"{first.relative_to(ROOT)}: is not as the code generates it",
        "docs/openapi/nobody.json: is missing",
        f"{second.relative_to(ROOT)}: belongs to no service",
    ]


def test_the_output_does_not_depend_on_the_order_of_sets() -> None:
    program = (
        "import hashlib, json; from dev.generate import generated;"
        "print(json.dumps({str(p): hashlib.sha256(t.encode()).hexdigest()"
        " for p, t in generated().items()}))"
    )
    elsewhere = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=120,
    )
    assert json.loads(elsewhere.stdout) == {
        str(path): hashlib.sha256(text.encode()).hexdigest() for path, text in generated().items()
    }


def test_every_event_says_what_it_means() -> None:
    kinds: list[type[Event]] = list(ALL)
    for kind in kinds:
        assert kind.__doc__, kind
        assert kind.__doc__ != (kind.__mro__[1].__doc__ or ""), kind
