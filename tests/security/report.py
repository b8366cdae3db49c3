"""The figures of a long fuzz, as the document tells them."""

import re
from collections.abc import Sequence
from pathlib import Path

from tests.security.fuzzing import SLOW, Tally


def report(tallies: Sequence[Tally], grown: int) -> str:
    """Return what became of every endpoint of a service, in Markdown."""
    requests = sum(one.requests for one in tallies)
    failures = sum(
        count for one in tallies for status, count in one.statuses.items() if status >= 500
    )
    wrong = sum(len(one.wrong) for one in tallies)
    worst = max(one.worst for one in tallies)
    summary = (
        f"{requests} requests to {len(tallies)} endpoints: {failures} x 5xx, {wrong} wrong answers,"
        f" {sum(one.slow for one in tallies)} over {SLOW:g} s (the slowest took"
        f" {worst * 1000:.0f} ms), memory {grown / 1024:+.1f} MB."
    )
    lines = [
        summary,
        "",
        "| endpoint | requests | slowest | answers |",
        "|---|---|---|---|",
    ]
    for one in tallies:
        answers = ", ".join(f"{count} x {status}" for status, count in sorted(one.statuses.items()))
        _, _, endpoint = one.endpoint.partition(" ")
        lines.append(f"| `{endpoint}` | {one.requests} | {one.worst * 1000:.0f} ms | {answers} |")
    return "\n".join(lines)


def write(document: Path, service: str, text: str) -> None:
    """Put a service's figures between its marks."""
    before = document.read_text(encoding="utf-8")
    begin, end = f"<!-- fuzz {service} -->", f"<!-- end of fuzz {service} -->"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    assert pattern.search(before), f"{document} has no place for the figures of {service}"
    after = pattern.sub(lambda _: f"{begin}\n{text}\n{end}", before)
    document.write_text(after, encoding="utf-8")
