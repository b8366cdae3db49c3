"""A small disk for the databases, that can be filled to the last byte."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from dev.layout import SERVICES

CHUNK = 1024 * 1024


class SmallDisk:
    """A tmpfs of its own; needs the right to mount."""

    def __init__(self, folder: Path) -> None:
        """Be at `folder`."""
        self.folder = folder

    def environment(self) -> dict[str, str]:
        """Return the settings that put every service's database here."""
        return {
            f"{service.prefix}_DATABASE": f"sqlite:///{self.folder / service.name}.db"
            for service in SERVICES
        }

    def fill(self) -> None:
        """Leave no byte free. It takes seconds, for which the caller's loop should not wait."""
        with self._ballast.open("wb", buffering=0) as file:
            with contextlib.suppress(OSError):
                there = os.statvfs(self.folder)
                os.posix_fallocate(file.fileno(), 0, there.f_bavail * there.f_frsize)
            file.seek(0, os.SEEK_END)
            for size in (CHUNK, 4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(b"\0" * size)

    def empty(self) -> None:
        """Give the room back."""
        self._ballast.unlink(missing_ok=True)

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk | None]:
    """Mount a disk of this size at `folder`; None where that is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    options = ["-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(["mount", *options], check=False).returncode:
        yield None
        return
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)
