"""Every `tocsin …` that the documentation and the console teach is one that there is."""

import html
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from dev.layout import ROOT
from tocsin.cli.app import app

TEMPLATES = "services/postmortem/src/postmortem/entrypoints/console/templates/*.html"
FILES = sorted(
    file
    for pattern in ("README.md", "docs/*.md", "services/*/README.md", TEMPLATES)
    for file in ROOT.glob(pattern)
)
TOCSIN: Any = typer.main.get_command(app)  # Typer's own kind of command.
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`([^`]+)`")
CODE = re.compile(r"<code>(.*?)</code>", re.DOTALL)
# Not `/tocsin …`, which is a chat's; what follows two blanks is a remark.
COMMAND = re.compile(r"(?:^|\s)tocsin (.+?)(?=\s{2}|$)", re.MULTILINE)
ENDS = {"|", "<", ">", "&&", ";"}
LEFT_OPEN = {"…", "..."}


def codes(file: Path) -> Iterator[str]:
    """Yield what stands as code in a file."""
    text = re.sub(r"\s*\\\n\s*", " ", file.read_text("utf-8"))
    if file.suffix == ".html":
        for found in CODE.findall(re.sub(r"\{\{.*?\}\}", "X", text)):
            yield html.unescape(found)
        return
    yield from FENCED.findall(text)
    for block in re.split(r"\n\s*\n", FENCED.sub("\n\n", text)):
        if all(line.startswith("    ") for line in block.splitlines()):
            yield block
        else:
            yield from (found.replace("\n", " ") for found in SPAN.findall(block))


def taught(file: Path) -> list[str]:
    return [found for code in codes(file) for found in COMMAND.findall(code)]


def wrong(line: str) -> str:
    """Return what of a command there is not; nothing where all of it is there."""
    command, known = TOCSIN, {"--help", *_options(TOCSIN)}
    for word in shlex.split(line, comments=True):
        if word in ENDS:
            break
        if word.startswith("-"):
            if word.partition("=")[0] not in known:
                return f"no option {word}"
        elif hasattr(command, "commands") and word not in LEFT_OPEN:
            if word not in command.commands:
                return f"no command {word}"
            command = command.commands[word]
            known |= _options(command)
    return ""


def _options(command: Any) -> set[str]:
    return {name for one in command.params for name in (*one.opts, *one.secondary_opts)}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_a_command_that_is_taught_exists(file: Path) -> None:
    found = [f"tocsin {line}: {fault}" for line in taught(file) if (fault := wrong(line))]
    assert found == []


def test_commands_are_found_where_they_stand(tmp_path: Path) -> None:
    words = tmp_path / "a.md"
    words.write_text(
        "Run `tocsin why 42` or `/tocsin help`.\n\n"
        "```sh\ndocker compose run --rm tocsin ring  # now\n```\n\n"
        "    tocsin plan DIR     what would change (`--x`)\n"
        "    tocsin swap propose payments \\\n        --by ada\n"
    )
    page = tmp_path / "a.html"
    page.write_text("<pre><code>tocsin shifts {{ name }} --from &lt;day&gt;</code></pre>")
    assert taught(words) == ["ring", "why 42", "plan DIR", "swap propose payments --by ada"]
    assert taught(page) == ["shifts X --from <day>"]
    everywhere = [line for file in FILES for line in taught(file)]
    assert len(everywhere) > 80, "the search itself is broken"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("silence add 'a=\"b\"' --duration 2h", "no option --duration"),
        ("silence add 'a=\"b\"' --until 2h --json", ""),
        ("silence mute x", "no command mute"),
        ("snooze 7", "no command snooze"),
        ("override …", ""),
        ("postmortems write 42 impact < impact.txt --nothing", ""),
    ],
)
def test_what_is_not_there_is_told(line: str, fault: str) -> None:
    assert wrong(line) == fault
