# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Prometheus metrics of the stores of states, asked at each scrape."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pipeline.states.parts import DOCUMENT, KINDS
from pipeline.states.store import StateStore

_BY_RANKER = ("ranker",)


class StateFamilies(Collector):
    """The metrics of every store, by the name of its ranker."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register them; without a store they have no samples."""
        self._stores: dict[str, StateStore] = {}
        registry.register(self)

    def watch(self, ranker: str, store: StateStore) -> None:
        """Ask this store from now on."""
        self._stores[ranker] = store

    def collect(self) -> Iterator[Metric]:
        """What prometheus_client calls at a scrape."""
        lookups = CounterMetricFamily(
            "ranking_state_lookups",
            "Parts of rows looked up: hit in memory, found on disk, or a miss, which is computed.",
            labels=("ranker", "part", "outcome"),
        )
        damaged = CounterMetricFamily(
            "ranking_state_damaged",
            "Documents on disk that could not be read; they count as misses too.",
            labels=_BY_RANKER,
        )
        evictions = CounterMetricFamily(
            "ranking_state_evictions", "Parts that had to go for others.", labels=_BY_RANKER
        )
        entries = GaugeMetricFamily("ranking_state_entries", "Parts held.", labels=_BY_RANKER)
        held = GaugeMetricFamily(
            "ranking_state_bytes", "Bytes of the parts held.", labels=_BY_RANKER
        )
        limit = GaugeMetricFamily(
            "ranking_state_limit_bytes", "split.store_bytes: a full store.", labels=_BY_RANKER
        )
        for ranker, store in list(self._stores.items()):
            counts = store.counts
            for kind in KINDS:
                lookups.add_metric((ranker, kind, "hit"), counts.hits[kind])
                lookups.add_metric((ranker, kind, "miss"), counts.misses[kind])
            lookups.add_metric((ranker, DOCUMENT, "disk"), counts.read)
            damaged.add_metric((ranker,), counts.damaged)
            evictions.add_metric((ranker,), counts.evictions)
            entries.add_metric((ranker,), counts.entries)
            held.add_metric((ranker,), counts.bytes)
            limit.add_metric((ranker,), counts.limit)
        yield from (lookups, damaged, evictions, entries, held, limit)
