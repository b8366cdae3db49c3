"""`python -m tocsin.cli`, and the command `tocsin`."""

import io
import sys

from tocsin.cli.app import app


def main() -> None:
    """Run one command and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # A terminal may not know every character.
            stream.reconfigure(errors="backslashreplace")
    app(prog_name="tocsin")


if __name__ == "__main__":
    main()
