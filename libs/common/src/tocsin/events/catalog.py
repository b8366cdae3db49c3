"""On-call as code, on its way to every service. Only escalation writes these."""

from typing import Any, ClassVar

from tocsin.events.base import Event


class CatalogDocumentChanged(Event):
    """One document of the catalog; `spec` is None when it was deleted."""

    TYPE: ClassVar[str] = "tocsin.catalog-document-changed.v1"
    TOPIC: ClassVar[str] = "catalog"

    kind: str
    name: str
    set: str
    catalog_version: int
    author: str
    spec: dict[str, Any] | None = None

    @property
    def key(self) -> str:
        """Kind and name: compaction keeps the latest of each."""
        return f"{self.kind}/{self.name}"


class CatalogApplied(Event):
    """Every document of this version is above; a reader that sees it is at this version."""

    TYPE: ClassVar[str] = "tocsin.catalog-applied.v1"
    TOPIC: ClassVar[str] = "catalog"

    catalog_version: int
    author: str
    set: str
    changed: int = 0

    @property
    def key(self) -> str:
        """One key: compaction keeps the latest version."""
        return "catalog/applied"
