"""Schedules as documents: what they may say, and each mistake with its place."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from tests.unit.common.test_catalog_validation import document, rotation, told, user
from tocsin import catalog
from tocsin.catalog.planning import Held, catalog_of
from tocsin.catalog.schedules import DayRange
from tocsin.catalog.validation import mistakes

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
            {"rotation": rotation(type="custom", lengths=["2d", "3m"])},
            ".rotation: `lengths`: each is 5m or longer; m are minutes, d days, w weeks",
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
        (
            {"rotation": rotation(start="2026-01-05 9:00")},
            ".rotation.start: '2026-01-05 9:00' is not a time: unexpected extra characters",
        ),
        (
            {"from": "2026-05-01T00:00", "until": "2026-05-01T00:00+02:00"},
            ".until: is not after `from`: the layer would never apply",
        ),
        (
            {
                "rotation": None,
                "shifts": [
                    {
                        "from": "2026-05-02T00:00",
                        "until": "2026-05-01T23:59Z",
                        "participants": ["ada"],
                    }
                ],
            },
            ".shifts[0].until: is not after `from`",
        ),
        (
            {"restrictions": [{**HOURS, "weekdays": []}]},
            ".restrictions[0].weekdays: is empty; leave it out for every day",
        ),
        (
            {
                "changes": [
                    {"from": "2026-03-02T09:00", "participants": ["ada"]},
                    {"from": "2026-03-02T09:00Z", "participants": ["ada"]},
                ]
            },
            ".changes[1].from: is not after that of the change before it",
        ),
    ],
)
def test_a_mistake_in_a_layer_names_its_place(layers: dict[str, Any], mistake: str) -> None:
    (text,) = told(user(), layer(**layers))
    assert text.startswith(PLACE + mistake)


@pytest.mark.parametrize(
    "clock", [9, 900, 17.5, True, "9", "9:00", "24:00", "9am", "09:00Z", "09:00+02:00", None, []]
)
def test_what_is_no_time_of_the_day_is_a_mistake_wherever_hours_are(clock: Any) -> None:
    """YAML reads `9` as a number: it would be nine seconds past midnight."""
    wrong = [{"from": "08:00", "until": clock}]
    hours = {"time_zone": "UTC", "windows": wrong}
    found = told(
        user(quiet_hours=wrong),
        layer(restrictions=wrong),
        document("Service", "shop", support_hours=hours),
        document("EscalationPolicy", "p", levels=[{"when": {"hours": hours}}]),
    )
    end = f".until: {clock!r} is not a time of the day; write 09:00, from 00:00 to 23:59"
    assert [text.partition(f"{end}, without offset")[0] for text in found if end in text] == [
        "User ada: spec.quiet_hours[0]",
        f"{PLACE}.restrictions[0]",
        "Service shop: spec.support_hours.windows[0]",
        "EscalationPolicy p: spec.levels[0].when.hours.windows[0]",
    ]


@pytest.mark.parametrize("start", [20260105, 1767603600.5, "20260105"])
def test_a_number_is_no_time(start: Any) -> None:
    """It would be so many seconds after 1970."""
    (text,) = told(user(), layer(rotation=rotation(start=start)))
    assert text.startswith(f"{PLACE}.rotation.start: {start!r} is ")


def test_what_an_earlier_release_took_stays_in_force() -> None:
    hours = {"from": 9, "until": "17:00+02:00", "weekdays": []}
    base = layer(**{"from": 20260105}, until="1970-01-01T00:00", restrictions=[hours])
    kept = catalog_of([Held("Schedule", "web", "default", base["spec"], 1)], 1)
    assert kept.schedule("web") is not None
    assert mistakes([user(), base], known=catalog.Catalog(), new=False) == []
    assert len(told(user(), base)) == 3


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
