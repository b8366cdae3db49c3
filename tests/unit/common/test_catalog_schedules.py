"""Schedules as documents: what they may say, and each mistake with its place."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from tests.unit.common.test_catalog_validation import document, rotation, told, user
from tocsin import catalog
from tocsin.catalog.schedules import DayRange

HOURS = {"from": "09:00", "until": "17:00"}
PLACE = "Schedule web: spec.layers[0]"


def layer(**more: Any) -> dict[str, Any]:
    spec = {"name": "base", "rotation": rotation(), **more}
    return document("Schedule", "web", layers=[{k: v for k, v in spec.items() if v is not None}])


@pytest.mark.parametrize(
    "layers",
    [
        {"rotation": rotation(participants=["ada", ["ada", "bob"], []])},
        {"rotation": rotation(type="custom", lengths=["2d", "3d"])},
        {"rotation": rotation(type="daily", rotate_on="active"), "restrictions": [HOURS]},
        {"changes": [{"from": "2026-03-01T09:00", "participants": ["bob"]}]},
        {"restrictions": [{**HOURS, "until_weekday": "mon", "months": [12], "days": [-1, "1:3"]}]},
        {"mode": "add", "from": "2026-01-01T00:00", "until": "2027-01-01T00:00:00+02:00"},
        {
            "rotation": None,
            "shifts": [
                {"from": "2026-01-01T09:00", "until": "2026-01-02", "participants": ["bob"]}
            ],
        },
    ],
)
def test_what_a_layer_may_say(layers: dict[str, Any]) -> None:
    assert told(user(), user("bob"), layer(**layers)) == []


@pytest.mark.parametrize(
    ("layers", "mistake"),
    [
        ({"restrictons": []}, '.restrictons: unknown field; did you mean "restrictions"?'),
        ({"rotation": None}, ": a layer has either a rotation or shifts"),
        ({"mode": "ad"}, ".mode: 'ad' is not one of 'replace' or 'add'; did you mean \"add\"?"),
        (
            {"rotation": rotation(participants=[["ada", "adda"]])},
            ".rotation.participants[0][1]: there is no User 'adda'; did you mean \"ada\"?",
        ),
        (
            {"rotation": rotation(participants=[7])},
            ".rotation.participants[0][0]: 7 is a number where text belongs; put it in quotes",
        ),
        ({"rotation": rotation(type="custom")}, ".rotation: `lengths` (such as [2d, 2d, 3d])"),
        ({"rotation": rotation(lengths=["1d"])}, ".rotation: `lengths` (such as [2d, 2d, 3d])"),
        (
            {"rotation": rotation(type="custom", lengths=["1d", "0s"])},
            ".rotation: `lengths`: each is longer than nothing",
        ),
        (
            {"rotation": rotation(rotate_on="active")},
            ".rotation: `rotate_on: active` counts days: it needs type daily",
        ),
        (
            {"rotation": rotation(type="daily", rotate_on="active")},
            ": `rotate_on: active` needs restrictions, and those by weekdays only",
        ),
        (
            {"rotation": rotation(start="9999-12-31T23:00")},
            ".rotation.start: the year must be from 1900 to 2300",
        ),
        (
            {"changes": [{"from": "2026-03-01T09:00", "particpants": ["ada"]}]},
            '.changes[0].particpants: unknown field; did you mean "participants"?',
        ),
        ({"changes": [{"from": "2026-03-01T09:00"}]}, ".changes[0]: a change is either a rotation"),
        (
            {
                "changes": [
                    {"from": "2026-03-02T09:00", "participants": ["ada"]},
                    {"from": "2026-03-01T09:00", "participants": ["ada"]},
                ]
            },
            ": `changes` are in the order of their `from`",
        ),
        (
            {"changes": [{"from": "2026-03-01T09:00", "participants": ["bob"]}]},
            ".changes[0].participants[0]: there is no User 'bob'",
        ),
        (
            {"restrictions": [{**HOURS, "until_weekday": "mond"}]},
            ".restrictions[0].until_weekday: 'mond' is not one of",
        ),
        ({"restrictions": [{**HOURS, "months": [13]}]}, ".restrictions[0].months[0]: Input should"),
    ],
)
def test_a_mistake_in_a_layer_names_its_place(layers: dict[str, Any], mistake: str) -> None:
    (text,) = told(user(), layer(**layers))
    assert text.startswith(PLACE + mistake)


@pytest.mark.parametrize("days", ["0", "32", "-32", "-15:5", "10:-25", "1:50", "a", "1:2:3", True])
def test_days_that_no_month_has_are_mistakes(days: Any) -> None:
    (text,) = told(user(), layer(restrictions=[{**HOURS, "days": [days]}]))
    assert text.startswith(f"{PLACE}.restrictions[0].days[0]: {days!r}")


def test_a_document_that_is_written_out_reads_as_it_was() -> None:
    days: TypeAdapter[tuple[int, int]] = TypeAdapter(DayRange)
    assert days.validate_python(days.dump_python((-3, -1), mode="json")) == (-3, -1)
    spec = catalog.Schedule.model_validate(
        layer(
            restrictions=[{**HOURS, "days": [-1]}], rotation=rotation(participants=[["ada"], []])
        )["spec"]
    )
    again = catalog.Schedule.model_validate(spec.model_dump(mode="json", by_alias=True))
    assert again == spec
