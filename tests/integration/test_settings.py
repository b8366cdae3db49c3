"""Each service as a process: wrong settings are told all at once, and nothing starts."""

import os
import subprocess
import sys

import pytest

from dev.layout import SERVICES, Service

EACH_SERVICE = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)


def run(service: Service, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(f"{service.prefix}_")
    } | {f"{service.prefix}_{name}": value for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", service.module, *words],
        env=environment,
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )


@EACH_SERVICE
def test_the_defaults_are_valid(service: Service) -> None:
    found = run(service, "--check")
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout == f"{service.name}: the settings are valid\n"


@EACH_SERVICE
def test_every_mistake_is_told_and_the_process_does_not_start(service: Service) -> None:
    found = run(
        service,
        HTTP="nowhere",
        DATABASE="mysql://x",
        ENVIRONMENT="production",
        DRAIN_TIMEOUT="-1",
        KAFAK="127.0.0.1:9092",
    )
    assert found.returncode == 2
    told = sorted(line.partition(":")[0] for line in found.stderr.splitlines())
    names = ["DATABASE", "DRAIN_TIMEOUT", "HTTP", "KAFAK", "SECRET", "TOKENS"]
    assert [f"{service.prefix}_{name}" for name in names] == told
