"""Ingest: a request that was read becomes alert events, and these become durable."""

import base64
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from incident_intake.domain import routing
from incident_intake.domain.message import AlertMessage, Parsed
from incident_intake.handlers.durable_log import DurableLog
from tocsin import ids
from tocsin.catalog import Catalog, Integration
from tocsin.events import AlertEvent, Envelope, Event, RawPayload, UnreadableAlert

SOURCE = "incident-intake"
PLAIN_BYTES = 64 * 1024
MAX_REASON = 1000


@dataclass(frozen=True, slots=True)
class Request:
    """An authenticated request: who sent what by which source, and when.

    `repeat_key` is the sender's own name for the request, if it gave one: the same key again is
    the same request, and makes the same event ids. `key` let it in; it is never kept.
    """

    name: str
    integration: Integration
    source: str
    body: bytes
    content_type: str
    received_at: datetime
    repeat_key: str | None = None
    traceparent: str | None = None
    key: str = field(default="", repr=False)

    def event_id(self, index: int) -> str:
        """Return the id of the event at this place of the request."""
        if self.repeat_key is None:
            return ids.new()
        return ids.derived("ingest", self.name, self.source, self.repeat_key, str(index))


class Ingest:
    """Turns requests into alert events on the durable log."""

    def __init__(self, durable_log: DurableLog) -> None:
        """Append to this log."""
        self.durable_log = durable_log

    async def accept(self, request: Request, parsed: Parsed, catalog: Catalog) -> list[str]:
        """Keep what was read, and what could not be; return the ids of the alert events."""
        envelopes = list(_envelopes(request, parsed, catalog))
        if envelopes:
            await self.durable_log.append(envelopes)
        return [each.event_id for each in envelopes if isinstance(each.data, AlertEvent)]


def _envelopes(request: Request, parsed: Parsed, catalog: Catalog) -> Iterator[Envelope[Event]]:
    raw = raw_payload(request.body, request.content_type)
    count = len(parsed.messages)
    first_id = request.event_id(0)
    for index, message in enumerate(parsed.messages):
        event_id = request.event_id(index) if index else first_id
        data = _alert_event(request, message, catalog, raw if index == 0 else None, first_id)
        yield _envelope(request, data, event_id)
    if parsed.unreadable:
        yield _envelope(
            request,
            _unreadable(request, parsed.unreadable, catalog, raw),
            request.event_id(count) if count else first_id,
        )


def _envelope(request: Request, data: Event, event_id: str) -> Envelope[Event]:
    return Envelope(
        data=data,
        time=request.received_at,
        source=SOURCE,
        event_id=event_id,
        correlation_id=event_id,
        traceparent=request.traceparent,
    )


def _alert_event(
    request: Request,
    message: AlertMessage,
    catalog: Catalog,
    raw: RawPayload | None,
    payload_id: str,
) -> AlertEvent:
    place = routing.destination(message, request.integration, catalog)
    # A source made the parts, and is trusted: validating them again finds nothing.
    return AlertEvent.model_construct(
        integration=request.name,
        source=request.source,
        service=place.service,
        dedup_key=message.dedup_key,
        action=message.action,
        title=message.title,
        received_at=request.received_at,
        description=message.description,
        severity=message.severity,
        labels=dict(message.labels),
        links=message.links,
        started_at=message.started_at,
        ended_at=message.ended_at,
        expires_at=message.expires_at,
        route=place.route,
        catalog_version=catalog.version,
        payload_id=payload_id,
        raw=raw,
    )


def _unreadable(
    request: Request, reasons: Sequence[str], catalog: Catalog, raw: RawPayload
) -> UnreadableAlert:
    reason = "; ".join(reasons)
    return UnreadableAlert(
        integration=request.name,
        source=request.source,
        service=request.integration.service or routing.fallback(catalog).service,
        reason=reason if len(reason) <= MAX_REASON else reason[: MAX_REASON - 1] + "…",
        received_at=request.received_at,
        raw=raw,
    )


def raw_payload(body: bytes, content_type: str) -> RawPayload:
    """Return the body as an event carries it: text as it is; large or not UTF-8, compressed."""
    if len(body) <= PLAIN_BYTES:
        try:
            return RawPayload(body=body.decode(), content_type=content_type)
        except UnicodeDecodeError:
            pass
    packed = base64.b64encode(zlib.compress(body)).decode()
    return RawPayload(body=packed, encoding="zlib+base64", content_type=content_type)
