"""A name that the catalog does not have: 404, with the nearest one that it has."""

from typing import Literal

from tocsin.catalog import Catalog
from tocsin.catalog.suggestions import as_sentence, no_such
from tocsin.web import Problem


def unknown(kind: Literal["Schedule", "User"], name: str, catalog: Catalog, **more: str) -> Problem:
    """Return the problem that there is no such document; `more` belongs to it."""
    detail = as_sentence(no_such(kind, name, catalog.specs))
    return Problem(404, f"no-such-{kind.lower()}", detail, None, **more)
