"""What a source reads out of a request: messages about alerts, before they are routed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from tocsin.events import Link, Severity

Action = Literal["trigger", "acknowledge", "resolve"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """The circumstances of a request: by which integration and when it came.

    `request_id` is unique to the request, or the same again when the sender repeats it with the
    same key: what a source mints, it mints from this.
    """

    integration: str
    received_at: datetime
    request_id: str
    legacy_names: bool = False


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """One message about one alert; `service` is the sender's wish, if it has one."""

    dedup_key: str
    action: Action
    title: str
    severity: Severity = "error"
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    started_at: datetime | None = None
    ended_at: datetime | None = None
    expires_at: datetime | None = None
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """What could be read, and the reason for each part that could not be, which names its place."""

    messages: tuple[AlertMessage, ...]
    unreadable: tuple[str, ...] = ()
