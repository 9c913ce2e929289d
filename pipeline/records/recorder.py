# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes exposures, and queues all records of experiments for the disk."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from contract.errors import InvalidField, Overloaded, RankingError
from contract.experiments.records import EXPOSURES_FILE, FEEDBACK_FILE, Exposure, Feedback, Record
from contract.wire.request import RankRequest
from contract.wire.response import RankResponse
from pipeline.records.jsonl_writer import RecordLog
from pipeline.request.outcome import Outcome
from pipeline.request.route import Route, Target
from pipeline.settings.service import ServiceConfig
from pipeline.telemetry.metrics import Metrics

_STOP_S = 3.0


class Recorder:
    """Makes records and queues them; what it costs a request is the making of one dataclass."""

    def __init__(self, config: ServiceConfig, metrics: Metrics) -> None:
        """Open the logs, if the configuration names a directory.

        Raises:
            OSError: the directory cannot be made.
        """
        self._config = config.exposures
        self._metrics = metrics
        self._logs: Mapping[str, RecordLog] = {}
        if self._config.directory is not None:
            directory = config.resolve(self._config.directory)
            self._logs = {
                name: RecordLog(name, directory, self._config, metrics.of_records(name))
                for name in (EXPOSURES_FILE, FEEDBACK_FILE)
            }

    def start(self) -> None:
        """Begin to write."""
        for log in self._logs.values():
            log.start()

    def stop(self) -> None:
        """Write what is queued."""
        for log in self._logs.values():
            log.stop(_STOP_S)

    def exposed(self, request: RankRequest, outcome: Outcome, seconds: float) -> None:
        """Count and record the end of a request that takes part in an experiment."""
        route = outcome.route
        if route is None or not route.experiment:
            return
        served = _served(outcome.result)
        fell_back = served is not None and served not in (route.assigned, *route.targets[1:])
        self._metrics.routed(
            route.experiment, route.variant, served.ranker if served else "", fell_back
        )
        if self._logs:
            self.record(self._exposure(request, route, outcome.result, served, seconds))

    def record(self, record: Record) -> None:
        """Queue an exposure or a shadow comparison."""
        if self._logs:
            self._logs[EXPOSURES_FILE].offer(record)

    def feedback(self, feedback: Feedback) -> None:
        """Queue feedback.

        Raises:
            InvalidField: the service keeps none.
            Overloaded: there is no room now.
        """
        if not self._logs:
            raise InvalidField(
                "this service keeps no feedback; set exposures.directory", field="feedback"
            )
        if not self._logs[FEEDBACK_FILE].offer(feedback):
            raise Overloaded("feedback waits for the disk; try again later")

    def _exposure(
        self,
        request: RankRequest,
        route: Route,
        result: Any,
        served: Optional[Target],
        seconds: float,
    ) -> Exposure:
        assigned = route.assigned or Target("", "")
        shown: dict[str, Any] = {}
        if isinstance(result, RankResponse):
            shown = self._shown(request, result)
        return Exposure(
            time.time(),
            request.request_id,
            route.experiment,
            route.mode,
            route.variant,
            route.reason,
            route.unit,
            assigned.ranker,
            assigned.bundle,
            served_ranker=served.ranker if served else "",
            served_bundle=served.bundle if served else "",
            err_no=result.err_no if isinstance(result, RankingError) else 0,
            documents=len(request.pairs),
            latency_ms=seconds * 1000.0,
            **shown,
        )

    def _shown(self, request: RankRequest, response: RankResponse) -> dict[str, Any]:
        results = response.results()[: self._config.max_positions]
        order = tuple(result["index"] for result in results)
        shown: dict[str, Any] = {
            "order": order,
            "scores": tuple(result["score"] for result in results),
            "teams": tuple(result["team"] for result in results if "team" in result),
            "stages": () if response.draft else _stages(results),
            "queue_ms": response.timings_ms["queue"],
            "compute_ms": response.timings_ms["compute"],
        }
        if self._config.keep_texts:
            shown["query"] = request.pairs[0][0]
            shown["titles"] = tuple(request.pairs[index][1] for index in order)
        return shown


def _stages(results: Sequence[Mapping[str, Any]]) -> tuple[int, ...]:
    """Of a cascade, which stage's score each result has; of a ranker nothing."""
    return tuple(result["stage_index"] for result in results if "stage_index" in result)


def _served(result: Any) -> Optional[Target]:
    if not isinstance(result, RankResponse):
        return None
    return Target(result.rankings[0].ranker, result.rankings[0].bundle)
