# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Decides which requests are traced, and hands their spans on."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, Optional, Protocol

from pipeline.request.spans import Span
from pipeline.request.trace import Trace, new_span_id, new_trace_id, read_parent
from pipeline.settings.tracing import TracingConfig

if TYPE_CHECKING:
    from pipeline.telemetry.metrics import SpanMetrics

_RANDOM_BITS = 56


class Exporter(Protocol):
    """Where spans go."""

    def add(self, spans: Iterable[Span]) -> None:
        """Queue spans; never waits, never raises."""

    def stop(self, timeout_s: float) -> None:
        """Send what waits, for so long at most."""


class Tracer:
    """Used by many threads at once.

    Attributes:
        on: whether anything is traced.
    """

    def __init__(self, exporter: Optional[Exporter] = None, sample_ratio: float = 0.0) -> None:
        """Without an exporter nothing is traced.

        Args:
            exporter: takes the spans.
            sample_ratio: share of the requests traced whose caller does not say.
        """
        self._exporter = exporter
        self.on = exporter is not None
        self._bound = round(sample_ratio * (1 << _RANDOM_BITS))

    def begin(self, traceparent: str, tracestate: str) -> Optional[Trace]:
        """The place of a request's span; ``None`` with tracing off.

        A caller that sends a traceparent decides itself whether its request is sampled.
        """
        if not self.on:
            return None
        parent = read_parent(traceparent, tracestate) if traceparent else None
        if parent is not None:
            return parent.child()
        sampled = secrets.randbits(_RANDOM_BITS) < self._bound
        return Trace(new_trace_id(), new_span_id(), sampled=sampled)

    def add(self, spans: Iterable[Span]) -> None:
        """Hand finished spans on; never waits, never raises."""
        if self._exporter is not None:
            self._exporter.add(spans)

    def stop(self, timeout_s: float) -> None:
        """Send what waits, for so long at most."""
        if self._exporter is not None:
            self._exporter.stop(timeout_s)


def open_tracer(config: TracingConfig, asked: bool, metrics: SpanMetrics) -> Tracer:
    """The tracer that the configuration asks for.

    Args:
        config: of the file.
        asked: by :func:`pipeline.settings.tracing.tracing_asked`.
        metrics: count spans.
    """
    if not asked:
        return Tracer()
    # takes a third of a second, which a service without traces does not pay
    from pipeline.telemetry.otlp_export import OtlpExporter

    return Tracer(OtlpExporter(config, metrics), config.sample_ratio)
