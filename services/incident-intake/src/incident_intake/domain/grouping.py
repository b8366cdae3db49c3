"""Grouping: which alerts are one incident."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from tocsin.catalog import Service

LONGEST_KEY = 255  # What every database can index.
READABLE = 180


def group_key(name: str, service: Service | None, labels: Mapping[str, str], dedup_key: str) -> str:
    """Return what alerts of one incident share: the grouping labels, else the alert's own key."""
    if service is None or service.grouping is None:
        return short(f"{name}/{dedup_key}")
    values = ", ".join(f'{label}="{labels.get(label, "")}"' for label in service.grouping.by)
    return short(f"{name}{{{values}}}")


def short(key: str) -> str:
    """Return a key that an index takes: of a long one its beginning, and a hash of all of it."""
    if len(key) <= LONGEST_KEY:
        return key
    return f"{key[:READABLE]}…{hashlib.sha256(key.encode()).hexdigest()}"


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
