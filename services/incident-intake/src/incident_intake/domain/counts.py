"""How many alerts an incident has, so that no decision needs to load them all."""

from dataclasses import dataclass, replace

from incident_intake.domain import severity as severities
from tocsin.events import Severity


@dataclass(frozen=True, slots=True)
class AlertCounts:
    """How many alerts it has; `firing` by severity, worst first."""

    firing: tuple[int, ...] = (0, 0, 0, 0)
    resolved: int = 0
    expired: int = 0

    def fires(self, severity: Severity, by: int = 1) -> "AlertCounts":
        """Return the counts with `by` more firing alerts of this severity, never below zero."""
        place = severities.rank(severity)
        firing = tuple(
            max(count + by, 0) if here == place else count for here, count in enumerate(self.firing)
        )
        return replace(self, firing=firing)

    def ends(self, severity: Severity, *, expired: bool) -> "AlertCounts":
        """Return the counts after a firing alert of this severity ended."""
        fewer = self.fires(severity, -1)
        if expired:
            return replace(fewer, expired=self.expired + 1)
        return replace(fewer, resolved=self.resolved + 1)

    def returns(self, *, expired: bool) -> "AlertCounts":
        """Return the counts without one of the ended alerts, which is about to fire again."""
        if expired:
            return replace(self, expired=max(self.expired - 1, 0))
        return replace(self, resolved=max(self.resolved - 1, 0))

    def dismissed(self) -> "AlertCounts":
        """Return the counts after a person resolved the incident with all of its alerts."""
        return AlertCounts(resolved=self.resolved + sum(self.firing), expired=self.expired)

    def by_status(self) -> dict[str, int]:
        """Return the counts as people see them."""
        return {"firing": sum(self.firing), "resolved": self.resolved, "expired": self.expired}


NO_ALERTS = AlertCounts()
