"""Each service alone, from its own lock: installed, started and ended without the others' code."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from dev.layout import ROOT, SERVICES, Service
from dev.lock import UV
from dev.ports import free_ports
from dev.process import Process

WITHIN = 300.0
NOT_ITS_OWN = ("dev", "tests", *(service.module for service in SERVICES))
LACKS = "import importlib.util, sys; print(*filter(importlib.util.find_spec, sys.argv[1:]))"


@dataclass(frozen=True)
class Installed:
    """One service in an environment of its own: what its image holds, without an engine."""

    service: Service
    folder: Path

    @property
    def python(self) -> str:
        """Its interpreter."""
        return str(self.folder / "app" / "bin" / "python")

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.python, *words],
            cwd=self.folder,
            env=outside() | environment,
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=False,
        )


def outside() -> dict[str, str]:
    """Return this environment without what would let it see more than was installed."""
    prefixes = tuple(f"{service.prefix}_" for service in SERVICES)
    return {
        name: value
        for name, value in os.environ.items()
        if name not in {"PYTHONPATH", "VIRTUAL_ENV"} and not name.startswith(prefixes)
    }


def install(python: str, *words: str) -> None:
    command = [str(UV), "pip", "install", "--quiet", "--python", python, *words]
    subprocess.run(command, cwd=ROOT, env=outside(), timeout=WITHIN, check=True)


@pytest.fixture(scope="module", params=SERVICES, ids=lambda service: service.name)
def alone(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    service: Service = request.param
    folder = tmp_path_factory.mktemp(service.module)
    build, app = folder / "build" / "bin" / "python", folder / "app" / "bin" / "python"
    for environment in (build, app):
        venv = [str(UV), "venv", "--quiet", "--python", sys.executable]
        subprocess.run([*venv, str(environment.parent.parent)], timeout=WITHIN, check=True)
    # As its Dockerfile does: nothing without a hash, the tool that makes our wheels included.
    install(str(build), "--require-hashes", "-r", "libs/common/build.lock")
    own = f"services/{service.name}"
    install(str(app), "--require-hashes", "-r", f"{own}/requirements.lock")
    make = [str(UV), "build", "--quiet", "--wheel", "--no-build-isolation"]
    for member in ("libs/common", own):
        words = [*make, "--python", str(build), "--out-dir", str(folder / "wheels"), member]
        subprocess.run(words, cwd=ROOT, env=outside(), timeout=WITHIN, check=True)
    install(str(app), "--no-deps", *map(str, (folder / "wheels").glob("*.whl")))
    return Installed(service, folder)


def test_a_service_is_installed_without_the_others_code(alone: Installed) -> None:
    found = alone.run("-I", "-c", LACKS, *NOT_ITS_OWN)
    assert (found.stdout.split(), found.stderr) == ([alone.service.module], "")


def test_a_service_is_whole_by_its_own_lock(alone: Installed) -> None:
    found = alone.run("-I", "-m", alone.service.module, "--check")
    assert (found.returncode, found.stderr) == (0, "")
    assert alone.run("-I", "-c", "import rich").returncode == 1  # The CLI's, and no service's.


def test_a_service_starts_alone_and_drains(alone: Installed) -> None:
    kafka, port = free_ports(2)
    prefix = alone.service.prefix
    settings = {
        f"{prefix}_HTTP": f"127.0.0.1:{port}",
        f"{prefix}_KAFKA": f"127.0.0.1:{kafka}",  # Nobody listens there.
        f"{prefix}_DATABASE": f"sqlite:///{alone.folder}/alone.db",
    }
    command = [alone.python, "-I", "-m", alone.service.module]
    process = Process(
        command,
        alone.folder / "service.log",
        environment=outside() | settings,
        folder=alone.folder,
    )
    try:
        assert answer(process, f"http://127.0.0.1:{port}/healthz").status_code == 200
        assert probe(alone, settings).returncode == 0
        ready = answer(process, f"http://127.0.0.1:{port}/readyz")
        assert (ready.status_code, ready.json()["kafka"]) == (503, False)
        os.kill(process.pid, signal.SIGTERM)
        assert process.ended(within=40.0) == 0, process.last_lines(20)
    finally:
        process.kill()
    assert probe(alone, settings).returncode == 1


def probe(alone: Installed, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Ask as the image's health check does."""
    return alone.run("-m", "tocsin.probe", f"{alone.service.prefix}_HTTP", **settings)


def answer(process: Process, url: str) -> httpx.Response:
    deadline = time.monotonic() + 60
    while True:
        try:
            return httpx.get(url, timeout=10, trust_env=False)
        except httpx.TransportError:
            assert process.is_running, process.last_lines(20)
            assert time.monotonic() < deadline, process.last_lines(20)
            time.sleep(0.1)
