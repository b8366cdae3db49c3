"""Routing: which service an alert is about."""

from dataclasses import dataclass

from incident_intake.domain.message import AlertMessage
from tocsin import matching
from tocsin.catalog import UNROUTED, Catalog, Integration


@dataclass(frozen=True, slots=True)
class Destination:
    """A service, and the rule that chose it."""

    service: str
    route: str


def destination(message: AlertMessage, integration: Integration, catalog: Catalog) -> Destination:
    """Return where a message goes.

    First the service that the sender names, if there is such a one; then the integration's own,
    the first route that matches the labels, the installation's default, and `unrouted`.
    """
    if message.service and catalog.service(message.service) is not None:
        return Destination(message.service, "sender")
    if integration.service:
        return Destination(integration.service, "integration")
    for name, route, matchers in catalog.routes:
        if matching.all_match(matchers, message.labels):
            return Destination(route.service, f"route {name}")
    return fallback(catalog)


def fallback(catalog: Catalog) -> Destination:
    """Return where goes what no rule places: never nowhere."""
    if catalog.settings.default_service:
        return Destination(catalog.settings.default_service, "default service")
    return Destination(UNROUTED, "no route matched")
