"""The rules that watch Tocsin name metrics that exist, and ring when they must."""

import importlib
import re
import shutil
import subprocess
from typing import Any

import pytest
from prometheus_client import REGISTRY
from ruamel.yaml import YAML

from dev.layout import ROOT, SERVICES
from tocsin import telemetry

FOLDER = ROOT / "examples" / "prometheus"
RULES = FOLDER / "tocsin.rules.yml"
NAME = re.compile(r"\btocsin_[a-z_]+\b")


def rules() -> list[dict[str, Any]]:
    found = YAML(typ="safe").load(RULES)
    return [rule for group in found["groups"] for rule in group["rules"]]


def known() -> set[str]:
    assert telemetry.CATALOG_VERSION is not None  # Imported for what it registers.
    names = {metric.name: metric.type for metric in REGISTRY.collect()}
    return {f"{name}_total" if kind == "counter" else name for name, kind in names.items()}


def test_every_metric_of_a_rule_exists_and_is_documented() -> None:
    named = {name for rule in rules() for name in NAME.findall(rule["expr"])}
    assert len(named) > 10
    assert named - known() == set()
    told = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert {name for name in named if name not in told} == set()


def test_every_metric_is_documented() -> None:
    for service in SERVICES:  # Some metrics are a service's own.
        importlib.import_module(f"{service.module}.bootstrap")
    told = set(NAME.findall((ROOT / "docs" / "operations.md").read_text(encoding="utf-8")))
    ours = {name for name in known() if name.startswith("tocsin_")}
    assert len(ours) > 20
    assert ours - told == set()


def test_every_rule_says_what_is_wrong_and_what_to_do() -> None:
    for rule in rules():
        assert rule["alert"].startswith("Tocsin")
        assert rule["labels"]["severity"] in {"critical", "error"}
        assert rule["annotations"].keys() == {"summary", "action"}


@pytest.mark.peer
@pytest.mark.skipif(not shutil.which("promtool"), reason="needs promtool (Debian's prometheus)")
@pytest.mark.parametrize(
    "words", [("check", "rules", RULES.name), ("test", "rules", "tocsin.rules.test.yml")]
)
def test_promtool_agrees(words: tuple[str, ...]) -> None:
    done = subprocess.run(
        ["promtool", *words], cwd=FOLDER, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
