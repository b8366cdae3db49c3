"""Schedule cases as data: other systems' (where TOCSIN_SHARED has them), and our own."""

import json
from pathlib import Path
from typing import Any

import pytest

from dev.layout import ROOT
from dev.vectors.__main__ import SHARED, default_folder, report

OWN = ROOT / "tests" / "vectors"
NAMED = ("Havana", "Beirut", "Cairo", "Santiago", "Apia", "Lord_Howe", "Casablanca")


def folder(tmp_path: Path, *cases: dict[str, Any]) -> Path:
    (tmp_path / "cases.json").write_text(json.dumps(cases))
    return tmp_path


def case(model: str, expected: dict[str, Any]) -> dict[str, Any]:
    shift = {"type": "daily", "shift_length": 1, "users": ["a", "b"], "time_zone": "UTC"}
    config = {**shift, "start": "2026-01-01T09:00:00Z"}
    query = {"at": "2026-01-02T10:00:00Z", "expected": expected}
    return {"id": "x/1", "model": model, "config": config, "queries": [query]}


@pytest.mark.skipif(
    not default_folder().is_dir(), reason=f"no schedule vectors at hand; set {SHARED}"
)
def test_other_systems_cases_agree_where_their_configuration_holds_the_answer() -> None:
    found = report(default_folder())
    assert [str(one) for one in found.counted] == []
    assert len(found.found) <= 13
    assert sum(len(one.queries) for one in found.cases) > 5000


def test_our_own_cases_agree() -> None:
    found = report(OWN)
    assert list(map(str, found.found)) == []
    zones = json.dumps([one.config for one in found.cases])
    assert [name for name in NAMED if name not in zones] == []


def test_an_answer_of_another_is_named_with_both(tmp_path: Path) -> None:
    wrong = case("rotation_shift", {"on_call": ["a"], "shift_start": "2026-01-02T09:00:00Z"})
    found = report(folder(tmp_path, wrong))
    (one,) = found.counted
    assert (one.case, one.field, one.ours, one.theirs) == ("x/1", "on_call", ["b"], ["a"])
    assert list(found.lines())[-1] == "vectors: 0 of 1 cases, 0 of 1 queries agree"


def test_a_field_or_model_that_nobody_answers_is_a_disagreement(tmp_path: Path) -> None:
    cases = [
        case("rotation_shift", {"on_cal": ["b"]}),
        case("no_such_model", {"on_call": ["b"]}),
        {**case("rotation_shift", {"on_call": ["b"]}), "config": {"type": "daily"}},
    ]
    assert len(report(folder(tmp_path, *cases)).counted) == 3


def test_the_same_instant_in_another_zone_agrees(tmp_path: Path) -> None:
    right = case("rotation_shift", {"on_call": ["b"], "shift_end": "2026-01-03T10:00:00+01:00"})
    assert report(folder(tmp_path, right)).found == ()


def test_hours_end_when_the_clock_shows_their_end_for_the_last_time(tmp_path: Path) -> None:
    config = {"time_zone": "Europe/Paris", "start": "22:00", "end": "02:30", "days": ["sat"]}
    late = "2026-10-25T01:29:59Z", "2026-10-25T01:30:00Z"
    queries = [{"at": at, "expected": {"active": at == late[0]}} for at in late]
    one = {"id": "x/2", "model": "daily_rule", "config": config, "queries": queries}
    assert report(folder(tmp_path, one)).found == ()
