# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""BM25 as the first stage of a cascade: computed here, within the caller's time, over what is read.

Of a long document it reads no more than the rankers after it can, so that it stays the cheap stage.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np

from contract.bm25 import list_scores, prepare_list_scores
from contract.errors import CallerGone, DeadlineExceeded
from contract.rankers import BM25
from contract.scoring import FloatArray
from contract.wire.request import RankRequest
from pipeline.request.call import Arrival, Call

# a Chinese character is a token; a token of Latin words has some four
_CHARACTERS_OF_TOKEN = 4


class Bm25Scored(NamedTuple):
    """BM25 of one request.

    Attributes:
        values: one per pair: what orders the documents of one query.
        scores: one per pair, in [0, 1): the value's share of what no document could reach.
        ms: it took.
    """

    values: FloatArray
    scores: FloatArray
    ms: float


class Bm25Stage:
    """Scores requests; safe between threads."""

    def __init__(self, longest_row: int) -> None:
        """Make ready, so that the first request is as quick as others.

        Args:
            longest_row: most tokens that a row of the rankers takes.
        """
        self._longest_row = longest_row
        prepare_list_scores()

    def __call__(self, call: Call) -> Bm25Scored:
        """Score the pairs; the documents of each query are a list of their own.

        Raises:
            DeadlineExceeded: the caller's time is over.
            CallerGone: nobody waits any more.
        """
        start = time.monotonic()
        pairs, most = call.request.pairs, self._characters(call.request)
        of_query: dict[str, list[int]] = {}
        for number, (query, _) in enumerate(pairs):
            of_query.setdefault(query, []).append(number)
        values, scores = np.zeros(len(pairs)), np.zeros(len(pairs))
        for query, numbers in of_query.items():
            texts = [pairs[number][1][:most] for number in numbers]
            found = list_scores(query, texts, lambda: _check_waiting(call.arrival))
            values[numbers] = found.scores
            scores[numbers] = found.scores / found.most if found.most else 0.0
        _check_waiting(call.arrival)
        return Bm25Scored(values, scores, (time.monotonic() - start) * 1000.0)

    def _characters(self, request: RankRequest) -> int:
        """How many of a document are read."""
        tokens = min(request.max_tokens_per_doc or self._longest_row, self._longest_row)
        return _CHARACTERS_OF_TOKEN * tokens * request.max_chunks_per_doc


def _check_waiting(arrival: Arrival) -> None:
    if arrival.cancel is not None and arrival.cancel.gone:
        raise CallerGone("the caller has closed its connection")
    if arrival.deadline is not None and time.monotonic() >= arrival.deadline:
        raise DeadlineExceeded(f"{BM25} did not answer within the time allowed")
