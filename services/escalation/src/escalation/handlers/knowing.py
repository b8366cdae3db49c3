"""What was known at a time: the catalog as it was then, whatever was changed since."""

from datetime import datetime

from escalation.ports import EscalationUnitOfWork
from tocsin.catalog import Catalog
from tocsin.catalog.planning import catalog_of


async def catalog_known_at(uow: EscalationUnitOfWork, at: datetime) -> Catalog | None:
    """Return the catalog that was in force at an instant, or None before there was any."""
    version = await uow.catalog_history.version_at(at)
    if not version:
        return None
    return catalog_of(await uow.catalog_history.documents(version), version)
