"""Each image alone: small, nobody's, read-only, without the others' code; it starts and drains."""

import hashlib
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from dev.layout import SERVICES, Service
from tests.containers.engine import attempt, docker, exit_code, inspected, python_image, run_once
from tests.containers.images import Images

LARGEST = 250_000_000
# What the published slim image of Python has; another one may be larger, which is not our doing.
SLIM = 125_000_000
NOBODY = "65532:65532"
HELD = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges")
PYTHON = "--entrypoint=/app/bin/python"
LACKS = "import importlib.util, sys; print(*filter(importlib.util.find_spec, sys.argv[1:]))"
UNCOMPILED = """
import importlib, pathlib, sys
importlib.import_module(sys.argv[1])
kept = {name: getattr(module, "__cached__", None) for name, module in sys.modules.items()}
print(*(name for name, file in kept.items() if file and not pathlib.Path(file).exists()))
"""
EXTENSIONS = """
import importlib, pathlib, sysconfig
root = pathlib.Path(sysconfig.get_path("purelib"))
for file in root.rglob("*.so"):
    importlib.import_module(".".join([*file.relative_to(root).parts[:-1], file.name.split(".")[0]]))
"""
EACH_SERVICE = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)


def settings(service: Service) -> list[str]:
    """Return the two variables without which production does not start, as options."""
    digest = hashlib.sha256(secrets.token_bytes()).hexdigest()
    values = {"SECRET": secrets.token_urlsafe(), "TOKENS": f"me={digest}:read"}
    return [f"--env={service.prefix}_{name}={value}" for name, value in values.items()]


@contextmanager
def running(image: str, *options: str) -> Iterator[str]:
    container = docker("run", "--detach", *HELD, *options, image)
    try:
        yield container
    finally:
        docker("rm", "--force", "--volumes", container)


def size(image: Mapping[str, Any]) -> int:
    """Return an image's size as it is on a slim base."""
    base = int(inspected("image", python_image())["Size"])
    return int(image["Size"]) - base + min(base, SLIM)


@EACH_SERVICE
def test_an_image_is_small_and_runs_as_nobody(service: Service, own_images: Images) -> None:
    found = inspected("image", own_images.services[service.name])
    assert found["Config"]["User"] == NOBODY
    assert size(found) < LARGEST
    assert found["Config"]["Entrypoint"] == ["/app/bin/python", "-m", service.module]


@EACH_SERVICE
def test_an_image_holds_no_other_service(service: Service, own_images: Images) -> None:
    names = [one.module for one in SERVICES]
    words = ("-c", LACKS, *names, "dev", "tests", "rich", "uv_build")
    assert run_once(own_images.services[service.name], *words, options=[PYTHON]) == service.module


@EACH_SERVICE
def test_a_start_compiles_nothing(service: Service, own_images: Images) -> None:
    words = ("-c", UNCOMPILED, f"{service.module}.bootstrap")
    assert run_once(own_images.services[service.name], *words, options=[PYTHON]) == ""


@EACH_SERVICE
def test_what_was_stripped_still_loads(service: Service, own_images: Images) -> None:
    assert run_once(own_images.services[service.name], "-c", EXTENSIONS, options=[PYTHON]) == ""


@EACH_SERVICE
def test_an_image_refuses_to_start_on_default_secrets(service: Service, own_images: Images) -> None:
    done = attempt("run", "--rm", *HELD, own_images.services[service.name])
    assert done.returncode == 2
    told = {line.partition(":")[0] for line in done.stderr.splitlines()}
    told -= {"WARNING"}  # The engine's own, of a machine that forwards nothing.
    assert told == {f"{service.prefix}_SECRET", f"{service.prefix}_TOKENS"}


@EACH_SERVICE
def test_an_image_starts_alone_and_drains(service: Service, own_images: Images) -> None:
    port = 8010 + service.offset
    options = (*settings(service), f"--publish=127.0.0.1::{port}")
    with running(own_images.services[service.name], *options) as container:
        published = docker("port", container, str(port)).splitlines()[0]
        assert answer(f"http://{published}/healthz", container).status_code == 200
        # No Kafka, so it takes no work; but it lives, keeps its database, and says so.
        ready = answer(f"http://{published}/readyz", container)
        assert (ready.status_code, ready.json()["kafka"]) == (503, False)
        until_healthy(container)
        assert docker("exec", container, "id", "-u") == "65532"
        assert f"{service.name}.db" in docker("exec", container, "ls", "/var/lib/tocsin")
        assert attempt("exec", container, "touch", "/app/written").returncode != 0
        docker("stop", "--time=40", container)
        assert exit_code(container) == 0, docker("logs", container)


def test_the_cli_runs_as_nobody(own_images: Images) -> None:
    image = own_images.variables["TOCSIN_CLI_IMAGE"]
    found = inspected("image", image)
    assert found["Config"]["User"] == NOBODY
    assert size(found) < LARGEST
    assert "key_sha256" in run_once(image, "key", "new", options=HELD)
    names = [one.module for one in SERVICES]
    assert run_once(image, "-c", LACKS, *names, options=[PYTHON]) == ""


def answer(url: str, container: str) -> httpx.Response:
    deadline = time.monotonic() + 60
    while True:
        try:
            return httpx.get(url, timeout=10, trust_env=False)
        except httpx.TransportError:
            assert time.monotonic() < deadline, docker("logs", container)
            time.sleep(0.2)


def until_healthy(container: str) -> None:
    """Wait for the image's own health check."""
    deadline = time.monotonic() + 90
    while (health := inspected("container", container)["State"]["Health"])["Status"] != "healthy":
        assert time.monotonic() < deadline, health
        time.sleep(0.5)
