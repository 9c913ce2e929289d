# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""More requests than may wait: some are refused, all others are right, and nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from child_services.running_service import RunningService
from clients.http_client import HttpRankerClient
from tests.bundles import SENTENCES
from tests.pipeline.telemetry.test_metrics import scrape
from tests.services import running_service

QUERY = SENTENCES[0]
# of one length, for one request to be like another
REQUESTS = 120
DOCUMENTS = [f"{i:02} {SENTENCES[i % 7]}" for i in range(40)]
PATHS = ("/rerank", "/ranker/prediction", "/v2/models/pairwise/infer")


@pytest.fixture(scope="module")
def crowded(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    directory = tmp_path_factory.mktemp("crowded")
    with running_service(bundles, directory, limits={"max_delay_ms": 1.0}) as service:
        yield service


def body(path: str, number: int) -> dict[str, object]:
    query = f"{QUERY} {number:03}"
    if "infer" not in path:
        return {"query": query, "documents": DOCUMENTS}
    texts = (("query", [query]), ("title", DOCUMENTS))
    return {
        "inputs": [
            {"name": name, "shape": [len(data)], "datatype": "BYTES", "data": data}
            for name, data in texts
        ]
    }


def test_a_flood_is_refused_in_part_and_leaves_nothing(crowded: RunningService) -> None:
    with httpx.Client(timeout=60, limits=httpx.Limits(max_connections=60)) as client:

        def ask(number: int) -> tuple[str, int, httpx.Response]:
            path = PATHS[number % len(PATHS)]
            return path, number, client.post(f"{crowded.url}{path}", json=body(path, number))

        for number in range(12):
            assert ask(number)[2].status_code == 200
        with ThreadPoolExecutor(40) as pool:
            replies = list(pool.map(ask, range(100, 100 + REQUESTS)))
    refused = [(path, reply) for path, _, reply in replies if reply.status_code == 429]
    accepted = [entry for entry in replies if entry[2].status_code == 200]
    assert refused, "forty at once and none refused"
    assert len(refused) + len(accepted) == REQUESTS
    assert len(accepted) > 8
    assert {path for path, _ in refused} == set(PATHS)
    assert all(reply.headers["retry-after"] == "1" for _, reply in refused)
    reranked = [(number, reply) for path, number, reply in accepted if path == "/rerank"]
    number, reply = reranked[-1]
    with HttpRankerClient(crowded.url) as client:
        again = client.rank(f"{QUERY} {number:03}", DOCUMENTS).results
    got = {r["index"]: r["relevance_score"] for r in reply.json()["results"]}
    assert got == pytest.approx({r.index: r.score for r in again}, abs=1e-6)
    after = scrape(crowded.url)
    assert after["ranking_requests_in_flight"] == 0.0
    assert after['ranking_queue_rows{ranker="pairwise"}'] == 0.0
    assert after["ranking_turned_away_total"] >= len(refused)
    assert httpx.get(f"{crowded.url}/ready").status_code == 200
