"""The catalog in force, for whoever asks: replaced whole, never changed in place."""

from tocsin.catalog import Catalog


class CatalogHolder:
    """Holds the latest snapshot. `loaded` turns true once one was read, even an empty one."""

    def __init__(self, current: Catalog | None = None) -> None:
        """Start from `current`, or unloaded."""
        self.current = current or Catalog()
        self.loaded = current is not None

    def replace(self, catalog: Catalog) -> None:
        """Put a later snapshot in force."""
        self.current = catalog
        self.loaded = True
