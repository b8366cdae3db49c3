"""`tocsin schema`: what editors know of the catalog's documents, as this release takes them."""

import json

import typer

from tocsin.catalog.schema import catalog_schema
from tocsin.cli.session import session


def schema(ctx: typer.Context) -> None:
    """Print the JSON Schema of the catalog's documents, for an editor."""
    session(ctx).out.text(json.dumps(catalog_schema(), indent=2, ensure_ascii=False) + "\n")
