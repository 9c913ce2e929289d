# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""GET /metrics of a real service, and the counters of Paddle Serving itself."""

from __future__ import annotations

import re
import time
import urllib.request
from pathlib import Path

from child_services.child import free_port
from child_services.running_service import RunningService
from tests.pipeline.calls import rank
from tests.services import running_service


def scrape(url: str) -> dict[str, float]:
    with urllib.request.urlopen(f"{url}/metrics", timeout=30) as response:
        assert response.headers["Content-Type"].startswith("text/plain")
        lines = response.read().decode().splitlines()
    return {
        name: float(value) for name, value in (li.rsplit(" ", 1) for li in lines if li[0] != "#")
    }


def test_every_row_and_request_is_counted(service: RunningService) -> None:
    before = scrape(service.url)
    rank(service.url, "ernie", query="感冒", documents=["感冒灵", "合同", "感冒灵"])
    rank(service.url, "ernie", query="感冒")
    after = scrape(service.url)

    def grown(name: str) -> float:
        return after[name] - before.get(name, 0.0)

    assert grown('ranking_rows_total{outcome="computed",ranker="pairwise"}') == 2
    assert grown('ranking_rows_total{outcome="joined",ranker="pairwise"}') == 1
    assert grown('ranking_rows_total{outcome="computed",ranker="cross_encoder"}') == 0
    assert grown('ranking_batch_rows_count{ranker="pairwise"}') >= 1
    assert grown('ranking_queue_seconds_count{ranker="pairwise"}') == 1
    assert grown('ranking_requests_total{err_no="0",service="ernie"}') == 1
    stages = 'ranking_stage_seconds_count{experiment="",ranker="pairwise",stage="%s",variant=""}'
    for stage in ("tokenize", "queue", "compute", "total"):
        assert grown(stages % stage) == 1
    assert grown('ranking_requests_total{err_no="5000",service="ernie"}') == 1
    padded, tokens = (
        f'ranking_{n}_total{{ranker="pairwise"}}' for n in ("padded_tokens", "tokens")
    )
    assert grown(padded) >= grown(tokens) > 0


def test_paddle_servings_own_counters(bundles: Path, tmp_path: Path) -> None:
    port = free_port()
    dag = {
        "is_thread_op": True,
        "enable_prometheus": True,
        "prometheus_port": port,
        "tracer": {"interval_s": 1},
    }
    with running_service(bundles, tmp_path, dag=dag) as service:
        deadline = time.monotonic() + 60
        count = 0.0
        while count == 0.0 and time.monotonic() < deadline:
            rank(service.url, query="感冒", documents=["感冒灵"])
            time.sleep(0.5)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as response:
                text = response.read().decode()
            found = re.search(r"^pd_query_request_success_total (\S+)$", text, re.MULTILINE)
            count = float(found.group(1)) if found else 0.0
        assert count > 0, text
