# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What happens in the service, counted; and all counts as Prometheus text for GET /metrics.

Each scheduler counts into its ranker's part. In process mode rankers count in processes of their
own, which this text does not cover. No label holds what a caller sends: names come from the
configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable, Optional, Union

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from contract.bundle import Bundle
from contract.errors import RankingError
from contract.wire.response import RankResponse
from pipeline.process.version import VERSION
from pipeline.request.route import Target
from pipeline.states.store import StateStore
from pipeline.telemetry.experiment_metrics import ExperimentFamilies, RecordMetrics
from pipeline.telemetry.ranker_metrics import SECONDS, RankerFamilies, RankerMetrics
from pipeline.telemetry.recent_traffic import Line, Traffic
from pipeline.telemetry.state_metrics import StateFamilies

CONTENT_TYPE = CONTENT_TYPE_LATEST


class _Answers:
    """The metrics of requests and their answers."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "ranking_requests",
            "Requests answered.",
            ("service", "err_no"),
            registry=registry,
        )
        self.request_seconds = Histogram(
            "ranking_request_seconds",
            "From reading a request to its answer.",
            ("service",),
            buckets=SECONDS,
            registry=registry,
        )
        self.stage_seconds = Histogram(
            "ranking_stage_seconds",
            "Of an answer: tokenize, queue, compute, and total.",
            ("ranker", "experiment", "variant", "stage"),
            buckets=SECONDS,
            registry=registry,
        )
        self.truncated = Counter(
            "ranking_truncated_documents",
            "Documents that were cut.",
            ("ranker",),
            registry=registry,
        )


class _Cascade:
    """The metrics of a cascade's stages."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.documents = Counter(
            "ranking_cascade_documents",
            "Documents that a stage of the cascade scored; stages count from 0.",
            ("stage", "ranker"),
            registry=registry,
        )
        self.dropped = Counter(
            "ranking_cascade_dropped",
            "Requests that a stage of the cascade did not score, and why: the order is a cheaper "
            "stage's.",
            ("stage", "ranker", "code"),
            registry=registry,
        )


