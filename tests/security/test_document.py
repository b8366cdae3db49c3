"""docs/security.md: what it names exists, and it names what there is."""

import ast
import re
from functools import lru_cache

import pytest

from dev.layout import ROOT
from tests.security.access import PUBLIC

DOCUMENT = ROOT / "docs" / "security.md"
_ID = re.compile(r"`(tests/[a-z0-9_/]+\.py)(?:::(test_[a-z0-9_]+))?`")
_ITEM = re.compile(r"^\| (\d+\.\d+\.\d+)", re.MULTILINE)
# The items of OWASP ASVS 5.0 that Tocsin set out to hold.
ITEMS = [
    "1.1.2",
    "1.2.1",
    "1.2.2",
    "1.2.4",
    "1.2.9",
    "1.2.10",
    "1.3.4",
    "1.3.5",
    "1.3.6",
    "1.3.7",
    "1.3.12",
    "1.5.1",
    "1.5.2",
    "1.5.3",
    "2.2.1",
    "2.2.2",
    "2.2.3",
    "2.3.1",
    "2.3.2",
    "2.3.3",
    "2.3.4",
    "2.4.1",
    "3.3.1",
    "3.4.1",
    "3.4.2",
    "3.4.3",
    "3.4.4",
    "3.4.5",
    "3.4.6",
    "3.5.1",
    "3.5.2",
    "3.5.3",
    "4.1.1",
    "4.1.3",
    "4.1.5",
    "4.2.1",
    "4.4.1",
    "5.2.1",
    "5.2.3",
    "5.3.2",
    "6.6.1",
    "8.2.1",
    "8.2.2",
    "8.2.3",
    "8.3.1",
    "8.3.2",
    "8.3.3",
    "9.1.1",
    "9.2.1",
    "11.2.4",
    "11.4.1",
    "11.5.1",
    "12.3.4",
    "12.3.5",
    "13.1.2",
    "13.1.3",
    "13.2.1",
    "13.2.4",
    "13.2.5",
    "13.2.6",
    "13.3.1",
    "13.3.2",
    "14.1.1",
    "14.1.2",
    "14.2.1",
    "14.2.4",
    "14.2.6",
    "14.2.7",
    "14.3.2",
    "15.1.3",
    "15.2.2",
    "15.3.2",
    "15.3.4",
    "15.4.2",
    "16.2.1",
    "16.2.2",
    "16.2.5",
    "16.3.1",
    "16.3.2",
    "16.3.3",
    "16.3.4",
    "16.4.1",
    "16.4.2",
    "16.5.1",
    "16.5.2",
    "16.5.3",
    "16.5.4",
]


@lru_cache
def cases_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def named() -> list[tuple[str, str]]:
    return _ID.findall(DOCUMENT.read_text(encoding="utf-8"))


def test_every_test_that_the_document_names_exists() -> None:
    assert len(named()) > 60
    missing = [
        f"{file}::{name}"
        for file, name in named()
        if not (ROOT / file).exists() or (name and name not in cases_in(file))
    ]
    assert missing == []


def test_every_published_hole_is_in_the_document() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    here = cases_in("tests/security/test_published_holes.py")
    holes = {found[0] for name in here if (found := re.match(r"test_cve_\d+_\d+", name))}
    assert len(holes) == 12
    assert {hole for hole in holes if f"::{hole}" not in text} == set()


@pytest.mark.parametrize("item", ITEMS)
def test_every_item_is_answered(item: str) -> None:
    assert _ITEM.findall(DOCUMENT.read_text(encoding="utf-8")).count(item) == 1


def test_everything_public_is_said_to_be() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert [one for one in PUBLIC if f"`{one}`" not in text] == []
