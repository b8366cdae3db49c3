"""The catalog as a folder: whole, the same each time, and over nothing that somebody wrote."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.common.cli_fakes import Cli, answer, problem
from tocsin.catalog.loading import load


def held(kind: str, name: str, of_set: str = "default", **spec: Any) -> dict[str, Any]:
    found = {"kind": kind, "name": name, "set": of_set, "version": 3, "author": "ada"}
    return {**found, "spec": spec}


HELD = [
    held("Team", "web", members=["ada", "bob"]),
    held("User", "bob"),
    held("User", "ada", full_name="Ada"),
    held("Override", "ovr_1", "by-hand", schedule="web", cover=["bob"]),
]
USERS = """\
# Written by `tocsin export` from the set default.
kind: User
name: ada
spec: {full_name: Ada}
---
kind: User
name: bob
spec: {}
"""


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    cli = Cli(tmp_path)
    holds(cli, *HELD)
    return cli


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "catalog"


def holds(cli: Cli, *documents: dict[str, Any], version: int = 7) -> None:
    body = {"version": version, "documents": list(documents)}
    cli.tocsin.answers["GET /v1/catalog"] = answer(body)


def files(folder: Path) -> dict[str, str]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in found}


def test_every_set_is_a_folder_and_every_kind_a_file(cli: Cli, out: Path) -> None:
    result = cli("export", "--out", str(out))
    assert result.exit_code == 0, result.output
    assert list(files(out)) == ["by-hand/override.yaml", "default/team.yaml", "default/user.yaml"]
    assert files(out)["default/user.yaml"] == USERS
    assert result.stdout.splitlines() == [
        f"written {out}/by-hand/override.yaml",
        f"written {out}/default/team.yaml",
        f"written {out}/default/user.yaml",
        f"{out}: 4 documents, as they are at version 7",
    ]
    assert load(out / "default").written == [
        {field: one[field] for field in ("kind", "name", "spec")}
        for one in (HELD[0], HELD[2], HELD[1])
    ]


def test_a_set_that_tocsin_writes_says_so(cli: Cli, out: Path) -> None:
    cli("export", "--out", str(out))
    told = [text.count("by itself") for text in files(out).values()]
    assert told == [1, 0, 0]


def test_one_set_is_the_folder_itself(cli: Cli, out: Path) -> None:
    assert cli("export", "--set", "default", "--out", str(out)).exit_code == 0
    assert list(files(out)) == ["team.yaml", "user.yaml"]


def test_a_second_export_changes_nothing(cli: Cli, out: Path) -> None:
    cli("export", "--out", str(out))
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.yaml")}
    holds(cli, *reversed(HELD), version=8)
    found = cli.json("export", "--out", str(out))
    assert {one["state"] for one in found["files"]} == {"unchanged"}
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.yaml")} == before


def test_without_a_folder_it_is_one_stream(cli: Cli, tmp_path: Path) -> None:
    result = cli("export", "--set", "default")
    assert (result.exit_code, result.stderr) == (0, "")
    file = tmp_path / "all.yaml"
    file.write_text(result.stdout, "utf-8")
    assert [one["name"] for one in load(file).written] == ["web", "ada", "bob"]
    every = cli("export").stdout
    assert (every.count("\n---\n"), every.count("from the set")) == (3, 2)


def test_scripts_have_the_documents_or_the_files(cli: Cli, out: Path) -> None:
    found = cli.json("export", "--set", "default")
    assert (found["version"], found["documents"]) == (7, [HELD[0], HELD[2], HELD[1]])
    found = cli.json("export", "--set", "by-hand", "--out", str(out))
    file = {"file": f"{out}/override.yaml", "set": "by-hand", "documents": 1, "state": "written"}
    assert found == {"version": 7, "folder": str(out), "files": [file]}


def test_what_differs_is_written_over_only_when_that_is_asked_for(cli: Cli, out: Path) -> None:
    cli("export", "--out", str(out))
    mine = USERS + "---\n# Soon.\nkind: User\nname: eve\n"
    (out / "default" / "user.yaml").write_text(mine)
    holds(cli, *HELD, held("Service", "shop"))
    result = cli("export", "--out", str(out))
    assert result.exit_code == 1
    assert f"{out}/default/user.yaml: is not as it would be written" in result.stderr
    assert "Nothing was written. --force writes over what differs" in result.stderr
    assert files(out)["default/user.yaml"] == mine
    assert "default/service.yaml" not in files(out), "all of it, or nothing"
    assert cli("export", "--out", str(out), "--force").exit_code == 0
    assert files(out)["default/user.yaml"] == USERS
    assert "default/service.yaml" in files(out)


def test_what_is_in_force_no_more_goes_from_the_folder_too(cli: Cli, out: Path) -> None:
    cli("export", "--out", str(out))
    holds(cli, *HELD[1:3])
    result = cli("export", "--out", str(out), "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert json.loads(result.stderr)["error"]["files"] == [
        {"file": f"{out}/default/team.yaml", "state": "gone"},
        {"file": f"{out}/by-hand/override.yaml", "state": "gone"},
    ]
    assert len(files(out)) == 3
    result = cli("export", "--out", str(out), "--force")
    assert f"removed {out}/default/team.yaml" in result.stdout
    assert list(files(out)) == ["default/user.yaml"]


def test_nothing_that_somebody_else_wrote_is_removed_or_read_beside_it(cli: Cli, out: Path) -> None:
    theirs = out / "default" / "mine.yml"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("kind: User\nname: eve\n")
    result = cli("export", "--out", str(out), "--force")
    assert result.exit_code == 1
    assert f"{theirs}: was not written by `tocsin export`, and a plan would read" in result.stderr
    assert list(files(out)) == ["default/mine.yml"]
    # What no plan of these sets reads is nobody's business.
    theirs.rename(out / "mine.yml")
    (out / "default" / "README.md").write_text("Ours.\n")
    (out / "drafts").mkdir()
    (out / "drafts" / "user.yaml").write_text("kind: User\nname: eve\n")
    assert cli("export", "--out", str(out), "--force").exit_code == 0
    assert {"mine.yml", "default/README.md", "drafts/user.yaml"} < set(files(out))


def test_one_set_takes_no_other_sets_copy_away(cli: Cli, out: Path) -> None:
    cli("export", "--out", str(out))
    before = files(out)
    assert cli("export", "--set", "default", "--out", str(out), "--force").exit_code == 1
    assert files(out) == before


def test_an_export_that_was_cut_short_is_finished_by_the_next(cli: Cli, out: Path) -> None:
    (out / "default" / "user.yaml").mkdir(parents=True)  # The last file cannot be written.
    result = cli("export", "--out", str(out))
    assert result.exit_code == 1
    assert "could not be written" in result.stderr
    assert list(files(out)) == ["by-hand/override.yaml", "default/team.yaml"], "no half of a file"
    (out / "default" / "user.yaml").rmdir()
    found = cli.json("export", "--out", str(out))
    assert [one["state"] for one in found["files"]] == ["unchanged", "unchanged", "written"]


def test_an_earlier_version_is_asked_for(cli: Cli) -> None:
    assert cli("export", "--version", "3").exit_code == 0
    assert cli.tocsin.requests[-1].url.params["version"] == "3"
    cli("export")
    assert "version" not in cli.tocsin.requests[-1].url.params
    cli.tocsin.answers["GET /v1/catalog"] = problem(404, "The catalog is at version 7.")
    result = cli("export", "--version", "9")
    assert (result.exit_code, result.stderr) == (1, "The catalog is at version 7.\n")


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("defualt", "has no set 'defualt' at version 7; did you mean \"default\"?"),
        ("zzz", "has no set 'zzz' at version 7; it has by-hand, default"),
    ],
)
def test_a_set_that_there_is_not_is_no_empty_folder(
    cli: Cli, out: Path, wanted: str, said: str
) -> None:
    result = cli("export", "--set", wanted, "--out", str(out))
    assert result.exit_code == 1
    assert said in result.stderr
    assert not out.exists()


def test_an_empty_catalog_is_told(cli: Cli, out: Path) -> None:
    holds(cli, version=0)
    result = cli("export", "--out", str(out))
    assert (result.exit_code, result.stderr) == (1, "The catalog holds nothing at version 0.\n")


def test_options_that_do_not_fit_are_refused(cli: Cli, out: Path) -> None:
    assert cli("export", "--force").exit_code == 2
    out.write_text("a file")
    result = cli("export", "--out", str(out))
    assert (result.exit_code, "is no folder" in result.stderr) == (2, True)
    assert cli.tocsin.requests == []


@pytest.mark.parametrize("wrong", [{"set": "../up"}, {"kind": "../../User"}, {"set": ".git"}])
def test_no_answer_leads_out_of_the_folder(cli: Cli, out: Path, wrong: dict[str, str]) -> None:
    holds(cli, {**HELD[0], **wrong})
    assert cli("export", "--out", str(out)).exit_code == 1
    assert not out.exists()
