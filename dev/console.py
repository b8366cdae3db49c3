"""One terminal for many processes: every line starts with who said it, in that one's colour."""

import os
import sys
from typing import TextIO

COLOURS = (36, 33, 35, 32, 34, 96, 93, 95, 92, 94)
WIDTH = 15


class Console:
    """Writes whole lines; colours only a terminal whose user has not set NO_COLOR."""

    def __init__(self, stream: TextIO = sys.stdout, *, colour: bool | None = None) -> None:
        self._stream = stream
        self._colour = (
            stream.isatty() and not os.environ.get("NO_COLOR") if colour is None else colour
        )
        self._colours: dict[str, int] = {}

    def say(self, who: str, text: str) -> None:
        """Write one line of one process."""
        prefix = f"{who:<{WIDTH}} |"
        if self._colour:
            colour = self._colours.setdefault(who, COLOURS[len(self._colours) % len(COLOURS)])
            prefix = f"\x1b[{colour}m{prefix}\x1b[0m"
        self._stream.write(f"{prefix} {text}\n")
        self._stream.flush()
