"""What a process without a follower makes of the catalog topic."""

from collections.abc import Iterable

from tocsin.catalog import Catalog
from tocsin.events import CatalogApplied, CatalogDocumentChanged, decode
from tocsin.outgoing import Outgoing


def followed(
    catalog: Catalog, records: Iterable[Outgoing], changes: list[CatalogDocumentChanged]
) -> Catalog:
    """Return the catalog with each version that these records complete.

    `changes` keeps those of a version that is still to be completed.
    """
    for record in records:
        data = decode(record.value).data
        if isinstance(data, CatalogDocumentChanged):
            changes.append(data)
        elif isinstance(data, CatalogApplied):
            catalog = catalog.with_changes(data.catalog_version, changes)
            changes.clear()
    return catalog
