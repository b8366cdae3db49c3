"""Other systems' answers around changes of the clocks, where they are at hand (TOCSIN_SHARED)."""

import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from escalation.domain.layer import Layer
from escalation.domain.rotation import Rotation
from escalation.domain.schedule import Schedule
from escalation.domain.wall_clock import end_instant, start_instant
from tocsin import catalog

FOLDER = Path(os.environ.get("TOCSIN_SHARED", "../shared")) / "schedule_vectors"
FILES = ("goalert_rotation", "goalert_rule", "goalert_executed_dst")
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"no schedule vectors at {FOLDER}; set TOCSIN_SHARED"
)


def cases(model: str) -> list[dict[str, Any]]:
    if not FOLDER.is_dir():
        return []
    found = [case for name in FILES for case in json.loads((FOLDER / f"{name}.json").read_text())]
    return [case for case in found if case["model"] == model]


def rotation(config: dict[str, Any]) -> Rotation:
    spec = catalog.Rotation.model_validate(
        {
            "type": config["type"],
            "length": config["shift_length"],
            "start": config["start"],
            "participants": config.get("users", ["a"]),
        }
    )
    return Rotation.of(spec, ZoneInfo(config["time_zone"]))


def test_rotations_hand_off_when_others_do() -> None:
    wrong = []
    asked = 0
    for case in cases("rotation_shift"):
        if case["config"]["type"] == "monthly":
            continue
        turns = rotation(case["config"])
        for query in case["queries"]:
            at = datetime.fromisoformat(query["at"])
            turn = turns.turn_at(at)
            if turn is None:
                continue  # Before its start ours has nobody; theirs runs backwards as well.
            asked += 1
            until = next(turns.handoffs(at, at + timedelta(days=4000)))
            ours = {
                "shift_start": turns.handoff(turn),
                "shift_end": until,
                "on_call": list(turns.holder(turn)),
            }
            for name, expected in query["expected"].items():
                theirs = expected if name == "on_call" else datetime.fromisoformat(expected)
                if ours[name] != theirs:
                    wrong.append((case["id"], query["at"], name, ours[name], theirs))
    assert asked > 1000
    assert wrong == []


def test_daily_hours_begin_and_end_when_others_do() -> None:
    wrong = []
    for case in cases("daily_rule"):
        config = case["config"]
        zone = ZoneInfo(config["time_zone"])
        layer = Layer.of(
            catalog.Layer.model_validate(
                {
                    "name": "hours",
                    "rotation": {
                        "type": "weekly",
                        "start": "1990-01-01T00:00",
                        "participants": ["a"],
                    },
                    "restrictions": [
                        {
                            "weekdays": config["days"],
                            "from": config["start"],
                            "until": config["end"],
                        }
                    ],
                }
            ),
            zone,
        )
        for query in case["queries"]:
            for name, expected in query["expected"].items():
                wanted = expected
                if name == "active":
                    ours: Any = layer.covers(datetime.fromisoformat(query["at"]))
                elif name == "spans":
                    ours = _spans(layer, query["from"], query["to"])
                    wanted = [
                        [datetime.fromisoformat(end) if end else None for end in span]
                        for span in expected
                    ]
                else:
                    continue
                if ours != wanted:
                    wrong.append((case["id"], name, ours, wanted))
    assert wrong == []


def _spans(layer: Layer, since: str, until: str) -> list[list[datetime | None]]:
    begins, ends = datetime.fromisoformat(since), datetime.fromisoformat(until)
    found: list[list[datetime | None]] = []
    for span in Schedule("hours", (layer,)).shifts(begins, ends):
        if found and found[-1][1] == span.begins:  # A handoff is no end of the hours.
            found[-1][1] = span.until
        else:
            found.append([span.begins, span.until])
    if found and found[-1][1] == ends and layer.covers(ends):
        found[-1][1] = None
    return found


def test_a_wall_time_is_the_instant_that_others_find() -> None:
    asked = 0
    for case in json.loads((FOLDER / "goalert_wall_clock.json").read_text()):
        config = case["config"]
        if "date" not in config:
            continue
        wall = datetime.fromisoformat(f"{config['date']}T{config['clock']}")
        zone = ZoneInfo(config["time_zone"])
        for query in case["queries"]:
            for name, expected in query["expected"].items():
                ours = {"first_instant": start_instant, "last_instant": end_instant}[name]
                assert ours(wall, zone) == datetime.fromisoformat(expected), case["id"]
                asked += 1
    assert asked > 10


def test_where_the_clocks_change_at_midnight_hours_are_not_late() -> None:
    asked = 0
    for case in json.loads((FOLDER / "_disputed_goalert.json").read_text()):
        if "shift_length" not in case["config"]:
            continue
        turns = rotation(case["config"])
        first = datetime.fromisoformat(case["ours"][0])
        last = datetime.fromisoformat(case["ours"][-1])
        second = timedelta(seconds=1)
        ours = list(turns.handoffs(first - second, last + second))
        assert list(dict.fromkeys(ours)) == [
            datetime.fromisoformat(instant) for instant in case["ours"]
        ], case["name"]
        asked += 1
    assert asked > 10
