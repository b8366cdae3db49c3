"""Kafka's jars: fetched once per checkout by jgo, and kept only if every hash is the locked one."""

import fcntl
import hashlib
import io
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from dev.errors import DevError

HERE = Path(__file__).parent
LOCK = HERE / "jgo.lock.toml"
CACHE = HERE.parent / ".cache" / "kafka"
FETCH_TIMEOUT = 540.0
STEP = 10
SYNC = ("--timeout", "60", "sync")


def jars(cache: Path = CACHE) -> Path:
    """Return the folder of the verified jars, fetching them first when they are not there."""
    # Named after the lock, so that a changed lock fetches anew and old checkouts keep theirs.
    folder = cache.resolve() / hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with exclusively(cache / "fetch.lock"):
        if not folder.is_dir():
            _fetch(folder)
    return folder


@contextmanager
def exclusively(path: Path) -> Iterator[None]:
    """Hold a lock file, which the kernel releases even when the holder is killed."""
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def class_path(folder: Path) -> str:
    """Return the Java class path of a folder that `jars` returned."""
    return f"{folder}/jars/*:{folder}/modules/*"


def _fetch(folder: Path) -> None:
    """Fetch beside the final folder, verify, and only then rename: never half a set."""
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    started = time.monotonic()
    locked = _locked_hashes()
    _say(f"fetching {len(locked)} jars (44 MB), once per checkout")
    _run_jgo(partial, folder.parent / "repository")
    _verify(partial, locked)
    partial.rename(folder)
    _say(f"{len(locked)} jars fetched and verified in {time.monotonic() - started:.0f} s")


def _run_jgo(into: Path, repository: Path) -> None:
    command = [sys.executable, "-m", "jgo", "--resolver", "python", "--color", "plain"]
    command += ["--cache-dir", str(into), "--repo-cache", str(repository), *SYNC]
    with subprocess.Popen(
        command,
        # jgo lays out jars/ and modules/ only for the jgo.toml of its working directory.
        cwd=HERE,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as jgo:
        last = _show_progress(jgo.stdout or io.StringIO())
        code = jgo.wait(FETCH_TIMEOUT)
    if code:
        # A file that arrived damaged would be reused and fail again.
        shutil.rmtree(repository, ignore_errors=True)
        raise DevError(f"Kafka's jars could not be fetched (jgo ended with {code}): {last}")


def _show_progress(output: IO[str]) -> str:
    count, last = 0, ""
    for line in output:
        last = line.strip() or last
        if line.startswith("Downloading") and ".jar" in line:
            count += 1
            if count % STEP == 0:
                _say(f"{count} jars")
    return last


def _locked_hashes() -> dict[str, str]:
    locked = tomllib.loads(LOCK.read_text())["dependencies"]
    return {f"{jar['artifactId']}-{jar['version']}.jar": jar["sha256"] for jar in locked}


def _verify(folder: Path, locked: dict[str, str]) -> None:
    found = {path.name: path for kind in ("jars", "modules") for path in (folder / kind).glob("*")}
    wrong = found.keys() ^ locked.keys()
    wrong |= {
        name
        for name in found.keys() & locked.keys()
        if hashlib.sha256(found[name].read_bytes()).hexdigest() != locked[name]
    }
    if wrong:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(folder.parent / "repository", ignore_errors=True)
        names = ", ".join(sorted(wrong))
        raise DevError(f"These jars differ from dev/jgo.lock.toml and were thrown away: {names}.")


def _say(text: str) -> None:
    print(f"kafka: {text}", flush=True)
