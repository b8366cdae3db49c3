"""Urgency: how to notify about an incident of this severity, by its service's rule."""

from tocsin.catalog import Service
from tocsin.events import Severity, Urgency


def urgency(service: Service | None, severity: Severity) -> Urgency:
    """Return the urgency. A service that the catalog does not know goes by severity."""
    if service is not None and service.urgency != "by_severity":
        return service.urgency
    return "high" if severity in {"critical", "error"} else "low"
