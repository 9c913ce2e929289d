# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""GET /v1/traffic: the last minutes by variant, what waits, and the state of experiments.

For the page and for scripts; what goes into a time series is at /metrics.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Optional

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from contract.errors import RankingError
from pipeline.door.readiness import Readiness
from pipeline.edges.http.described_route import get
from pipeline.edges.http.errors import json_response, problem_response
from pipeline.edges.http.models import Models
from pipeline.edges.http.openapi import experiments
from pipeline.edges.http.runner import Runner
from pipeline.routing.describe import describe_experiment
from pipeline.telemetry.metrics import Metrics
from pipeline.telemetry.recent_traffic import INTERVAL_S, QUANTILE_ERROR, VERDICTS, Counts, merged


def traffic_routes(
    runner: Runner, models: Models, readiness: Readiness, metrics: Metrics
) -> list[BaseRoute]:
    """The route."""

    async def traffic(request: Request) -> Response:
        try:
            runner.check(request)
        except RankingError as error:
            return problem_response(error)
        response = json_response(_report(models, readiness, metrics))
        response.headers["Cache-Control"] = "no-store"
        return response

    return [get("/v1/traffic", traffic, experiments.traffic())]


def _report(models: Models, readiness: Readiness, metrics: Metrics) -> dict[str, Any]:
    now = time.time()
    seen = metrics.traffic.snapshot()
    figures = metrics.figures()
    plan = models.router.plan
    state = readiness.state()
    return {
        "time": now,
        "window_s": round(seen.observed_s, 1),
        "interval_s": INTERVAL_S,
        "quantile_error": QUANTILE_ERROR,
        "ready": state.ready,
        "reason": state.reason,
        "in_flight": state.service["in_flight"],
        "total": _counts(merged(seen.lines.values())),
        "lines": [{**line._asdict(), **_counts(seen.lines[line])} for line in sorted(seen.lines)],
        "timeline": [_counts(counts) for counts in seen.timeline],
        "rankers": [{"ranker": r, "rows": _rows(figures, r)} for r in models.rankers],
        "default_ranker": plan.default.ranker,
        "experiments": [describe_experiment(one, now) for one in plan.experiments],
        "holdout": plan.holdout.share if plan.holdout else 0.0,
    }


def _rows(figures: Mapping[str, Mapping[str, float]], ranker: str) -> Optional[dict[str, float]]:
    """Of all bundles of a ranker; those of further ones are counted under ranker@version."""
    rows: dict[str, float] = {}
    for name, own in figures.items():
        if name.partition("@")[0] == ranker:
            for outcome, count in own.items():
                rows[outcome] = rows.get(outcome, 0.0) + count
    return rows or None


def _counts(counts: Counts) -> dict[str, Any]:
    return {
        **{verdict: counts.ended[verdict] for verdict in VERDICTS},
        "p50_ms": _ms(counts.quantile_s(0.5)),
        "p99_ms": _ms(counts.quantile_s(0.99)),
        "longest_ms": _ms(counts.longest_s or None),
    }


def _ms(seconds: Optional[float]) -> Optional[float]:
    return None if seconds is None else round(seconds * 1000.0, 2)
