"""The example catalog: right, complete, and with the keys that the documentation names."""

import hashlib
import json
import re
from pathlib import Path

import jsonschema_rs

from tocsin.catalog import Catalog, Integration, User
from tocsin.catalog.loading import load
from tocsin.catalog.planning import resulting
from tocsin.catalog.schema import catalog_schema
from tocsin.catalog.validation import documents_of, mistakes

EXAMPLES = Path(__file__).parents[3] / "examples" / "catalog"


def examples() -> Catalog:
    return resulting([], documents_of(load(EXAMPLES).written), "examples", 1)


def test_the_examples_have_neither_mistakes_nor_warnings() -> None:
    loaded = load(EXAMPLES)
    assert loaded.broken == ()
    assert mistakes(loaded.written, known=Catalog()) == []


def test_an_editor_takes_the_examples_and_marks_what_is_wrong() -> None:
    validator = jsonschema_rs.validator_for(catalog_schema())
    documents = load(EXAMPLES).written
    assert documents
    for document in documents:
        validator.validate(document)
    broken = {**documents[0], "spec": {**documents[0]["spec"], "nonsense": 1}}
    assert not validator.is_valid(broken)
    assert not validator.is_valid({**documents[0], "kind": "Nonsense"})


def test_an_editor_finds_the_schema_of_the_examples() -> None:
    files = sorted(EXAMPLES.glob("*.yaml"))
    assert files
    for file in files:
        first = file.read_text(encoding="utf-8").partition("\n")[0]
        found = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
        assert found, file
        schema = json.loads((EXAMPLES / found[1]).read_text(encoding="utf-8"))
        assert schema == catalog_schema()


def test_the_keys_are_the_ones_that_are_documented() -> None:
    keys = {
        "demo": "tocsin-dev-key",
        "prometheus": "tocsin-dev-prometheus",
        "alertmanager": "tocsin-dev-alertmanager",
        "pagerduty": "tocsindevpagerdutykey00000000000",
    }
    found = {
        name: spec.key_sha256
        for (_, name), spec in examples().specs.items()
        if isinstance(spec, Integration)
    }
    assert found == {name: hashlib.sha256(key.encode()).hexdigest() for name, key in keys.items()}


def test_an_unrouted_alert_finds_a_service_and_an_unanswered_page_a_last_resort() -> None:
    settings = examples().settings
    assert settings.default_service == "checkout"
    assert str(settings.last_resort) == "team payments"


def test_everybody_can_be_reached_without_anything_but_the_dev_system() -> None:
    people = [spec for spec in examples().specs.values() if isinstance(spec, User)]
    assert [method.channel for person in people for method in person.contact_methods] == [
        "email",
        "email",
    ]
