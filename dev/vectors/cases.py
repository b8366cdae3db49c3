"""A folder of cases: read, asked, and compared, query by query."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Json = dict[str, Any]
# Returns our answer to a query, under the names of the expected fields.
Ask = Callable[[Json], Mapping[str, Any]]
Adapter = Callable[[Json], Ask]
# Returns what a case expects in the form of our answer, where that is another.
Reading = Callable[[Json], Json]
DISPUTED = "_disputed"


@dataclass(frozen=True, slots=True)
class Case:
    """One configuration in the words of its model, and queries with the answers expected."""

    id: str
    model: str
    config: Json
    queries: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A query that we answer otherwise, with both answers."""

    case: str
    query: Json
    field: str
    ours: Any
    theirs: Any

    def __str__(self) -> str:
        """Return the lines that a person reads."""
        asked = {name: value for name, value in self.query.items() if name != "expected"}
        lines = f"{self.case} {json.dumps(asked)} {self.field}"
        return f"{lines}\n    theirs {_shown(self.theirs)}\n    ours   {_shown(self.ours)}"


def cases(folder: Path) -> Iterator[Case]:
    """Yield the cases of every file in a folder."""
    for file in sorted(folder.glob("*.json")):
        for number, case in enumerate(json.loads(file.read_text(encoding="utf-8")), 1):
            if file.name.startswith(DISPUTED):
                yield _disputed(f"{file.stem}/{number:03}", case)
            else:
                queries = tuple(case["queries"])
                yield Case(case["id"], case["model"], case["config"], queries)


def disagreements(
    case: Case, adapter: Adapter, reading: Reading | None = None
) -> Iterator[Disagreement]:
    """Yield each query of a case that we answer otherwise: its first field that differs."""
    try:
        ask = adapter(case.config)
    except (ValueError, KeyError, TypeError) as error:
        ask = _failing(error)
    for query in case.queries:
        expected = reading(query) if reading else query["expected"]
        ours = _asked(ask, query)
        for field, theirs in expected.items():
            answer = ours.get(field, ours.get("error", "no answer"))
            if plain(answer) != plain(theirs):
                yield Disagreement(case.id, query, field, answer, theirs)
                break


def plain(value: Any) -> Any:  # noqa: ANN401 - JSON, and instants in it.
    """Return a value so that two that mean the same are equal: instants in UTC, items in order."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, str):
        return _instant(value)
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items() if one is not False}
    if isinstance(value, Sequence):
        items = [plain(one) for one in value]
        return sorted(items, key=_order) if items and isinstance(items[0], dict) else items
    return value


def _disputed(name: str, case: Json) -> Case:
    """Return a disputed case as one of our model: its hours, or its handoffs, in a window."""
    since, until = case["window"]
    model = "handoffs" if "shift_length" in case["config"] else "daily_rule"
    field = "handoffs" if model == "handoffs" else "spans"
    query = {"from": since, "to": until, "expected": {field: case["ours"]}}
    return Case(name, model, case["config"], (query,))


def _asked(ask: Ask, query: Json) -> Mapping[str, Any]:
    try:
        return ask(query)
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        return {"error": f"{type(error).__name__}: {error}"}


def _failing(error: Exception) -> Ask:
    def ask(_query: Json) -> Json:
        raise error

    return ask


def _instant(text: str) -> str:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return plain(found) if found.tzinfo else text


def _order(item: Json) -> tuple[str, str]:
    return str(item.get("start", "")), json.dumps(item, default=str, sort_keys=True)


def _shown(value: Any) -> str:  # noqa: ANN401 - JSON, and instants in it.
    text = json.dumps(plain(value), default=str)
    return text if len(text) <= 400 else text[:400] + "…"  # noqa: PLR2004 - a line or four.
