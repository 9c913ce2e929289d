# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Prometheus metrics of each ranker's scheduler: rows, tokens, batches, queue, refusals."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_TOKENS = (32, 64, 128, 256, 512, 1024, 2048, 4096, 8192)
SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class RankerFamilies:
    """The metrics that every ranker has, by its name."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register them."""
        by_ranker: Any = {"labelnames": ("ranker",), "registry": registry}
        self.rows = Counter(
            "ranking_rows",
            "Rows asked for: computed, joined to an identical row in work, or from the cache.",
            ("ranker", "outcome"),
            registry=registry,
        )
        self.tokens = Counter("ranking_tokens", "Tokens computed, without padding.", **by_ranker)
        self.padded_tokens = Counter(
            "ranking_padded_tokens", "Tokens computed, padding included.", **by_ranker
        )
        self.refused = Counter("ranking_refusals", "Requests refused: queue full.", **by_ranker)
        self.dropped = Counter(
            "ranking_dropped_rows", "Rows not computed: cancelled, expired, failed.", **by_ranker
        )
        self.failed = Counter("ranking_failed_batches", "Batches an engine failed on.", **by_ranker)
        self.queue_rows = Gauge("ranking_queue_rows", "Rows that wait.", **by_ranker)
        self.batch_rows = Histogram(
            "ranking_batch_rows", "Rows of a batch.", buckets=_ROWS, **by_ranker
        )
        self.batch_tokens = Histogram(
            "ranking_batch_tokens", "Tokens of a batch, padded.", buckets=_TOKENS, **by_ranker
        )
        self.token_budget = Gauge(
            "ranking_batch_token_budget", "scheduler.max_batch_tokens: a full batch.", **by_ranker
        )
        self.queue_seconds = Histogram(
            "ranking_queue_seconds",
            "From submission to a first batch.",
            buckets=SECONDS,
            **by_ranker,
        )
        self.compute_seconds = Histogram(
            "ranking_compute_seconds", "Of a batch.", buckets=SECONDS, **by_ranker
        )

    def figures(self) -> dict[str, dict[str, float]]:
        """By ranker, rows that wait, and since the start rows computed, joined and cached.

        Empty where rankers count in processes of their own.
        """
        figures: dict[str, dict[str, float]] = {}
        for metric in (self.rows, self.queue_rows):
            for sample in (s for family in metric.collect() for s in family.samples):
                name = sample.labels.get("outcome", "waiting")
                figures.setdefault(sample.labels["ranker"], {})[name] = sample.value
        return figures


class RankerMetrics:
    """The metrics that a scheduler counts; each call costs a few microseconds, none is per row."""

    def __init__(self, metrics: RankerFamilies, ranker: str) -> None:
        """Find the ranker's children once."""
        self._computed = metrics.rows.labels(ranker, "computed")
        self._joined = metrics.rows.labels(ranker, "joined")
        self._cached = metrics.rows.labels(ranker, "cached")
        self._tokens = metrics.tokens.labels(ranker)
        self._padded_tokens = metrics.padded_tokens.labels(ranker)
        self._dropped = metrics.dropped.labels(ranker)
        self._batch_rows = metrics.batch_rows.labels(ranker)
        self._batch_tokens = metrics.batch_tokens.labels(ranker)
        self._compute_seconds = metrics.compute_seconds.labels(ranker)
        self.queue_seconds = metrics.queue_seconds.labels(ranker)
        self.queue_rows = metrics.queue_rows.labels(ranker)
        self.refused = metrics.refused.labels(ranker)
        self.failed = metrics.failed.labels(ranker)
        self.token_budget = metrics.token_budget.labels(ranker)

    def admitted(self, joined: int, cached: int, waiting: int) -> None:
        """A request came in: its rows that need no computing, and all rows that wait now."""
        if joined:
            self._joined.inc(joined)
        if cached:
            self._cached.inc(cached)
        self.queue_rows.set(waiting)

    def dropped(self, rows: int, waiting: int) -> None:
        """Rows left the queue without being computed."""
        self._dropped.inc(rows)
        self.queue_rows.set(waiting)

    def ran(self, rows: int, tokens: int, padded: int, seconds: float) -> None:
        """A batch was computed: its rows, and its tokens without and with padding."""
        self._computed.inc(rows)
        self._tokens.inc(tokens)
        self._padded_tokens.inc(padded)
        self._batch_rows.observe(rows)
        self._batch_tokens.observe(padded)
        self._compute_seconds.observe(seconds)
