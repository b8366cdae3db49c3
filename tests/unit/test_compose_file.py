"""`docker-compose.yml` against what else says the same: no engine needed."""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from dev.kafka import KafkaServer
from dev.layout import DEFAULT_PORT, ROOT, SERVICES, Service

COMPOSE = ROOT / "docker-compose.yml"
# Where the two cannot be the same: names, places, and how a single broker is told of itself.
OF_ITS_OWN = {
    "process.roles",
    "node.id",
    "listeners",
    "advertised.listeners",
    "log.dirs",
    "controller.quorum.bootstrap.servers",
}
EACH_SERVICE = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)


def composed() -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(COMPOSE)["services"]
    return found


def test_the_broker_has_the_settings_of_the_dev_system(tmp_path: Path) -> None:
    told = composed()["kafka"]["environment"]
    lines = KafkaServer(tmp_path, 1, 2).settings().splitlines()
    settings = dict(line.split("=", 1) for line in lines if "=" in line and line[0] != "#")
    wanted = {
        f"KAFKA_{name.replace('.', '_').upper()}": value
        for name, value in settings.items()
        if name not in OF_ITS_OWN
    }
    assert wanted
    assert {name: told.get(name) for name in wanted} == wanted


def test_every_variable_has_a_default_and_a_use() -> None:
    lines = (ROOT / ".env").read_text().splitlines()
    defined = {line.partition("=")[0] for line in lines if line and line[0] != "#"}
    used = set(re.findall(r"\$\{([A-Z_]+)\}", COMPOSE.read_text()))
    assert used == defined


def test_images_hold_the_python_that_the_tests_run_on() -> None:
    version = (ROOT / ".python-version").read_text().strip()
    assert f"PYTHON_IMAGE=python:{version}-slim" in (ROOT / ".env").read_text().splitlines()
    for file in [*ROOT.glob("services/*/Dockerfile"), ROOT / "libs" / "common" / "Dockerfile"]:
        assert f"ARG PYTHON_IMAGE=python:{version}-slim" in file.read_text().splitlines()


@EACH_SERVICE
def test_a_stop_waits_longer_than_a_drain_may_take(service: Service) -> None:
    found = composed()[service.name]
    assert found["stop_grace_period"] == "35s"  # DRAIN_TIMEOUT is 25 s where nobody says else.
    assert found["init"]
    assert found["read_only"]
    assert found["restart"] == "unless-stopped"


@EACH_SERVICE
def test_ports_are_those_of_make_up(service: Service) -> None:
    port = int(DEFAULT_PORT) + service.offset
    lines = (ROOT / ".env").read_text().splitlines()
    assert f"TOCSIN_{service.prefix}_PORT={port}" in lines
    published = composed()[service.name]["ports"]
    assert published == [f"${{TOCSIN_BIND}}:${{TOCSIN_{service.prefix}_PORT}}:{port}"]
    assert "TOCSIN_BIND=127.0.0.1" in lines
