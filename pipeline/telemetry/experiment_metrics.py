# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What is counted of experiments: routing, shadows, and the logs of their records."""

from __future__ import annotations

from typing import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge


class ExperimentFamilies:
    """The metrics of routing, of shadows and of records, registered once."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register them."""
        self.records = Counter(
            "ranking_records",
            "Records of experiments: on disk, or lost (no room in the queue, no disk at the stop).",
            ("log", "outcome"),
            registry=registry,
        )
        self.record_queue = Gauge(
            "ranking_record_queue", "Records that wait.", ("log",), registry=registry
        )
        self.record_queue_bytes = Gauge(
            "ranking_record_queue_bytes",
            "Memory of the records that wait.",
            ("log",),
            registry=registry,
        )
        self.routed = Counter(
            "ranking_routed",
            "Requests of experiments, by assigned variant and by who served (empty: nobody).",
            ("experiment", "variant", "ranker", "fallback"),
            registry=registry,
        )
        self.shadowed = Counter(
            "ranking_shadowed",
            "Shadow requests: scored, incomplete (a cascade dropped a stage), failed, or dropped.",
            ("outcome",),
            registry=registry,
        )


class RecordMetrics:
    """The metrics of one log of records."""

    def __init__(self, families: ExperimentFamilies, log: str) -> None:
        """The part of this log."""
        self._written = families.records.labels(log, "written")
        self._lost = families.records.labels(log, "lost")
        self._waiting = families.record_queue.labels(log)
        self._waiting_bytes = families.record_queue_bytes.labels(log)

    def watch(self, waiting: Callable[[], int], waiting_bytes: Callable[[], int]) -> None:
        """Ask both at each scrape: how many wait, and of how many bytes."""
        self._waiting.set_function(waiting)
        self._waiting_bytes.set_function(waiting_bytes)

    def written(self, records: int) -> None:
        """Records went to disk."""
        self._written.inc(records)

    def lost(self, records: int) -> None:
        """Records will never be on disk."""
        self._lost.inc(records)
