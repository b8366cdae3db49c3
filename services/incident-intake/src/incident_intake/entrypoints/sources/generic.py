"""Tocsin's own shape, for scripts: one object or an array of them. Unknown fields are kept."""

from typing import Any, cast

from incident_intake.domain import severity
from incident_intake.domain.fingerprint import dedup_key
from incident_intake.domain.message import AlertMessage, Parsed, Receipt
from incident_intake.entrypoints.sources import reading
from tocsin.errors import InputError
from tocsin.events import Link, Severity


def generic(payload: Any, receipt: Receipt) -> Parsed:  # noqa: ANN401 - JSON.
    """Return the messages of one body."""
    del receipt
    if isinstance(payload, list):
        return reading.each(payload, "", _message)
    return Parsed((_message(reading.mapping(payload, "body"), ""),))


def _message(value: Any, place: str) -> AlertMessage:  # noqa: ANN401 - JSON.
    alert = reading.mapping(value, place)

    def at(name: str) -> str:
        return f"{place}.{name}" if place else name

    title = reading.required(alert.get("title"), at("title"), reading.MAX_TITLE)
    status = alert.get("status")
    if status is not None:
        status = reading.one_of(status, at("status"), ("firing", "resolved"))
    level = alert.get("severity")
    if level is not None:
        level = reading.one_of(level, at("severity"), severity.RANKED)
    labels = reading.labels(alert.get("labels"), at("labels"))
    key = reading.string(alert.get("dedup_key"), at("dedup_key"))
    resolved = status == "resolved"
    return AlertMessage(
        # Without a key the title belongs to the identity: many scripts send no labels at all.
        dedup_key=dedup_key(key, {"title": title, **labels}),
        action="resolve" if resolved else "trigger",
        title=title,
        severity=cast("Severity", level) if level else severity.from_labels(labels),
        description=reading.string(alert.get("description"), at("description")),
        labels=reading.bounded(labels),
        links=_links(alert.get("links"), at("links")),
        started_at=reading.instant(alert.get("started_at"), at("started_at")),
        service=reading.string(alert.get("service"), at("service"), 100) or None,
    )


def _links(value: Any, place: str) -> tuple[Link, ...]:  # noqa: ANN401 - JSON.
    found: list[Link] = []
    for index, link in enumerate(reading.items(value, place)):
        here = f"{place}[{index}]"
        if isinstance(link, str):
            found += _address(link, "", here)
        else:
            parts = reading.mapping(link, here)
            text = reading.string(parts.get("text"), f"{here}.text")
            found += _address(parts.get("href"), text, f"{here}.href")
    return tuple(found[: reading.MAX_LINKS])


def _address(href: Any, text: str, place: str) -> tuple[Link, ...]:  # noqa: ANN401 - JSON.
    if not isinstance(href, str):
        raise InputError(f"{place}: must be a string")
    return reading.link(href, text)
