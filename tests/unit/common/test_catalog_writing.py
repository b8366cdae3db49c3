"""Documents to YAML that reads back as the same, whatever is in them."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.catalog import KINDS
from tocsin.catalog.loading import load
from tocsin.catalog.writing import BETWEEN, file_of, header, written

SCHEDULE = {
    "kind": "Schedule",
    "name": "web",
    "spec": {
        "time_zone": "Europe/Paris",
        "layers": [
            {
                "name": "weekly",
                "rotation": {
                    "type": "weekly",
                    "start": "2026-01-05T09:00",
                    "participants": ["ada", ["bob", "eve"], []],
                },
                "restrictions": [{"weekdays": ["fri"], "from": "18:00", "until": "09:00"}],
                "from": None,
            }
        ],
    },
}
READ = """\
kind: Schedule
name: web
spec:
  time_zone: Europe/Paris
  layers:
    - name: weekly
      rotation:
        type: weekly
        start: 2026-01-05T09:00
        participants:
          - ada
          - [bob, eve]
          - []
      restrictions:
        - weekdays: [fri]
          from: "18:00"
          until: "09:00"
      from: null
"""
# All that a text can hold in JSON; what YAML would take for something else is more likely.
SPECIAL = (
    *(
        "",
        "no",
        "~",
        "null",
        "<<",
        "=",
        "1",
        "1e3",
        "0x1f",
        "010",
        "18:00",
        "- a",
        "a: b",
        "a #b",
        "?0",
    ),
    *("2026-03-04T14:00:00Z", "a\nb\n\n", " a\n", "\n", "a\u2028b", "\ufeff", "{a", "---"),
    *("x" * 200, "word " * 90),
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(SPECIAL)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(TEXTS, inside, max_size=4),
    max_leaves=12,
)


def read(folder: Path, *documents: dict[str, Any]) -> list[dict[str, Any]]:
    file = folder / "documents.yaml"
    text = header("default") + BETWEEN.join(written(one) for one in documents)
    file.write_text(text, encoding="utf-8", newline="\n")
    loaded = load(file)
    assert loaded.broken == (), text
    return loaded.written


def test_it_is_written_as_people_write_it(tmp_path: Path) -> None:
    assert written(SCHEDULE) == READ
    assert read(tmp_path, SCHEDULE, SCHEDULE) == [SCHEDULE, SCHEDULE]


@settings(deadline=None)
@given(specs=st.lists(st.dictionaries(TEXTS, JSON, max_size=4), min_size=1, max_size=3))
def test_whatever_is_written_reads_back_as_the_same(
    tmp_path_factory: pytest.TempPathFactory, specs: list[dict[str, Any]]
) -> None:
    documents = [{"kind": "User", "name": "ada", "spec": one} for one in specs]
    found = read(tmp_path_factory.getbasetemp(), *documents)
    assert found == documents
    assert repr(found) == repr(documents), "the same types, in the same order"


@pytest.mark.parametrize("text", ["no", "On", "y", "18:00", "-1:30"])
def test_what_yaml_1_1_would_take_for_something_else_is_in_quotes(text: str) -> None:
    assert f'"{text}"' in written({"kind": "User", "name": "ada", "spec": {"full_name": text}})


def test_a_change_of_one_line_is_a_change_of_one_line() -> None:
    long, longer = ({"kind": "T", "name": "t", "spec": {"a": "word " * n}} for n in (90, 91))
    before, after = written(long).splitlines(), written(longer).splitlines()
    assert (len(before), sum(old != new for old, new in zip(before, after, strict=True))) == (4, 1)


def test_every_kind_has_a_file_of_its_own() -> None:
    names = {file_of(kind) for kind in KINDS}
    assert len({name.casefold() for name in names}) == len(KINDS)
    assert {"escalation-policy.yaml", "user.yaml"} < names
