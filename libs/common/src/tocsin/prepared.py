"""Statements compiled once and handed straight to the driver, in SQLAlchemy's transaction.

SQLAlchemy takes a quarter of a millisecond to execute a statement that SQLite runs in a fiftieth
of that: it looks the compiled text up, makes a context, calls events and changes greenlets. What
a batch executes is constant, and needs none of it. The text is still SQLAlchemy's, so there is one
for both databases, and so is all that happens when the driver refuses it.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect, Executable, Insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin import driver
from tocsin.among import Among, Texts

__all__ = ["Among", "Prepared", "Texts"]
Values = Mapping[str, Any]
_Processor = Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class _Plan:
    """A compiled statement: its text, its parameters in order, and what becomes of values."""

    text: str
    parameters: tuple[tuple[str, _Processor], ...]
    fixed: Values
    names: tuple[str, ...]
    results: tuple[_Processor, ...]
    row: Callable[[Sequence[Any]], Any]

    def ordered(self, values: Values) -> list[Any]:
        given = {**self.fixed, **values} if self.fixed else values
        return [
            given[name] if process is None else process(given[name])
            for name, process in self.parameters
        ]

    def values(self, found: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        if not any(self.results):
            return found
        return [
            [
                value if process is None else process(value)
                for value, process in zip(one, self.results, strict=True)
            ]
            for one in found
        ]


class Prepared:
    """A constant statement. Parameters have names, as SQLAlchemy's do.

    `by_dialect` makes the statement where the two databases need different ones.
    """

    def __init__(
        self,
        statement: Executable | None = None,
        *,
        by_dialect: Callable[[str], Executable] | None = None,
    ) -> None:
        """Compile nothing yet: the dialect is the connection's."""
        self._statement = statement
        self._by_dialect = by_dialect
        self._plans: dict[tuple[str, tuple[str, ...]], _Plan] = {}

    async def rows(self, connection: AsyncConnection, values: Values | None = None) -> list[Any]:
        """Execute it; return the rows, whose columns are attributes."""
        plan, found = await self._found(connection, values or {})
        return list(map(plan.row, found))

    async def mappings(
        self, connection: AsyncConnection, values: Values | None = None
    ) -> list[dict[str, Any]]:
        """Execute it; return the rows, by the names of their columns."""
        plan, found = await self._found(connection, values or {})
        return [dict(zip(plan.names, one, strict=True)) for one in found]

    async def scalars(self, connection: AsyncConnection, values: Values | None = None) -> list[Any]:
        """Execute it; return the first column."""
        _, found = await self._found(connection, values or {})
        return [one[0] for one in found]

    async def many(self, connection: AsyncConnection, rows: Sequence[Values]) -> None:
        """Execute it for each of these, which all have the same parameters."""
        if not rows:
            return
        plan = self._plan(connection, rows[0])
        await driver.executed(connection, plan.text, [plan.ordered(values) for values in rows])

    async def _found(
        self, connection: AsyncConnection, values: Values
    ) -> tuple[_Plan, Sequence[Sequence[Any]]]:
        plan = self._plan(connection, values)
        found = await driver.fetched(connection, plan.text, plan.ordered(values))
        return plan, plan.values(found)

    def _plan(self, connection: AsyncConnection, values: Values) -> _Plan:
        # Only an insert's text depends on which parameters there are.
        dialect = connection.dialect
        known = (dialect.name, tuple(values))
        plan = self._plans.get(known)
        if plan is None:
            statement = self._by_dialect(dialect.name) if self._by_dialect else self._statement
            assert statement is not None
            plan = self._plans[known] = _compiled(statement, dialect, known[1])
        return plan


def _compiled(statement: Executable, dialect: Dialect, names: tuple[str, ...]) -> _Plan:
    options: dict[str, Any] = {}
    if isinstance(statement, Insert):
        options = {"column_keys": list(names), "for_executemany": True}
    clause: Any = statement
    compiled = clause.compile(dialect=dialect, **options)
    assert not compiled.post_compile_params, "many values are one parameter: `Among`, not IN"
    bind = compiled._bind_processors  # noqa: SLF001 - what SQLAlchemy itself executes by.
    columns = compiled._result_columns  # noqa: SLF001
    results = tuple(
        None if one.type is None else one.type._cached_result_processor(dialect, None)  # noqa: SLF001
        for one in columns
    )
    order = compiled.positiontup or ()
    return _Plan(
        text=str(compiled),
        parameters=tuple((name, bind.get(name)) for name in order),
        fixed={
            name: one.effective_value
            for one, name in compiled.bind_names.items()
            if name not in names and not one.required
        },
        names=tuple(one.keyname for one in columns),
        results=results,
        row=_row([one.keyname for one in columns]),
    )


def _row(names: Sequence[str]) -> Callable[[Sequence[Any]], Any]:
    kind: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc] # noqa: PYI024
    make: Callable[[Sequence[Any]], Any] = kind._make
    return make
