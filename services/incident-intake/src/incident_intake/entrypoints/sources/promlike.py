"""What Prometheus' family of senders has in common: titles, texts and links by convention."""

from collections.abc import Mapping
from typing import Any

from incident_intake.entrypoints.sources import reading
from tocsin.events import Link


def title(labels: Mapping[str, str], annotations: Mapping[str, str]) -> str:
    """Return the alert's name with its summary: what a person reads first."""
    name = labels.get("alertname", "")
    summary = annotations.get("summary") or annotations.get("title") or ""
    if name and summary and name not in summary:
        return reading.clean(f"{name}: {summary}", reading.MAX_TITLE)
    return reading.clean(summary or name or _by_labels(labels), reading.MAX_TITLE)


def _by_labels(labels: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(labels.items())) or "Alert"


def description(annotations: Mapping[str, str]) -> str:
    """Return the longer text, if there is one."""
    for name in ("description", "message", "details"):
        if annotations.get(name):
            return reading.clean(annotations[name])
    return ""


def links(alert: Mapping[str, Any], annotations: Mapping[str, str]) -> tuple[Link, ...]:
    """Return the alert's links: its rule, its runbook, its dashboard."""
    runbook = annotations.get("runbook_url") or annotations.get("runbook")
    return (
        *reading.link(alert.get("generatorURL"), "source"),
        *reading.link(runbook, "runbook"),
        *reading.link(annotations.get("dashboard_url"), "dashboard"),
    )
