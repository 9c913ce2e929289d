# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What happens in the service, counted; and all counts as Prometheus text for GET /metrics.

Made by pipeline.web_service; each scheduler counts into its ranker's part, the front door into
that of the requests. In process mode rankers count in processes of their own, which this text
does not cover.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from contract.response import RankResponse
from pipeline.job import Work

CONTENT_TYPE = CONTENT_TYPE_LATEST

_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_TOKENS = (32, 64, 128, 256, 512, 1024, 2048, 4096, 8192)
_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Metrics:
    """All metrics of one process, in a registry of their own."""

    def __init__(self) -> None:
        """Register them; nothing is counted yet."""
        self._registry = CollectorRegistry()
        by_ranker: Any = {"labelnames": ("ranker",), "registry": self._registry}
        self.rows = Counter(
            "ranking_rows",
            "Rows asked for: computed, joined to an identical row in work, or from the cache.",
            ("ranker", "outcome"),
            registry=self._registry,
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
        self.queue_seconds = Histogram(
            "ranking_queue_seconds",
            "From submission to a first batch.",
            buckets=_SECONDS,
            **by_ranker,
        )
        self.compute_seconds = Histogram(
            "ranking_compute_seconds", "Of a batch.", buckets=_SECONDS, **by_ranker
        )
        self._requests = Counter(
            "ranking_requests",
            "Requests answered.",
            ("service", "err_no"),
            registry=self._registry,
        )
        self._request_seconds = Histogram(
            "ranking_request_seconds",
            "From reading a request to its answer.",
            ("service",),
            buckets=_SECONDS,
            registry=self._registry,
        )

        self._stage_seconds = Histogram(
            "ranking_stage_seconds",
            "Of an answer: tokenize, queue, compute, and total.",
            ("ranker", "experiment", "variant", "stage"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._truncated = Counter(
            "ranking_truncated_documents", "Documents that were cut.", **by_ranker
        )
        self._records = Counter(
            "ranking_records",
            "Records of experiments: on disk, or lost (no room in the queue, no disk at the stop).",
            ("log", "outcome"),
            registry=self._registry,
        )
        self._record_queue = Gauge(
            "ranking_record_queue", "Records that wait.", ("log",), registry=self._registry
        )
        self._routed = Counter(
            "ranking_routed",
            "Requests of experiments, by assigned variant and by who served (empty: nobody).",
            ("experiment", "variant", "ranker", "fallback"),
            registry=self._registry,
        )
        self._shadowed = Counter(
            "ranking_shadowed",
            "Shadow requests: scored, failed, or dropped.",
            ("outcome",),
            registry=self._registry,
        )

    def ranked(self, response: RankResponse, seconds: float) -> None:
        """Count where the time of one answer went, and what was cut."""
        ranker = "+".join(dict.fromkeys(ranking.ranker for ranking in response.rankings))
        labels = (ranker, response.experiment, response.variant)
        for stage, ms in response.timings_ms.items():
            self._stage_seconds.labels(*labels, stage).observe(ms / 1000.0)
        self._stage_seconds.labels(*labels, "total").observe(seconds)
        if response.truncated:
            self._truncated.labels(ranker).inc(len(response.truncated))

    def of_records(self, log: str) -> RecordMetrics:
        """The part of one log."""
        return RecordMetrics(
            self._records.labels(log, "written"),
            self._records.labels(log, "lost"),
            self._record_queue.labels(log),
        )

    def routed(self, experiment: str, variant: str, ranker: str, fallback: bool) -> None:
        """Count one request of an experiment."""
        self._routed.labels(experiment, variant, ranker, str(fallback).lower()).inc()

    def shadowed(self, outcome: str) -> None:
        """Count one shadow request."""
        self._shadowed.labels(outcome).inc()

    def of(self, ranker: str) -> RankerMetrics:
        """The part of one ranker."""
        return RankerMetrics(self, ranker)

    def answered(self, service: str, err_no: int, seconds: float) -> None:
        """Count one request of either edge."""
        self._requests.labels(service, str(err_no)).inc()
        self._request_seconds.labels(service).observe(seconds)

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._registry)


class RecordMetrics:
    """The metrics of one log of records."""

    def __init__(self, written: Any, lost: Any, waiting: Any) -> None:
        """Bind the children."""
        self._written, self._lost, self._waiting = written, lost, waiting

    def watch(self, waiting: Callable[[], int]) -> None:
        """Ask ``waiting`` at each scrape how many wait."""
        self._waiting.set_function(waiting)

    def written(self, records: int) -> None:
        """Records went to disk."""
        self._written.inc(records)

    def lost(self, records: int) -> None:
        """Records will never be on disk."""
        self._lost.inc(records)


class RankerMetrics:
    """The metrics that a scheduler counts; each call costs a few microseconds, none is per row."""

    def __init__(self, metrics: Metrics, ranker: str) -> None:
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

    def ran(self, batch: Sequence[Work], padded: int, seconds: float) -> None:
        """A batch was computed."""
        self._computed.inc(len(batch))
        self._tokens.inc(sum(work.length for work in batch))
        self._padded_tokens.inc(padded)
        self._batch_rows.observe(len(batch))
        self._batch_tokens.observe(padded)
        self._compute_seconds.observe(seconds)
