"""A service that is told to stop while it is still importing ends at once, in a container too."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dev.layout import SERVICES, Service

# The first process of a namespace: what it has no handler for, the kernel drops.
FIRST = ("unshare", "--pid", "--fork", "--kill-child")
EACH_SERVICE = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
IMPORTS_FOR = 300
AT_ONCE = 60  # Far below that, and enough for a busy machine.


def is_possible(command: tuple[str, ...]) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0


@contextmanager
def importing(service: Service, folder: Path, *before: str) -> Iterator[subprocess.Popen[str]]:
    """Start a service that imports for minutes, and wait until it does."""
    slow = f"import time\nprint('importing', flush=True)\ntime.sleep({IMPORTS_FOR})\n"
    (folder / "pydantic.py").write_text(slow, encoding="utf-8")
    child = subprocess.Popen(
        [*before, sys.executable, "-m", service.module],
        env=os.environ | {"PYTHONPATH": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "importing\n"
            yield child
        finally:
            child.kill()


@EACH_SERVICE
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_while_it_imports_ends_it(
    service: Service, number: signal.Signals, tmp_path: Path
) -> None:
    with importing(service, tmp_path) as child:
        child.send_signal(number)
        assert child.wait(AT_ONCE) == 0


@EACH_SERVICE
@pytest.mark.skipif(not is_possible(FIRST), reason="needs unshare (util-linux), and to be allowed")
def test_a_stop_while_it_imports_ends_the_first_process_of_a_container(
    service: Service, tmp_path: Path
) -> None:
    with importing(service, tmp_path, *FIRST) as parent:
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text("ascii")
        os.kill(int(children), signal.SIGTERM)
        assert parent.wait(AT_ONCE) == 0
