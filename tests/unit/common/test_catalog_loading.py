"""YAML files to documents, with the file and line of everything in them."""

from pathlib import Path

from tocsin.catalog import Catalog
from tocsin.catalog.loading import Loaded, load
from tocsin.catalog.validation import mistakes

POLICY = """\
# A comment.

kind: EscalationPolicy
name: payments
spec:
  levels:
    - targets:
        - {schedule: payments}
      escalate_after: 5m
    - escalate_after: 10m
      targets: [{usr: bob}]
---
kind: User
name: bob
spec: {time_zone: Mars/Olympus}
---
"""


def written(folder: Path, **files: str) -> Loaded:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return load(folder)


def located(loaded: Loaded) -> list[str]:
    found = mistakes(loaded.written, known=Catalog())
    return [loaded.located(mistake) for mistake in found if mistake.is_error]


def test_a_mistake_names_file_line_and_the_nearest_right_word(tmp_path: Path) -> None:
    loaded = written(tmp_path, payments=POLICY)
    assert located(loaded) == [
        (
            f"{tmp_path}/payments.yaml:11: spec.levels[1].targets[0].usr:"
            ' unknown field; did you mean "user"?'
        ),
        (
            f"{tmp_path}/payments.yaml:8: spec.levels[0].targets[0].schedule:"
            " there is no Schedule 'payments'"
        ),
        (
            f"{tmp_path}/payments.yaml:15: spec.time_zone: 'Mars/Olympus' is not an IANA time zone;"
            " write one as Europe/Paris"
        ),
    ]


def test_what_is_missing_is_placed_at_what_should_hold_it(tmp_path: Path) -> None:
    loaded = written(tmp_path, s="kind: Route\nname: r\nspec:\n  order: 1\n  matchers: []\n")
    assert located(loaded) == [f"{tmp_path}/s.yaml:3: spec.service: is missing"]


def test_documents_know_their_lines(tmp_path: Path) -> None:
    loaded = written(tmp_path, payments=POLICY)
    assert [(one.line, one.written["kind"]) for one in loaded.documents] == [
        (3, "EscalationPolicy"),
        (13, "User"),
    ]
    assert loaded.documents[0].where("spec.levels[1].escalate_after").endswith("payments.yaml:10")
    assert loaded.documents[0].where("spec.nothing.of[3].the_kind").endswith("payments.yaml:5")


def test_yaml_is_1_2_and_times_stay_text(tmp_path: Path) -> None:
    text = (
        "kind: X\nname: x\nspec: {a: 09:00, b: 2026-01-05T09:00:00, c: 2026-01-05, d: no,"
        " e: 010, f: yes, g: true, h: ~, i: 1.5, j: 'q'}\n"
    )
    (one,) = written(tmp_path, x=text).documents
    assert one.written["spec"] == {
        "a": "09:00",
        "b": "2026-01-05T09:00:00",
        "c": "2026-01-05",
        "d": "no",
        "e": 10,
        "f": "yes",
        "g": True,
        "h": None,
        "i": 1.5,
        "j": "q",
    }
    assert {type(value) for value in one.written["spec"].values()} <= {
        str,
        int,
        bool,
        float,
        type(None),
    }


def test_anchors_and_merges_are_followed(tmp_path: Path) -> None:
    text = "kind: X\nname: x\nspec:\n  a: &a {on: &t true, n: 1}\n  b: {<<: *a, n: 2, t: *t}\n"
    (one,) = written(tmp_path, x=text).documents
    assert one.written["spec"] == {"a": {"on": True, "n": 1}, "b": {"on": True, "n": 2, "t": True}}


def test_broken_yaml_is_named_and_the_other_files_are_still_read(tmp_path: Path) -> None:
    loaded = written(
        tmp_path,
        a="kind: X\nname: [\n",
        b="kind: X\nname: x\nkind: Y\n",
        c="- 1\n",
        d="kind: Team\nname: d\n---\n# Here.\n\njust words\n",
        e="kind: Team\nname: t\n",
        f="\tkind: X\n",
    )
    assert [(Path(one.file).name, one.line) for one in loaded.broken] == [
        ("a.yaml", 3),
        ("b.yaml", 3),
        ("c.yaml", 1),
        ("d.yaml", 6),
        ("f.yaml", 1),
    ]
    assert "not YAML" in str(loaded.broken[0])
    assert "duplicate key" in str(loaded.broken[1])
    assert [one["name"] for one in loaded.written] == ["d", "t"]


def test_what_is_deeper_than_any_document_is_refused(tmp_path: Path) -> None:
    deep = "[" * 60 + "]" * 60
    (broken,) = written(tmp_path, x=f"kind: X\nname: x\nspec: {{a: {deep}}}\n").broken
    assert (broken.line, broken.message) == (3, "nested deeper than 40 levels")


def test_files_are_read_below_the_folder_in_order_and_hidden_ones_are_not(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / ".git").mkdir()
    for place in ("z.yml", "b/a.yaml", ".git/x.yaml", ".hidden.yaml", "notes.txt"):
        (tmp_path / place).write_text(f"kind: X\nname: {Path(place).stem}\n")
    assert [one.written["name"] for one in load(tmp_path).documents] == ["a", "z"]
    assert [one.written["name"] for one in load(tmp_path / "z.yml").documents] == ["z"]


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"kind: \xff\xfe\n")
    (broken,) = load(tmp_path).broken
    assert broken.message.startswith("cannot be read")
