"""A plan as it is asked for and told: what changes, whose shifts move, who is paged instead."""

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tocsin.cli.failure import CliError
from tocsin.cli.on_call import ESCALATION
from tocsin.cli.output import plain
from tocsin.cli.session import Session

WEEKS = 4
LONGEST_VALUE = 120
MOST = 10  # Of one person, or of one service; --json has more.
SIGNS = {"created": "+", "changed": "~", "deleted": "-"}
STYLES = {"created": "green", "changed": "yellow", "deleted": "red"}
# What Markdown, GitHub and GitLab would take for more than text.
_MARKS = str.maketrans({mark: f"&#{ord(mark)};" for mark in "\\`*_[]|#~@!:"})
Plan = dict[str, Any]


def asked(
    run: Session, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Plan:
    """Return a plan; people at a terminal see how far it is."""
    with run.out.bar("planning") as advance:
        for line in run.client.lines(ESCALATION, path, body, headers):
            if "progress" in line:
                advance(line["progress"]["done"], line["progress"]["of"])
                continue
            found: Plan = line.get("plan", line)
            return found
    raise CliError("escalation did not answer to the end; run it again.")


def show(run: Session, found: Plan) -> None:
    """Tell people a plan."""
    for warning in found["warnings"]:
        run.out.say(str(warning), style="yellow")
    if not found["changes"]:
        run.out.say(f"nothing changes; the catalog is at version {found['version']}")
    for change in found["changes"]:
        _show_change(run, change)
    for effect in _effects(found):
        run.out.say(f"  > {effect['text']}")
    _show_outcome(run, found)


def markdown(found: Plan, of_set: str) -> str:
    """Return a plan as Markdown; nothing that somebody wrote in the catalog is markup in it."""
    lines = [f"### Plan for the set {_text(of_set)}, version {found['version']}", ""]
    if not found["changes"]:
        lines += ["Nothing changes.", ""]
    else:
        lines += _table(("", "document", "field", "before", "after"), _change_rows(found))
    if people := found.get("people"):
        lines += ["#### Whose shifts move", ""]
        lines += _table(("person", "shift"), _rows(people, "person", "shifts"))
    if services := found.get("services"):
        lines += ["#### Who is paged first instead", ""]
        lines += _table(("service", "when, and who"), _rows(services, "service", "spans"))
    for title, texts in (
        ("Now, level by level", [one["text"] for one in _effects(found)]),
        ("Warnings", found["warnings"]),
    ):
        if texts:
            lines += [f"#### {title}", "", *(f"- {_text(one)}" for one in texts), ""]
    return "\n".join(lines)


def _rows(subjects: Iterable[Plan], label: str, items: str) -> Iterator[tuple[str, str]]:
    for subject in subjects:
        for item in subject[items]:
            yield subject[label], item["text"]
        if subject["more"]:
            yield subject[label], f"and {subject['more']} more"


def _show_outcome(run: Session, found: Plan) -> None:
    if people := found.get("people"):
        run.out.say("whose shifts move:", style="bold")
        for person in people:
            run.out.say(f"  {person['person']} ({person['time_zone']})")
            _say_all(run, person, person["shifts"], lambda one: "+" if one["gains"] else "-")
    if services := found.get("services"):
        run.out.say("who is paged first instead:", style="bold")
        for service in services:
            run.out.say(f"  {service['service']}")
            _say_all(run, service, service["spans"], lambda _: ">")


def _effects(found: Plan) -> list[dict[str, Any]]:
    """Return the effects that are not told better by whose shifts move and who is paged first."""
    every = found.get("effects", [])
    if found.get("people") is None:
        return list(every)
    own = ("paging", "telling")
    return [one for one in every if one["kind"] in own and one["subject"].startswith("policy ")]


def _say_all(run: Session, subject: Plan, items: Sequence[Plan], sign: Any) -> None:  # noqa: ANN401
    for one in items[:MOST]:
        run.out.say(f"    {sign(one)} {one['text']}")
    if more := len(items[MOST:]) + subject["more"]:
        run.out.say(f"      and {more} more")


def _show_change(run: Session, change: Plan) -> None:
    action = change["action"]
    other = change.get("renamed")
    renamed = f" (looks like a rename: {other})" if other else ""
    run.out.say(
        f"{SIGNS.get(action, action)} {change['kind']} {change['name']}{renamed}",
        style=STYLES.get(action, ""),
    )
    if action != "changed":
        return
    for field in change.get("fields", []):
        run.out.say(f"    {field['path']}: {_short(field['before'])} -> {_short(field['after'])}")


def _change_rows(found: Plan) -> Iterator[tuple[str, ...]]:
    for change in found["changes"]:
        subject = f"{change['kind']} {change['name']}"
        if change["action"] != "changed":
            yield change["action"], subject, "", "", ""
            continue
        for field in change.get("fields", []):
            yield (
                change["action"],
                subject,
                field["path"],
                _short(field["before"]),
                _short(field["after"]),
            )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(_text(cell) for cell in row)} |" for row in rows]
    return [*lines, ""]


def _short(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _text(value: object) -> str:
    return html.escape(plain(value), quote=False).translate(_MARKS)
