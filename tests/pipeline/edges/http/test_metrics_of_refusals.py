# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Metrics of refused requests, which are counted but not timed, and of a service that stops."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import httpx

from child_services.running_service import RunningService
from tests.pipeline.calls import http_call
from tests.pipeline.launch import Launched
from tests.pipeline.telemetry.test_metrics import scrape


def test_refused_feedback_does_not_count_into_times(service: RunningService) -> None:
    before = scrape(service.url)
    assert http_call(service.url, "/feedback", {"request_id": "a"}).status == 422
    after = scrape(service.url)
    requests = 'ranking_requests_total{err_no="5000",service="feedback"}'
    times = 'ranking_request_seconds_count{service="feedback"}'
    assert after[requests] - before.get(requests, 0) == 1
    assert after.get(times, 0) == before.get(times, 0)
    answers = 'ranking_http_responses_total{status="422"}'
    assert after[answers] - before.get(answers, 0) == 1


def test_no_path_is_corrected(service: RunningService) -> None:
    reply = httpx.post(f"{service.url}/Rerank", json={}, timeout=30)
    assert reply.status_code == 404
    assert reply.json()["err_no"] == 3002


def test_the_end_is_said(config: dict[str, Any], tmp_path: Path) -> None:
    with Launched(config, tmp_path) as launched:
        launched.wait_ready()
        launched.process.send_signal(signal.SIGTERM)
        assert launched.wait_end(20) == 0
        assert launched.stdout.splitlines()[-2:] == ["stopping", "stopped"]
