"""Overrides as documents: what they may say, which of them wins, and what their losses mean."""

from typing import Any

import pytest

from tests.unit.common.test_catalog_planning import held
from tests.unit.common.test_catalog_validation import document, found, schedule, told, user
from tocsin.catalog import KINDS, Catalog, Document
from tocsin.catalog.planning import catalog_of, resulting

SPAN = {"from": "2026-03-02T14:00", "until": "2026-03-02T18:00"}


def override(name: str = "swap", **more: Any) -> dict[str, Any]:
    return document("Override", name, **{"schedule": "web", **SPAN, **more})


@pytest.mark.parametrize(
    "more",
    [
        {"add": "bob"},
        {"add": ["ada", "bob"]},
        {"remove": "ada", "reason": "dentist"},
        {"remove": ["ada"], "add": "bob"},
        {"cover": []},
        {"cover": "bob"},
        {"add": "bob", "until": "2026-03-02T12:00:00+02:00"},
    ],
)
def test_what_an_override_may_say(more: dict[str, Any]) -> None:
    assert told(user(), user("bob"), schedule(), override(**more)) == []


@pytest.mark.parametrize(
    ("more", "mistake"),
    [
        ({}, ": an override says `add`, `remove` or both, or else `cover`"),
        ({"add": "ada", "cover": "ada"}, ": an override says `add`, `remove` or both"),
        ({"add": "ada", "until": SPAN["from"]}, ": `until` is not after `from`"),
        ({"adds": "ada", "remove": "ada"}, '.adds: unknown field; did you mean "add"?'),
        ({"add": "adda"}, ".add: there is no User 'adda'; did you mean \"ada\"?"),
        ({"cover": ["ada", "eve"]}, ".cover[1]: there is no User 'eve'"),
        ({"add": "ada", "schedule": "wbe"}, ".schedule: there is no Schedule 'wbe'; did you mean"),
    ],
)
def test_a_mistake_in_an_override_names_its_place(more: dict[str, Any], mistake: str) -> None:
    (text,) = told(user(), schedule(), override(**more))
    assert text.startswith(f"Override swap: spec{mistake}")


def spec(name: str) -> dict[str, Any]:
    return {"schedule": "web", **SPAN, "add": name}


def test_the_override_that_was_changed_last_is_the_last() -> None:
    versions = {"early": 5, "late": 2, "again": 5}
    specs = {("Override", one): KINDS["Override"].model_validate(spec("ada")) for one in versions}
    catalog = Catalog(7, specs, {("Override", one): at for one, at in versions.items()})
    assert [name for name, _ in catalog.overrides("web")] == ["late", "again", "early"]
    assert catalog.overrides("other") == ()


def test_an_override_that_stays_as_it_was_keeps_its_place() -> None:
    before = [held("Override", "a", spec("ada")), held("Override", "b", spec("bob"))]
    catalog_before = catalog_of(before, 3)
    assert [name for name, _ in catalog_before.overrides("web")] == ["a", "b"]
    wanted = [
        Document(kind="Override", name="a", spec=spec("eve")),
        Document(kind="Override", name="b", spec=spec("bob")),
    ]
    after = resulting(before, wanted, "default", 4)
    assert [name for name, _ in after.overrides("web")] == ["b", "a"]


def test_what_an_override_of_another_set_names_may_go() -> None:
    theirs = KINDS["Override"].model_validate(spec("bob"))
    known = Catalog(3, {("Override", "swap"): theirs})
    mistakes = found(user(), known=known)
    assert [(one.level, one.path) for one in mistakes] == [
        ("warning", "spec.schedule"),
        ("warning", "spec.add[0]"),
    ]
