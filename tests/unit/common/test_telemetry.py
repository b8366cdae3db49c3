"""Traces: one runs from the first event to the last, through outbox and consumer."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from tocsin import telemetry
from tocsin.events import Actor, AddNote, Envelope, Event, caused_by
from tocsin.testing import START

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """Make this process trace into memory, and forget it again: the provider is global."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    before = trace._TRACER_PROVIDER
    trace._TRACER_PROVIDER = provider
    yield exporter
    trace._TRACER_PROVIDER = before


def note(traceparent: str | None) -> Envelope[Event]:
    data = AddNote(incident_id="inc_1", by=Actor(kind="user", name="ada"), text="x")
    return caused_by(None, data, now=START, source="test", traceparent=traceparent)


def context_of(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-{span.context.trace_flags:02x}"


def test_without_an_exporter_no_span_is_made_and_the_trace_passes_through() -> None:
    assert not telemetry.tracing()
    with telemetry.span("x", SpanKind.INTERNAL, PARENT) as traceparent:
        assert traceparent == PARENT
    envelope = note(PARENT)
    with telemetry.consuming("things.commands", [envelope]) as carried:
        assert [*carried] == [envelope]


def test_a_span_continues_the_trace_it_is_given(spans: InMemorySpanExporter) -> None:
    with telemetry.span("accept", SpanKind.SERVER, PARENT) as traceparent:
        pass
    (span,) = spans.get_finished_spans()
    assert traceparent == context_of(span)
    assert traceparent.split("-")[1] == TRACE
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == "b7ad6b7169203331"


def test_without_a_parent_a_span_begins_a_trace(spans: InMemorySpanExporter) -> None:
    with telemetry.span("accept", SpanKind.SERVER, None) as traceparent:
        pass
    (span,) = spans.get_finished_spans()
    assert span.parent is None
    assert traceparent == context_of(span)


def test_each_event_of_a_batch_continues_its_own_trace(spans: InMemorySpanExporter) -> None:
    other = PARENT.replace(TRACE, "f" * 32)
    batch = [note(PARENT), note(other), note(None), note("no traceparent at all")]
    with telemetry.consuming("things.commands", batch) as carried:
        traces = [(one.traceparent or "").split("-")[1] for one in carried]
        follow_up = caused_by(carried[0], note(None).data, now=START, source="things")
    assert traces[:2] == [TRACE, "f" * 32]
    assert len(set(traces)) == 4
    assert [one.data for one in carried] == [one.data for one in batch]
    finished = {context_of(span) for span in spans.get_finished_spans()}
    assert finished == {one.traceparent for one in carried}
    # What the handler publishes is a child of the span in which it was handled.
    assert follow_up.traceparent == carried[0].traceparent != PARENT


def test_the_spans_of_a_batch_that_fails_end_too(spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="no"), telemetry.consuming("c", [note(PARENT)]):
        raise ValueError("no")
    assert len(spans.get_finished_spans()) == 1


def said(program: str) -> str:
    """Run a program in a process of its own: logs and providers are a process's."""
    found = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        check=True,
        timeout=60,
        env=dict(os.environ),
    )
    return found.stdout.decode()


def logged(program: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in said(program).splitlines()]


def test_every_log_line_is_one_json_object_with_service_level_and_time() -> None:
    lines = logged(
        """
        import logging, structlog
        from tocsin import telemetry
        telemetry.configure_logs("INFO", "things")
        log = structlog.get_logger("x")
        log.debug("too quiet")
        log.info("it happened", incident="inc_1", text="two\\nlines \\x1b[31m")
        logging.getLogger("some.library").warning("careful: %s", "hot")
        try:
            1 / 0
        except ZeroDivisionError:
            log.exception("it failed")
        """
    )
    assert [line["event"] for line in lines] == ["it happened", "careful: hot", "it failed"]
    assert {line["service"] for line in lines} == {"things"}
    assert [line["level"] for line in lines] == ["info", "warning", "error"]
    assert lines[0]["text"] == "two\nlines \x1b[31m"
    assert "ZeroDivisionError" in str(lines[2]["exception"])
    assert all(str(line["timestamp"]).endswith("Z") for line in lines)


def test_a_log_line_within_a_span_names_its_trace() -> None:
    (line,) = logged(
        f"""
        import structlog
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.trace import SpanKind
        from tocsin import telemetry
        telemetry.configure_logs("INFO", "things")
        trace.set_tracer_provider(TracerProvider())
        with telemetry.span("x", SpanKind.INTERNAL, "{PARENT}"):
            structlog.get_logger("x").info("here")
        """
    )
    assert line["trace_id"] == TRACE


def test_spans_are_printed_where_the_endpoint_is_the_console() -> None:
    printed = json.loads(
        said(
            f"""
            from opentelemetry.trace import SpanKind
            from tocsin import telemetry
            telemetry.configure_traces("console", "things")
            with telemetry.span("accept", SpanKind.SERVER, "{PARENT}"):
                pass
            telemetry.flush_traces()
            """
        )
    )
    assert printed["name"] == "accept"
    assert printed["context"]["trace_id"] == f"0x{TRACE}"
    assert printed["resource"]["attributes"]["service.name"] == "things"
