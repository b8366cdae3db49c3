"""One method per message: load, decide, save, publish."""

from escalation.handlers.absences import AbsenceHandlers
from escalation.handlers.catalog import CatalogHandlers
from escalation.handlers.climbs import ClimbHandlers
from escalation.handlers.commanding import OverrideCommandHandlers
from escalation.handlers.handing_off import HandOffHandlers
from escalation.handlers.notes import NoteHandlers
from escalation.handlers.overrides import OverrideHandlers
from escalation.handlers.swaps import SwapHandlers

__all__ = [
    "AbsenceHandlers",
    "CatalogHandlers",
    "ClimbHandlers",
    "HandOffHandlers",
    "NoteHandlers",
    "OverrideCommandHandlers",
    "OverrideHandlers",
    "SwapHandlers",
]
