"""Grouping: which alerts are one incident."""

from collections.abc import Mapping
from datetime import datetime

from tocsin.catalog import Service


def group_key(name: str, service: Service | None, labels: Mapping[str, str], dedup_key: str) -> str:
    """Return what alerts of one incident share: the grouping labels, else the alert's own key."""
    if service is None or service.grouping is None:
        return f"{name}/{dedup_key}"
    values = ", ".join(f'{label}="{labels.get(label, "")}"' for label in service.grouping.by)
    return f"{name}{{{values}}}"


def rule(service: Service | None) -> str:
    """Return the rule in words, for whoever asks why this is an incident of its own."""
    if service is None or service.grouping is None:
        return "each alert is its own incident"
    return f"grouped by {', '.join(service.grouping.by)}"


def accepts(service: Service | None, triggered_at: datetime, received_at: datetime) -> bool:
    """Return whether an open incident that triggered then still takes an alert received now."""
    if service is None or service.grouping is None:
        return True
    return received_at < triggered_at + service.grouping.window
