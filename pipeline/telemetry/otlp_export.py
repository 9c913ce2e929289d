# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Sends spans to a collector, OTLP over HTTP, from a thread of OpenTelemetry's own.

Imported only when tracing is on. A collector that is slow, gone or full costs spans, never a
request: they are counted, and thrown away. The service's parts tell spans after the fact, so of
the SDK only its queue, its encoding and its transport are used.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterable, Sequence

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME as SERVICE_NAME_KEY
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, TraceFlags, TraceState
from opentelemetry.trace.status import Status, StatusCode

from pipeline.request.spans import PREFIX, Span
from pipeline.request.trace import Trace
from pipeline.settings.tracing import SERVICE_NAME, TracingConfig
from pipeline.telemetry.metrics import SpanMetrics

_LOGGER = logging.getLogger(__name__)
_SCOPE = InstrumentationScope("pipeline.tracing")
# how OpenTelemetry bounds its queue, in spans
_QUEUE_VARIABLE, _QUEUE_DEFAULT = "OTEL_BSP_MAX_QUEUE_SIZE", 2048
_UNSET = Status(StatusCode.UNSET)


class OtlpExporter:
    """See :class:`pipeline.telemetry.tracer.Exporter`."""

    def __init__(self, config: TracingConfig, metrics: SpanMetrics) -> None:
        """Start the thread that sends."""
        # a collector that is down would fill the log; ranking_spans_total counts
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._metrics = metrics
        self._resource = _resource(config)
        sender = OTLPSpanExporter(config.traces_endpoint, headers=dict(config.headers) or None)
        most_waiting = _most_waiting()
        self._places = threading.BoundedSemaphore(most_waiting)
        counting = _Counting(sender, metrics, self._places)
        self._queue = BatchSpanProcessor(counting, max_queue_size=most_waiting)

    def add(self, spans: Iterable[Span]) -> None:
        """Queue spans; those that find no room are dropped and counted."""
        since_1970 = time.time_ns() - time.monotonic_ns()
        for span in spans:
            # the queue itself drops without a word
            if self._places.acquire(blocking=False):
                self._queue.on_end(_readable(span, since_1970, self._resource))
            else:
                self._metrics.dropped(1)

    def stop(self, timeout_s: float) -> None:
        """Send what waits, for so long at most."""
        self._queue.force_flush(int(timeout_s * 1000))


class _Counting(SpanExporter):
    """Counts how exports end, and gives back the places of what has left the queue."""

    def __init__(
        self, sender: SpanExporter, metrics: SpanMetrics, places: threading.BoundedSemaphore
    ) -> None:
        self._sender = sender
        self._metrics = metrics
        self._places = places

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """See SpanExporter; a failure is a result, whatever its kind."""
        self._places.release(len(spans))
        try:
            result = self._sender.export(spans)
        except Exception:
            _LOGGER.exception("%d spans are dropped", len(spans))
            result = SpanExportResult.FAILURE
        count = self._metrics.sent if result is SpanExportResult.SUCCESS else self._metrics.dropped
        count(len(spans))
        return result

    def shutdown(self) -> None:
        """See SpanExporter."""
        self._sender.shutdown()


def _most_waiting() -> int:
    """Spans that may wait, as the SDK reads it: a value that is no number is its default."""
    text = os.environ.get(_QUEUE_VARIABLE, "")
    return int(text) if text.isdecimal() and int(text) > 0 else _QUEUE_DEFAULT


def _resource(config: TracingConfig) -> Resource:
    """Of the environment's OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME, and the file's name."""
    if config.service_name is not None:
        return Resource.create({SERVICE_NAME_KEY: config.service_name})
    resource = Resource.create()
    if os.environ.get("OTEL_SERVICE_NAME") or SERVICE_NAME_KEY in os.environ.get(
        "OTEL_RESOURCE_ATTRIBUTES", ""
    ):
        return resource
    return resource.merge(Resource({SERVICE_NAME_KEY: SERVICE_NAME}))


def _readable(span: Span, since_1970: int, resource: Resource) -> ReadableSpan:
    return ReadableSpan(
        span.name,
        _context(span.trace, span.trace.span_id),
        _context(span.trace, span.trace.parent_id) if span.trace.parent_id else None,
        resource,
        {PREFIX + name: value for name, value in span.attributes.items()},
        links=[
            # the exporter asks attributes for how many were dropped, and fails on none at all
            Link(_context(trace, trace.span_id), BoundedAttributes())
            for trace in span.links
        ],
        kind=SpanKind.SERVER if span.incoming else SpanKind.INTERNAL,
        status=Status(StatusCode.ERROR, span.error) if span.error else _UNSET,
        start_time=int(span.start * 1e9) + since_1970,
        end_time=int(span.end * 1e9) + since_1970,
        instrumentation_scope=_SCOPE,
    )


def _context(trace: Trace, span_id: int) -> SpanContext:
    state = TraceState.from_header([trace.state]) if trace.state else None
    flags = TraceFlags(TraceFlags.SAMPLED if trace.sampled else TraceFlags.DEFAULT)
    return SpanContext(trace.trace_id, span_id, False, flags, state)
