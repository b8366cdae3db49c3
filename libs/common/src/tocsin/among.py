"""Many texts as one parameter of a statement: its text is the same for any number of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import ARRAY, Boolean, Column, Dialect, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class Texts(TypeDecorator[Sequence[str]]):
    """Many texts as one parameter, so that a statement is the same for any number of them."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return an array where there are arrays, else a JSON text."""
        of_texts: TypeEngine[Any] = ARRAY(Text()) if _has_arrays(dialect) else Text()
        return dialect.type_descriptor(of_texts)

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> Any:  # noqa: ANN401
        """Return the texts as the database takes them."""
        texts = list(value or ())
        return texts if _has_arrays(dialect) else orjson.dumps(texts).decode()


def _has_arrays(dialect: Dialect) -> bool:
    return dialect.name == "postgresql"


class Among(ColumnElement[bool]):
    """Whether a column is among the texts of the parameter `name`."""

    inherit_cache = False
    type = Boolean()

    def __init__(self, column: Column[Any], name: str) -> None:
        """Compare this column."""
        self.column = column
        self.texts = bindparam(name, type_=Texts)

    def self_group(self, against: Any = None) -> "Among":  # noqa: ANN401 - SQLAlchemy's operators.
        """Stand as it is: `= 1` behind it, for want of booleans, would keep indexes from use."""
        del against
        return self


@compiles(Among, "sqlite")
def _in_json(element: Among, compiler: SQLCompiler, **options: object) -> str:
    column, texts = _parts(element, compiler, options)
    return f"{column} IN (SELECT value FROM json_each({texts}))"  # noqa: S608 - our own names.


@compiles(Among, "postgresql")
def _in_array(element: Among, compiler: SQLCompiler, **options: object) -> str:
    column, texts = _parts(element, compiler, options)
    return f"{column} = ANY ({texts})"


def _parts(element: Among, compiler: SQLCompiler, options: Mapping[str, Any]) -> tuple[str, str]:
    return compiler.process(element.column, **options), compiler.process(element.texts, **options)
