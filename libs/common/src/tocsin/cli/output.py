"""What people read and what scripts read. With --json only machine output is on stdout."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from tocsin.cli.failure import CliError
from tocsin.visible import visible

FILE_WIDTH = 250  # A pipe has no width; nothing is to be cut in it.


def plain(text: object) -> str:
    """Return text that a terminal shows and never obeys: control characters become visible."""
    return visible(str(text))


class Output:
    """Writes the answers of commands to stdout, and everything else to stderr."""

    def __init__(self, *, machine: bool, stdout: IO[str], stderr: IO[str]) -> None:
        """Write for a `machine` as JSON, or for people."""
        self.machine = machine
        self._out = _console(stdout)
        self._err = _console(stderr)
        self._stdout = stdout
        self._stderr = stderr

    def answer(self, value: Any) -> None:  # noqa: ANN401 - JSON.
        """Give a script the answer; people are told by `say` and `table`."""
        if self.machine:
            self._stdout.write(json.dumps(value, indent=2) + "\n")

    def say(self, sentence: str, *, style: str = "") -> None:
        """Tell people something."""
        if not self.machine:
            self._out.print(Text(plain(sentence), style=style))

    def table(self, head: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
        """Show people a table, or say that it is empty."""
        if self.machine:
            return
        cells = [[Text(plain(cell)) for cell in row] for row in rows]
        if not cells:
            self.say(empty)
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in head:
            table.add_column(name, overflow="fold")
        for row in cells:
            table.add_row(*row)
        self._out.print(table)

    def text(self, text: str) -> None:
        """Give the answer as it is, where it is for a program that is no JSON's."""
        self._stdout.write(text)

    @contextmanager
    def bar(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """Show people at a terminal how far it is; call what this gives with the done and all."""
        if self.machine or not self._err.is_terminal:
            yield lambda _done, _of: None
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=self._err, transient=True) as progress:
            task = progress.add_task(what, total=None)
            yield lambda done, of: progress.update(task, completed=done, total=of)

    def progress(self, sentence: str) -> None:
        """Tell people what is going on, beside the answer."""
        if not self.machine:
            self._err.print(Text(plain(sentence), style="dim"))

    def fail(self, error: CliError) -> None:
        """Say why it did not work, on stderr."""
        if self.machine:
            body: Mapping[str, Any] = {"error": {"message": error.sentence, **error.more}}
            self._stderr.write(json.dumps(body) + "\n")
        else:
            for line in error.sentence.split("\n"):
                self._err.print(Text(plain(line), style="red"))


def _console(stream: IO[str]) -> Console:
    width = None if stream.isatty() else FILE_WIDTH
    return Console(
        file=stream, width=width, highlight=False, markup=False, emoji=False, soft_wrap=True
    )
