"""The Docker engine, as the tests call it: by its own command line, with deadlines."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dev.layout import ROOT

WITHIN = 900.0
BUILT_WITHIN = 3600.0  # With nothing in the engine's cache, on a busy machine.
ASKED_WITHIN = 120.0
PULL_WITHIN = 300.0
# Such as `--network=host`, where an engine gives its builds no way out.
BUILD_OPTIONS = os.environ.get("DOCKER_BUILD_OPTIONS", "").split()


def defaults() -> dict[str, str]:
    """Return what `.env` says."""
    lines = (ROOT / ".env").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=")[::2] for line in lines if line and not line.startswith("#"))
    return dict(pairs)


def attempt(*words: str, within: float = WITHIN) -> subprocess.CompletedProcess[str]:
    """Run `docker …` from the repository's root, whatever comes of it."""
    return subprocess.run(
        ["docker", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=within,
        check=False,
    )


def docker(*words: str, within: float = WITHIN) -> str:
    """Run `docker …` and return what it said; fails with all of it."""
    done = attempt(*words, within=within)
    assert done.returncode == 0, f"docker {' '.join(words)}\n{done.stdout}\n{done.stderr}"
    return done.stdout.strip()


def inspected(kind: str, name: str) -> dict[str, Any]:
    """Return what the engine knows of an image or a container."""
    found: list[dict[str, Any]] = json.loads(docker(kind, "inspect", name))
    return found[0]


def lacking() -> str:
    """Return why there is no engine to test with; nothing when there is one."""
    if shutil.which("docker") is None:
        return "needs Docker"
    try:
        if attempt("info", within=ASKED_WITHIN).returncode:
            return "needs a running Docker engine"
    except subprocess.TimeoutExpired:
        return f"needs a Docker engine that answers within {ASKED_WITHIN:.0f} s"
    if not obtainable(python_image()):
        return f"needs the image {python_image()}, or another one named in PYTHON_IMAGE"
    return ""


def python_image() -> str:
    """Return what the images are built on."""
    return os.environ.get("PYTHON_IMAGE") or defaults()["PYTHON_IMAGE"]


def obtainable(image: str) -> bool:
    """Whether an image is there, or can be pulled."""
    if attempt("image", "inspect", image).returncode == 0:
        return True
    try:
        return attempt("pull", "--quiet", image, within=PULL_WITHIN).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def build(tag: str, dockerfile: str, context: Path = ROOT) -> str:
    """Build an image and return its tag; what was built before is taken from the engine's cache."""
    arguments = {"PYTHON_IMAGE": python_image(), "PIP_INDEX_URL": os.environ.get("PIP_INDEX_URL")}
    words = [f"--build-arg={name}={value}" for name, value in arguments.items() if value]
    file = str(context / dockerfile)
    named = ["--tag", tag, "--file", file, str(context)]
    docker("build", *BUILD_OPTIONS, *words, *named, within=BUILT_WITHIN)
    return tag


def exit_code(container: str) -> int:
    """Return how a container that has ended did so."""
    return int(inspected("container", container)["State"]["ExitCode"])


def run_once(image: str, *words: str, options: Sequence[str] = ()) -> str:
    """Run a container to its end and return what it said."""
    return docker("run", "--rm", *options, image, *words)
