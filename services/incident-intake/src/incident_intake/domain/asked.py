"""Who was asked for by name since the incident was last triggered or answered.

Kept as it was told, so that what was lost on the way can be told again, word for word.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

from tocsin.events import Actor, IncidentEscalated, IncidentReassigned

Ask: TypeAlias = IncidentReassigned | IncidentEscalated
MOST_KEPT = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """The facts that asked, oldest first; and who has answered since the last of them."""

    facts: tuple[Ask, ...] = ()
    answered: tuple[str, ...] = ()

    def then(self, fact: Ask) -> "Asked":
        """Return this after somebody asked for more; a reassignment replaces what was before."""
        before = () if isinstance(fact, IncidentReassigned) else self.facts
        return Asked((*before, fact)[-MOST_KEPT:])

    def answered_by(self, by: Actor) -> "Asked":
        """Return this after an answer; nothing is left of what asked for this person alone."""
        if by.kind != "user":
            return self  # A tool or a token may be called like a person.
        left = tuple(fact for fact in self.facts if fact.to != (by.name,))
        return Asked(left, (*self.answered, by.name)) if left else NOBODY

    def may_want(self, by: Actor) -> bool:
        """Whether this person, who answered before, may have been asked again since."""
        return by.kind == "user" and bool(self.facts) and by.name not in self.answered


NOBODY = Asked()
UNANSWERED: dict[str, Any] = {
    "status": "triggered",
    "acknowledged_by": None,
    "acknowledged_also_by": (),
    "acknowledged_at": None,
    "acknowledged_until": None,
    "snoozed_until": None,
    "asked": NOBODY,
}
