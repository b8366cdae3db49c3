"""The catalog in force, for whoever asks: replaced whole, never changed in place."""

from collections.abc import Mapping

from tocsin.catalog import Catalog
from tocsin.events import OnCallChanged


class CatalogHolder:
    """Holds the latest snapshot. `loaded` turns true once one was read, even an empty one.

    `on_call` is who answers for each schedule now, as escalation last told it.
    """

    def __init__(self, current: Catalog | None = None) -> None:
        """Start from `current`, or unloaded."""
        self.current = current or Catalog()
        self.loaded = current is not None
        self.on_call: Mapping[str, OnCallChanged] = {}

    def replace(self, catalog: Catalog) -> None:
        """Put a later snapshot in force."""
        self.current = catalog
        self.loaded = True
