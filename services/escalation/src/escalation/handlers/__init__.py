"""One method per message: load, decide, save, publish."""

from escalation.handlers.catalog import CatalogHandlers
from escalation.handlers.climbs import ClimbHandlers

__all__ = ["CatalogHandlers", "ClimbHandlers"]
