"""What must be true before anything starts, in one sentence each; the first run's secrets."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.errors import DevError
from dev.layout import DEFAULT_VAR, Layout, Secrets
from dev.ports import port_is_free

LEAST_FREE_MEGABYTES = 500
MEGABYTE = 1_000_000


@contextmanager
def claimed(layout: Layout) -> Iterator[None]:
    """Check this machine, and hold the folder so that no second dev system writes into it."""
    _require_writable(layout.var)
    _require_space(layout.var)
    with (layout.var / "lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DevError(
                f"Another dev system is running in {layout.var}: stop it,"
                " or set TOCSIN_VAR and TOCSIN_PORT to run a second one beside it."
            ) from None
        require_free_ports(layout)
        yield


def require_free_ports(layout: Layout) -> None:
    """Raise a DevError that names the first port somebody else listens on."""
    for owner, port in layout.ports().items():
        if not port_is_free(port):
            raise DevError(
                f"Port {port} ({owner}) is taken: stop what listens there,"
                f" or set TOCSIN_PORT (now {layout.port}) to move all ports of this dev system."
            )


def secrets_of(layout: Layout) -> Secrets:
    """Return the token and the secret of this dev system, made on its first run."""
    return Secrets(
        token=_kept(layout.var / "token", prefix="tocsin_"),
        secret=_kept(layout.var / "secret", prefix=""),
    )


def _kept(path: Path, *, prefix: str) -> str:
    """Read a secret, or write a new one that only its owner may read."""
    if path.exists() and (kept := path.read_text().strip()):
        return kept
    made = prefix + secrets.token_urlsafe(32)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(made + "\n")
    path.chmod(0o600)
    return made


def _require_writable(var: Path) -> None:
    try:
        var.mkdir(parents=True, exist_ok=True)
        probe = var / "lock"
        probe.touch()
    except OSError as error:
        raise DevError(
            f"The folder {var} is not writable ({error.strerror}): set TOCSIN_VAR to one that is"
            f" (it is {DEFAULT_VAR}/ when unset)."
        ) from None


def _require_space(var: Path) -> None:
    free = shutil.disk_usage(var).free // MEGABYTE
    if free < LEAST_FREE_MEGABYTES:
        raise DevError(
            f"Only {free} MB are free where {var} is and {LEAST_FREE_MEGABYTES} MB are needed:"
            " free some, or set TOCSIN_VAR to a folder on another disk."
        )
