"""Writes or checks the locked requirements: versions and hashes, no addresses.

`uv.lock` holds the address of every file and is not committed, so the committed requirements are
themselves the lock: each resolution starts from their versions, in a copy of the workspace. A check
is stale only when a pyproject.toml asks for something else, never because something newer is out.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from dev.errors import DevError
from dev.layout import ROOT

UV = Path(sys.executable).parent / "uv"
WITHIN = 300.0
WHOLE = "requirements.lock"
BUILD = "libs/common/build.lock"  # What makes wheels of our own packages, for the images.
EVERYTHING = ("--all-packages", "--all-groups", "--all-extras")
PLAIN = ("--no-emit-workspace", "--no-annotate", "--no-header", "--quiet")
PIN = re.compile(r"^([A-Za-z0-9._-]+==[^\s;]+)", re.MULTILINE)
HASH = re.compile(r"--hash=(\S+)")
CONSTRAINTS = "\n[tool.uv]\nconstraint-dependencies = {pins}\n"


def main(words: list[str]) -> int:
    """Write the locks, or with --check name the first that is stale; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m dev lock", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    options = parser.parse_args(words)
    try:
        fresh = _resolved(pinned=not options.upgrade)
    except DevError as error:
        print(f"tocsin: {error}", file=sys.stderr)
        return 1
    if options.check:
        return _report({name for name, text in fresh.items() if _is_stale(ROOT / name, text)})
    for name, text in fresh.items():
        if _is_stale(ROOT / name, text):
            (ROOT / name).write_text(text)
            print(f"{name} written")
    return 0


def _report(stale: set[str]) -> int:
    for name in sorted(stale):
        print(f"{name} is stale: run `python -m dev lock` and commit it.", file=sys.stderr)
    return 1 if stale else 0


def _is_stale(path: Path, fresh: str) -> bool:
    """Compare versions and markers; files that were published since only add hashes."""
    if not path.exists():
        return True
    kept = path.read_text()
    if _requirements(kept) != _requirements(fresh):
        return True
    return not set(HASH.findall(kept)) <= set(HASH.findall(fresh))


def _requirements(text: str) -> list[str]:
    lines = text.splitlines()
    return [line.removesuffix("\\").strip() for line in lines if not line.startswith(" ")]


def _resolved(*, pinned: bool) -> dict[str, str]:
    """Resolve in a copy, so that nobody's uv.lock decides."""
    with tempfile.TemporaryDirectory(prefix="tocsin-lock-") as folder:
        copy = Path(folder)
        members = _copy_workspace(copy)
        if pinned and (ROOT / WHOLE).exists():
            _constrain(copy / "pyproject.toml", PIN.findall((ROOT / WHOLE).read_text()))
        _uv(copy, "lock", "--quiet")
        locks = {WHOLE: _uv(copy, "export", *EVERYTHING, *PLAIN)}
        locks[BUILD] = _uv(copy, "export", "--frozen", "--only-group", "build", *PLAIN)
        for member in members:
            package = tomllib.loads((ROOT / member / "pyproject.toml").read_text())["project"]
            words = ("--package", package["name"], "--all-extras", "--no-dev", *PLAIN)
            locks[f"{member}/{WHOLE}"] = _uv(copy, "export", "--frozen", *words)
    return locks


def _copy_workspace(copy: Path) -> list[str]:
    """Copy what a resolution reads, and return the members' folders."""
    members = sorted([*ROOT.glob("libs/*/pyproject.toml"), *ROOT.glob("services/*/pyproject.toml")])
    for file in [ROOT / "pyproject.toml", *members]:
        into = copy / file.relative_to(ROOT)
        into.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, into)
    return [str(file.parent.relative_to(ROOT)) for file in members]


def _constrain(pyproject: Path, pins: list[str]) -> None:
    text = pyproject.read_text()
    if "[tool.uv]" in text:
        raise DevError("dev/lock.py adds a [tool.uv] table; merge the one in pyproject.toml.")
    pyproject.write_text(text + CONSTRAINTS.format(pins=json.dumps(pins)))


def _uv(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [str(UV), *words], cwd=folder, capture_output=True, text=True, timeout=WITHIN, check=False
    )
    if done.returncode:
        raise DevError(
            f"`uv {words[0]}` failed; when a pin is in the way, `python -m dev lock --upgrade`"
            f" moves all: {done.stderr.strip()}"
        )
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
