# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Has graded lists scored by both stages of a cascade, and takes the time that each needs.

BM25 is computed here, rankers by the running service, one call after the other.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx
import numpy as np
from numpy.typing import NDArray

from contract.bm25 import list_scores
from contract.rankers import BM25
from experiments.lists.graded_lists import GradedList
from experiments.traffic.ranking_calls import CallFailed

FloatArray = NDArray[np.float64]
# of all paths the one whose answer can have logits
_PATH, _OK = "/v1/rerank", 200
# the first calls of a service find cold caches
_WARM_UP = 2


@dataclass(frozen=True)
class StageScores:
    """What one stage said of one list.

    Attributes:
        values: one per document: logits, scores of a graph without, or BM25.
        ranking_s: seconds that grow with the documents: tokenizing, waiting, computing.
        call_s: of the whole call; the same for BM25, which is not called.
        bundle: version that scored; empty for BM25.
    """

    values: FloatArray
    ranking_s: float
    call_s: float
    bundle: str = ""


@dataclass(frozen=True)
class TwoStages:
    """One list, scored by both.

    Attributes:
        grades: of the documents.
        cheap: of the first stage.
        dear: of the second.
    """

    grades: tuple[int, ...]
    cheap: StageScores
    dear: StageScores


async def score_lists(
    client: httpx.AsyncClient, lists: Sequence[GradedList], cheap: str, dear: str
) -> list[TwoStages]:
    """Score every list by both stages.

    Args:
        client: of the service.
        lists: to score.
        cheap: ``bm25`` or a ranker.
        dear: a ranker.

    Raises:
        CallFailed: the service has no answer, or one of another kind.
    """
    for graded in lists[:_WARM_UP]:
        await _by(client, cheap, graded)
        await _by(client, dear, graded)
    return [
        TwoStages(graded.grades, await _by(client, cheap, graded), await _by(client, dear, graded))
        for graded in lists
    ]


async def _by(client: httpx.AsyncClient, ranker: str, graded: GradedList) -> StageScores:
    start = time.perf_counter()
    if ranker == BM25:
        values = list_scores(graded.query, graded.documents).scores
        seconds = time.perf_counter() - start
        return StageScores(values, seconds, seconds)
    body = {
        "query": graded.query,
        "documents": graded.documents,
        "model": ranker,
        "raw_scores": True,
    }
    try:
        response = await client.post(_PATH, json=body)
    except httpx.HTTPError as error:
        message = f"no answer ({error}); is the service's http_port here?"
        raise CallFailed(type(error).__name__, message) from error
    seconds = time.perf_counter() - start
    return _read(response, len(graded.documents), seconds)


def _read(response: httpx.Response, documents: int, seconds: float) -> StageScores:
    """The logits of an answer, in the order of the request."""
    kind = f"HTTP {response.status_code}"
    try:
        answer = response.json()
        if response.status_code != _OK:
            raise CallFailed(kind, str(answer["message"]))
        values = np.full(documents, np.nan)
        for result in answer["results"]:
            values[result["index"]] = result["relevance_score"]
        ranking_s = sum(answer["timings_ms"].values()) / 1000.0
        bundle = str(answer["bundle"])
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        message = f"not this service's JSON ({response.content[:60]!r})"
        raise CallFailed(kind, message) from error
    if not np.isfinite(values).all():
        raise CallFailed(kind, f"no score for some of {documents} documents")
    return StageScores(values, ranking_s, seconds, bundle)