class Metrics:
    """All metrics of one process, in a registry of their own."""

    def __init__(self) -> None:
        """Register them; nothing is counted yet."""
        # else each counter and histogram has a second series that says when it was made
        disable_created_metrics()  # type: ignore[no-untyped-call]  # it takes and returns nothing
        self._registry = CollectorRegistry()
        self._rankers = RankerFamilies(self._registry)
        self._states = StateFamilies(self._registry)
        self._answers = _Answers(self._registry)
        self._experiments = ExperimentFamilies(self._registry)
        self._cascade = _Cascade(self._registry)
        self.traffic = Traffic()

        self._responses = Counter(
            "ranking_http_responses",
            "Answers over HTTP, refusals of every kind included.",
            ("status",),
            registry=self._registry,
        )
        self.body_bytes = Gauge(
            "ranking_http_body_bytes",
            "Bytes of bodies of requests in work.",
            registry=self._registry,
        )
        self.rpc_bytes = Gauge(
            "ranking_rpc_body_bytes",
            "Bytes of messages of RPC calls in work.",
            registry=self._registry,
        )
        self.connections = Gauge(
            "ranking_http_connections", "Connections that are open.", registry=self._registry
        )

        self.lost_log_lines = Counter(
            "ranking_lost_log_lines",
            "Lines of log files that could not be written.",
            registry=self._registry,
        )
        self.wrong_keys = Counter(
            "ranking_wrong_api_keys",
            "API keys that came and are none, over HTTP and RPC.",
            registry=self._registry,
        )
        self.turned_away = Counter(
            "ranking_turned_away",
            "Requests refused before they were read: too many in work, or too long a wait.",
            registry=self._registry,
        )
        self._in_flight = Gauge(
            "ranking_requests_in_flight", "Requests in work.", registry=self._registry
        )

    def responded(self, status: int) -> None:
        """Count one answer over HTTP."""
        self._responses.labels(str(status)).inc()

    def watch_in_flight(self, in_flight: Callable[[], int]) -> None:
        """Ask at each scrape how many requests are in work."""
        self._in_flight.set_function(in_flight)

    def ended(
        self,
        service: str,
        line: Line,
        result: Union[RankResponse, RankingError],
        seconds: Optional[float],
    ) -> None:
        """Count the end of one ranking request.

        Args:
            service: of it, or ``?``.
            line: whose it was.
            result: the answer, or why there is none.
            seconds: it took; ``None``: it was not worked on.
        """
        if isinstance(result, RankingError):
            err_no, status = result.err_no, result.http_status
        else:
            err_no, status = 0, 200
            self._ranked(line, result, seconds or 0.0)
        self.answered(service, err_no, seconds)
        self.traffic.ended(line, status, seconds or 0.0)

    def _ranked(self, line: Line, response: RankResponse, seconds: float) -> None:
        """Count where the time of one answer went, and what was cut."""
        labels = (line.ranker, line.experiment, line.variant)
        for stage, ms in response.timings_ms.items():
            self._answers.stage_seconds.labels(*labels, stage).observe(ms / 1000.0)
        self._answers.stage_seconds.labels(*labels, "total").observe(seconds)
        if response.truncated:
            self._answers.truncated.labels(line.ranker).inc(len(response.truncated))

    def of_records(self, log: str) -> RecordMetrics:
        """The part of one log."""
        return RecordMetrics(self._experiments, log)

    def routed(self, experiment: str, variant: str, ranker: str, fallback: bool) -> None:
        """Count one request of an experiment."""
        self._experiments.routed.labels(experiment, variant, ranker, str(fallback).lower()).inc()

    def stage_scored(self, stage: int, ranker: str, documents: int) -> None:
        """Count what one stage of the cascade scored of one request."""
        self._cascade.documents.labels(str(stage), ranker).inc(documents)

    def stage_dropped(self, stage: int, ranker: str, code: str) -> None:
        """Count one request that a stage of the cascade did not score."""
        self._cascade.dropped.labels(str(stage), ranker, code).inc()

    def shadowed(self, outcome: str) -> None:
        """Count one shadow request."""
        self._experiments.shadowed.labels(outcome).inc()

    def of(self, ranker: str) -> RankerMetrics:
        """The part of one ranker."""
        return RankerMetrics(self._rankers, ranker)

    def watch_states(self, ranker: str, store: StateStore) -> None:
        """Ask a ranker's store of states at each scrape."""
        self._states.watch(ranker, store)

    def answered(self, service: str, err_no: int, seconds: Optional[float]) -> None:
        """Count one request of either edge; one that was not worked on has no time."""
        self._answers.requests.labels(service, str(err_no)).inc()
        if seconds is not None:
            self._answers.request_seconds.labels(service).observe(seconds)

    def spans(self) -> SpanMetrics:
        """The part of traces."""
        family = Counter(
            "ranking_spans",
            "Spans of traces: sent to the collector, or dropped.",
            ("outcome",),
            registry=self._registry,
        )
        return SpanMetrics(family.labels("sent"), family.labels("dropped"))

    def served(self, bundles: Mapping[Target, Bundle]) -> None:
        """Tell the version of the service, and which bundles it serves."""
        build = Gauge("ranking_build_info", "Always 1.", ("version",), registry=self._registry)
        build.labels(VERSION).set(1)
        info = Gauge(
            "ranking_bundle_info",
            "Always 1: a bundle that is served.",
            ("ranker", "bundle", "precision"),
            registry=self._registry,
        )
        for target, bundle in bundles.items():
            info.labels(target.ranker, target.bundle, bundle.manifest.precision).set(1)

    def figures(self) -> dict[str, dict[str, float]]:
        """See :meth:`RankerFamilies.figures`."""
        return self._rankers.figures()

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._registry)


class SpanMetrics:
    """The metrics of traces."""

    def __init__(self, sent: Any, dropped: Any) -> None:
        """Bind the children."""
        self._sent, self._dropped = sent, dropped

    def sent(self, spans: int) -> None:
        """A collector took them."""
        self._sent.inc(spans)

    def dropped(self, spans: int) -> None:
        """No collector will see them."""
        self._dropped.inc(spans)
