"""Logs, metrics and traces: JSON lines, Prometheus text, and one trace from webhook to page."""

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from typing import Any

import structlog
from opentelemetry import context, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    ConsoleSpanExporter,
    SimpleSpanProcessor,
)
from opentelemetry.trace import Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import Counter, Gauge, Histogram

from tocsin.events import Envelope, Event

CONSOLE = "console"  # The value of <PREFIX>_OTLP that prints spans instead of sending them.
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_PROPAGATOR = TraceContextTextMapPropagator()

EVENTS_CONSUMED = Counter("tocsin_events_consumed", "Events handled", ["consumer"])
DEAD_LETTERS = Counter("tocsin_dead_letters", "Records buried, with a reason each", ["consumer"])
PASSED_OVER = Counter(
    "tocsin_events_passed_over", "Events of a type that only a later release knows", ["consumer"]
)
BATCH_SECONDS = Histogram(
    "tocsin_batch_seconds", "A batch, from decoded to committed", ["consumer"], buckets=_SECONDS
)
TRANSACTION_SECONDS = Histogram(
    "tocsin_transaction_seconds", "A database transaction", buckets=_SECONDS
)
OUTBOX_PUBLISHED = Counter("tocsin_outbox_published", "Events relayed to Kafka")
OUTBOX_OLDEST = Gauge("tocsin_outbox_oldest_seconds", "Age of the oldest event not yet on Kafka")
RELAY_ACTIVE = Gauge("tocsin_relay_active", "1 in the one replica whose relay publishes")
RELAY_FAILURES = Counter("tocsin_relay_failures", "Times the relay rebuilt its producer")
TIMERS_FIRED = Counter("tocsin_timers_fired", "Timers worked off")
TIMERS_POSTPONED = Counter(
    "tocsin_timers_postponed", "Times a timer failed and was put off", ["kind"]
)
TIMER_OVERDUE = Gauge("tocsin_timer_overdue_seconds", "How late the oldest due timer is")
LOOP_AGE = Gauge("tocsin_loop_age_seconds", "Time since a loop last made progress", ["loop"])
REQUESTS = Counter("tocsin_http_requests", "HTTP requests answered", ["method", "status"])
REQUEST_SECONDS = Histogram("tocsin_http_seconds", "An HTTP request", buckets=_SECONDS)
CONSUMER_FAILURES = Gauge(
    "tocsin_consumer_failures", "Times a consumer's batch has failed in a row", ["consumer"]
)
CONSUMER_LAG = Gauge("tocsin_consumer_lag", "Records that wait for a consumer", ["consumer"])
OBLIGATIONS_OPEN = Gauge("tocsin_obligations_open", "Promises whose outcome is not known yet")
OBLIGATIONS_OVERDUE = Gauge("tocsin_obligations_overdue", "Promises past their time")
OLDEST_OVERDUE = Gauge(
    "tocsin_obligation_oldest_overdue_seconds", "How long the oldest promise is past its time"
)
ALARMS = Counter("tocsin_alarms", "Alarms by the second path: sent, failed, nowhere", ["outcome"])
HEARTBEATS = Counter("tocsin_heartbeats", "Heartbeats: sent, failed, withheld", ["outcome"])
CALENDAR_READS = Counter(
    "tocsin_calendar_reads", "Calendars of absences read: changed, same, failed", ["outcome"]
)
CALENDARS_FAILING = Gauge("tocsin_calendars_failing", "Calendars of absences that cannot be read")
CONTACTS_UNVERIFIED = Gauge(
    "tocsin_contacts_unverified", "Contact methods that were never proven to reach their person"
)
SIGNATURES = Counter(
    "tocsin_signatures",
    "Requests of integrations that sign: good, missing, malformed, old, wrong, unset",
    ["outcome"],
)
SIGNING_SECRETS_UNSET = Gauge(
    "tocsin_signing_secrets_unset", "Integrations that sign whose secret is not known here"
)
CATALOG_VERSION = Gauge("tocsin_catalog_version", "Version of the catalog in force")


def configure_logs(level: str, service: str) -> None:
    """Send every log line of this process to stdout as one JSON object."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        lambda _logger, _method, line: {"service": service, **line},
        _with_trace,
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(logging.WARNING, _number(level)), force=True)
    # aiokafka reports each refused reconnect as an error; readiness and metrics say it once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level]


def _with_trace(_logger: Any, _method: str, line: Any) -> Any:  # noqa: ANN401 - structlog's types.
    span = trace.get_current_span().get_span_context()
    return {**line, "trace_id": f"{span.trace_id:032x}"} if span.is_valid else line


def configure_traces(endpoint: str, service: str) -> None:
    """Export spans to an OTLP/HTTP `endpoint`, or print them (`console`); empty: make none."""
    if not endpoint:
        return
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    if endpoint == CONSOLE:
        provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
    else:
        # Loaded where it is wanted: what it brings along makes every start slower.
        otlp = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
        exporter = otlp.OTLPSpanExporter(endpoint=endpoint.rstrip("/") + "/v1/traces", timeout=5)
        provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=500))
    trace.set_tracer_provider(provider)


def flush_traces() -> None:
    """Send what is still held, for at most two seconds."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.force_flush(2000)
        provider.shutdown()


def tracing() -> bool:
    """Return whether spans are made at all; without an exporter they would cost for nothing."""
    return isinstance(trace.get_tracer_provider(), TracerProvider)


@contextmanager
def span(name: str, kind: SpanKind, traceparent: str | None) -> Iterator[str | None]:
    """Open a span below `traceparent` and make it current; yield its own traceparent."""
    if not tracing():
        yield traceparent
        return
    parent = _PROPAGATOR.extract({"traceparent": traceparent}) if traceparent else None
    tracer = trace.get_tracer("tocsin")
    with tracer.start_as_current_span(name, context=parent, kind=kind) as current:
        yield _traceparent(current)


def _traceparent(current: Span) -> str | None:
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier, trace.set_span_in_context(current, context.Context()))
    return carrier.get("traceparent")


@contextmanager
def consuming(
    consumer: str, envelopes: Sequence[Envelope[Event]]
) -> Iterator[Sequence[Envelope[Event]]]:
    """Time a batch, and open a span for each event below the one it came from.

    Yields the envelopes with their own spans' contexts, so that what follows continues them.
    """
    with BATCH_SECONDS.labels(consumer).time():
        if not tracing():
            yield envelopes
            return
        tracer = trace.get_tracer("tocsin")
        spans, carried = [], []
        for envelope in envelopes:
            parent = _PROPAGATOR.extract({"traceparent": envelope.traceparent or ""})
            current = tracer.start_span(
                f"{consumer} {envelope.type}",
                context=parent,
                kind=SpanKind.CONSUMER,
                attributes={"messaging.message.id": envelope.event_id},
            )
            spans.append(current)
            carried.append(replace(envelope, traceparent=_traceparent(current)))
        try:
            yield carried
        finally:
            for current in spans:
                current.end()


def consumed(consumer: str, handled: int, buried: int) -> None:
    """Count a committed batch."""
    EVENTS_CONSUMED.labels(consumer).inc(handled)
    if buried:
        DEAD_LETTERS.labels(consumer).inc(buried)


@contextmanager
def transaction() -> Iterator[None]:
    """Time a database transaction."""
    with TRANSACTION_SECONDS.time():
        yield
