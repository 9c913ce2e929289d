# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Scores of the service beside Paddle Inference's, on real pairs where they are at hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.bundle import Bundle
from contract.bundle.golden import FP32_TOLERANCE, LOW_PRECISION_TOLERANCE, read_golden
from contract.encoding import Row
from contract.environment.cpu import has_bf16
from contract.errors import SetUpError
from contract.rankers import RANKERS
from export.engines.paddle_inference import GraphPredictor, InferenceOptions, logits_of
from tests.general_model_service import wire
from tests.tensor_service import StartTensorService

LISTS = 200
TITLES = 5

Lists = list[tuple[str, list[str]]]


def real_lists(shared_data: Path) -> Lists:
    """1,000 pairs: 200 medical queries with five titles each."""
    lists: Lists = []
    with (shared_data / "cmedir.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            item = json.loads(line)
            if len(item["docs"]) >= TITLES and len(lists) < LISTS:
                lists.append((item["query"], [doc["text"] for doc in item["docs"][:TITLES]]))
    assert len(lists) == LISTS
    return lists


def paddle_scores(bundle: Bundle, rows: Sequence[Row]) -> NDArray[np.float32]:
    (model,) = bundle.server_dir.glob("*.pdmodel")
    predictor = GraphPredictor(model, model.with_suffix(".pdiparams"), InferenceOptions())
    run = logits_of(predictor, bundle.manifest.fetches, bundle.manifest.logits)
    encoder = bundle.encoder()
    return np.concatenate([bundle.score(run(encoder.pad([row]))) for row in rows])


def logit(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """What the sigmoid made them of."""
    exact = scores.astype(np.float64)
    found: NDArray[np.float64] = np.log(exact) - np.log1p(-exact)
    return found


def encoded(bundle: Bundle, lists: Lists) -> list[list[Row]]:
    encoder = bundle.encoder()
    return [encoder.encode(query, titles) for query, titles in lists]


@pytest.mark.parametrize("ranker", RANKERS)
def test_fp32_equals_paddle_inference(
    tensor_service: StartTensorService, repository: Path, shared_data: Path, ranker: str
) -> None:
    bundle = Bundle.open(repository / "serving_models" / ranker)
    lists = encoded(bundle, real_lists(shared_data))
    service = tensor_service(bundle.server_dir, "--pad_dynamic")
    expected = paddle_scores(bundle, [row for rows in lists for row in rows])
    # four callers at once, so that rows of different requests share batches
    with ThreadPoolExecutor(4) as callers:
        scores = np.concatenate(
            list(callers.map(lambda rows: wire.scores(service.port, bundle, rows), lists))
        )
    assert len(scores) == LISTS * TITLES
    assert np.abs(scores - expected).max() <= FP32_TOLERANCE.score


@pytest.mark.skipif(not has_bf16(), reason="this CPU does not multiply bfloat16")
def test_bf16_keeps_a_first_title_that_leads(
    tensor_service: StartTensorService, repository: Path, shared_data: Path
) -> None:
    """By logits: scores of most titles are near 0, and say nothing of their order."""
    bundle = Bundle.open(repository / "serving_models" / "pairwise")
    lists = encoded(bundle, real_lists(shared_data))
    service = tensor_service(bundle.server_dir, "--pad_dynamic", "--precision", "auto")
    if wire.get(service.port, "/").json["precision"] != "bf16":
        pytest.skip("the golden pairs of this bundle refuse bf16")
    expected = logit(paddle_scores(bundle, [row for rows in lists for row in rows]))
    found = logit(np.concatenate([wire.scores(service.port, bundle, rows) for rows in lists]))
    assert np.abs(found - expected).max() <= LOW_PRECISION_TOLERANCE.of_logits(expected)
    by_list, by_list_found = (np.reshape(x, (LISTS, TITLES)) for x in (expected, found))
    best, second = np.sort(by_list, axis=1)[:, :-3:-1].T
    leads = best - second > LOW_PRECISION_TOLERANCE.logit
    assert leads.mean() > 0.5
    same = by_list.argmax(axis=1) == by_list_found.argmax(axis=1)
    assert same[leads].mean() >= 0.99


@pytest.mark.skipif(not has_bf16(), reason="this CPU does not multiply bfloat16")
@pytest.mark.parametrize("ranker", RANKERS)
def test_auto_takes_bf16_only_when_the_golden_pairs_allow_it(
    tensor_service: StartTensorService, repository: Path, ranker: str
) -> None:
    bundle = repository / "serving_models" / ranker
    chosen = wire.get(tensor_service(bundle, "--precision", "auto").port, "/").json["precision"]
    if chosen == "bf16":
        tensor_service(bundle, "--precision", "bf16")
        return
    assert chosen == "fp32"
    with pytest.raises(SetUpError, match=r"(score|margin) of title"):
        tensor_service(bundle, "--precision", "bf16")


@pytest.mark.parametrize(
    "flags", [[], ["--pad_dynamic"], ["--pad_dynamic", "--batch_tokens", "64"]]
)
def test_a_score_does_not_depend_on_its_companions(
    tensor_service: StartTensorService, repository: Path, flags: list[str]
) -> None:
    bundle = Bundle.open(repository / "serving_models" / "cross_encoder")
    pairs = read_golden(bundle.root / "golden.jsonl")
    rows = bundle.encoder().encode_pairs([(pair.query, pair.title) for pair in pairs])
    service = tensor_service(bundle.server_dir, *flags)
    together = wire.scores(service.port, bundle, rows)
    alone = np.concatenate([wire.scores(service.port, bundle, [row]) for row in rows])
    assert np.abs(together - alone).max() <= FP32_TOLERANCE.score
    recorded = np.array([pair.score for pair in pairs])
    assert np.abs(together - recorded).max() <= FP32_TOLERANCE.score
