# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A service that keeps states answers as one that does not, and counts what it keeps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from child_services.running_service import RunningService
from clients.http_client import HttpRankerClient
from contract.rankers import CROSS_ENCODER, PAIRWISE, RANKERS
from tests.bundles import SENTENCES, SPLIT, build_split_bundle
from tests.pipeline.telemetry.test_metrics import scrape
from tests.services import small_config

STORE_BYTES = 400_000


def config_of(split_bundles: Path, split: bool) -> dict[str, Any]:
    config = small_config(split_bundles)
    config["engine_cache"] = str(split_bundles / "engine_cache")
    for op, ranker in (("ernie", PAIRWISE), ("rocketqa", CROSS_ENCODER)):
        keys = config["op"][op]
        keys["engine"] = "openvino"
        keys["local_service_conf"]["model_config"] = str(split_bundles / (SPLIT + ranker))
        if split:
            keys["split"] = {"store_bytes": STORE_BYTES}
    return config


@pytest.fixture(scope="module")
def split_bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("split")
    for ranker in RANKERS:
        build_split_bundle(directory, ranker)
    return directory


@pytest.fixture(scope="module")
def keeping(
    split_bundles: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningService]:
    """A service whose rankers keep states."""
    config = config_of(split_bundles, split=True)
    # two workers that share a store
    config["op"]["rocketqa"]["local_service_conf"]["thread_num"] = 2
    with RunningService(config, tmp_path_factory.mktemp("keeping")) as service:
        yield service


def scores_of(service: RunningService, ranker: str, query: str, *documents: str) -> list[float]:
    with HttpRankerClient(service.url) as client:
        return list(client.rank(query, documents, ranker=ranker).scores)


def look_ups(figures: dict[str, float], ranker: str) -> dict[tuple[str, str], float]:
    name = 'ranking_state_lookups_total{outcome="%s",part="%s",ranker="%s"}'
    return {
        (part, outcome): figures[name % (outcome, part, ranker)]
        for part in ("query", "document")
        for outcome in ("hit", "miss")
    }


def test_it_starts_empty_and_says_what_it_checked(keeping: RunningService) -> None:
    for ranker in RANKERS:
        said = keeping.described(ranker)
        assert "openvino fp32 on two graphs" in said
        assert "golden pairs agree" in said
        assert "with an empty store and with" in said


def test_scores_are_those_of_the_whole_graph_cold_and_warm(
    keeping: RunningService, split_bundles: Path, tmp_path: Path
) -> None:
    with RunningService(config_of(split_bundles, split=False), tmp_path) as whole:
        for ranker in RANKERS:
            assert "two graphs" not in whole.described(ranker)
            for query in SENTENCES[:3]:
                expected = scores_of(whole, ranker, query, *SENTENCES)
                for _ in range(2):
                    found = scores_of(keeping, ranker, query, *SENTENCES)
                    assert found == pytest.approx(expected, abs=1e-5)
                (alone,) = scores_of(keeping, ranker, query, SENTENCES[1])
                assert alone == pytest.approx(expected[1], abs=1e-5)
        figures = scrape(whole.url)
        assert not any(name.startswith("ranking_state_") for name in figures)


def test_what_is_kept_is_counted(keeping: RunningService) -> None:
    documents = [text[:-1] for text in SENTENCES]
    before = scrape(keeping.url)
    scores_of(keeping, PAIRWISE, "感冒吃什么", *documents)
    scores_of(keeping, PAIRWISE, "合同到期", *documents[:4], "经济补偿")
    after = scrape(keeping.url)
    was, now = look_ups(before, PAIRWISE), look_ups(after, PAIRWISE)
    assert {key: now[key] - was[key] for key in now} == {
        ("query", "hit"): 0,
        ("query", "miss"): 2,
        ("document", "hit"): 4,
        ("document", "miss"): len(documents) + 1,
    }
    assert look_ups(before, CROSS_ENCODER) == look_ups(after, CROSS_ENCODER)
    of_ranker = '{ranker="pairwise"}'
    assert after[f"ranking_state_limit_bytes{of_ranker}"] == STORE_BYTES
    grown = after[f"ranking_state_entries{of_ranker}"] - before[f"ranking_state_entries{of_ranker}"]
    assert grown == len(documents) + 3
    assert 0 < after[f"ranking_state_bytes{of_ranker}"] <= STORE_BYTES
    assert after[f"ranking_state_evictions_total{of_ranker}"] == 0


def test_more_than_fits_is_put_out(keeping: RunningService) -> None:
    name = 'ranking_state_evictions_total{ranker="cross_encoder"}'
    before = scrape(keeping.url)[name]
    expected = scores_of(keeping, CROSS_ENCODER, "感冒", "感冒灵")
    for number in range(200):
        scores_of(keeping, CROSS_ENCODER, "感冒", *(f"{number} {text}" for text in SENTENCES))
        figures = scrape(keeping.url)
        assert figures['ranking_state_bytes{ranker="cross_encoder"}'] <= STORE_BYTES
        if figures[name] > before + len(SENTENCES):
            break
    assert figures[name] > before + len(SENTENCES)
    assert scores_of(keeping, CROSS_ENCODER, "感冒", "感冒灵") == pytest.approx(expected, abs=1e-5)


def test_rows_of_callers_that_cannot_be_cut_are_theirs_to_mend(keeping: RunningService) -> None:
    def infer(types: list[int]) -> httpx.Response:
        tensors = {"input_ids": [1, 90, 2, 91, 2], "token_type_ids": types}
        inputs = [
            {"name": name, "shape": [1, 5], "datatype": "INT64", "data": data}
            for name, data in tensors.items()
        ]
        url = f"{keeping.url}/v2/models/{CROSS_ENCODER}/infer"
        return httpx.post(url, json={"inputs": inputs}, timeout=30)

    assert infer([0, 0, 0, 1, 1]).status_code == 200
    refused = infer([0, 1, 0, 1, 1])
    assert refused.status_code == 422
    assert "token_type_ids[0]: must be 0 for the query's part" in refused.json()["error"]
