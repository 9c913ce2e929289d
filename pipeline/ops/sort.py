# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The sort op: the logits of every ranker in, the response out. Last op of the DAG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

from contract.request import Ranking, RankResponse
from contract.scoring import ScoreFunction, rank_order
from pipeline.engines import Logits
from pipeline.ops.messages import RankerLogits


@dataclass(frozen=True)
class Scoring:
    """What a bundle says of its logits: the function that scores them, and its version."""

    function: ScoreFunction
    version: str


class Sort:
    """Scores, orders and cuts, and assembles the response."""

    def __init__(self, scorings: Mapping[str, Scoring]) -> None:
        """Bind each ranker's scoring."""
        self._scorings = scorings

    def __call__(self, messages: Sequence[RankerLogits]) -> RankResponse:
        """Build the response.

        Args:
            messages: one from each ranker op.
        """
        some = messages[0]
        request, rankers = some.call.request, some.call.rankers
        logits = {m.ranker: m.logits for m in messages if m.logits is not None}
        documents = tuple(title for _, title in request.pairs) if request.return_documents else None
        return RankResponse(
            tuple(self._rank(ranker, logits[ranker], request.top_n) for ranker in rankers),
            documents=documents,
            request_id=request.request_id,
            tokens=some.tokens,
            truncated=some.truncated,
            timings_ms={
                "tokenize": some.tokenize_ms,
                "queue": max(message.queue_ms for message in messages),
                "compute": max(message.compute_ms for message in messages),
            },
        )

    def _rank(self, ranker: str, logits: Logits, top_n: Optional[int]) -> Ranking:
        scoring = self._scorings[ranker]
        scores = [float(score) for score in scoring.function(logits)]
        return Ranking(ranker, scoring.version, tuple(scores), tuple(rank_order(scores, top_n)))
