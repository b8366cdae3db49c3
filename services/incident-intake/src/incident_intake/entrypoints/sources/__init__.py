"""One file for each monitoring tool: payload → messages about alerts, pure.

A source raises InputError, which names the place, for a body that is not the tool's at all; parts
that it cannot read it lists in `Parsed.unreadable`. docs/adding-a-source.md tells how to add one.
"""

from collections.abc import Callable
from typing import Any

from incident_intake.domain.message import Parsed, Receipt
from incident_intake.entrypoints.sources.alertmanager import alertmanager
from incident_intake.entrypoints.sources.generic import generic
from incident_intake.entrypoints.sources.pagerduty import pagerduty
from incident_intake.entrypoints.sources.prometheus import prometheus

Source = Callable[[Any, Receipt], Parsed]

SOURCES: dict[str, Source] = {
    "alertmanager": alertmanager,
    "generic": generic,
    "pagerduty": pagerduty,
    "prometheus": prometheus,
}
# Scripts are told what is wrong with a field; tools, which cannot mend it, are not refused for it.
STRICT = frozenset({"generic"})
