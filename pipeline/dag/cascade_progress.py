# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What the stages of a cascade have said of one request so far, and the answer it makes.

Documents that a later stage scored stand before all that it did not; each part is in the order of
its own stage, and documents that a stage scores alike keep the order of the stage before.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from contract.bm25 import list_scores
from contract.errors import RankingError
from contract.rankers import BM25
from contract.scoring import FloatArray, rank_order, share_holders
from contract.wire.request import MAX_CHUNKS, RankRequest
from contract.wire.response import Ranking, RankResponse
from contract.wire.stages import Staged, StageRun
from pipeline.request.route import Target
from pipeline.routing.stages import Stage

# a float64's sigmoid is 1.0 from here on
_MOST_LOGIT = 36.0


class Bm25Scored(NamedTuple):
    """BM25 of one request.

    Attributes:
        values: one per pair: what orders them.
        scores: one per pair, in [0, 1): the value's share of what no document could reach.
        ms: it took.
    """

    values: FloatArray
    scores: FloatArray
    ms: float


def bm25_scored(request: RankRequest) -> Bm25Scored:
    """Score the pairs by BM25; the documents of each query are a list of their own."""
    start = time.monotonic()
    of_query: dict[str, list[int]] = {}
    for number, (query, _) in enumerate(request.pairs):
        of_query.setdefault(query, []).append(number)
    values, scores = np.zeros(len(request.pairs)), np.zeros(len(request.pairs))
    for query, numbers in of_query.items():
        found = list_scores(query, [request.pairs[number][1] for number in numbers])
        values[numbers] = found.scores
        scores[numbers] = found.scores / found.most if found.most else 0.0
    return Bm25Scored(values, scores, (time.monotonic() - start) * 1000.0)


class Progress:
    """Of one request in one thread.

    Attributes:
        order: indices of all documents, best first by what is known so far.
    """

    def __init__(self, request: RankRequest) -> None:
        """Nothing is known but the order of the request."""
        count = len(request.pairs)
        self.order: list[int] = list(range(count))
        self._request = request
        self._runs: list[StageRun] = []
        self._answers: list[RankResponse] = []
        self._stage_of = [0] * count
        self._scores = [0.0] * count
        self._logits = [0.0] * count
        self._has_logits = True
        self._truncated: set[int] = set()
        self._bm25_ms = 0.0
        self._doubts: list[str] = []

    @property
    def last_logits(self) -> FloatArray:
        """Of the documents that the last stage scored, best first."""
        run = self._runs[-1]
        return np.array([self._logits[i] for i in self.order[: run.documents]])

    def bm25(self, found: Bm25Scored) -> None:
        """BM25 has scored all documents."""
        self._bm25_ms = found.ms
        self._runs.append(StageRun(BM25, "", len(self.order)))
        self._take(self.order, found.scores.tolist(), found.values.tolist())

    def scored(self, stage: Stage, documents: Sequence[int], answer: RankResponse) -> None:
        """A ranker has scored some documents.

        Args:
            stage: of the ranker.
            documents: their indices, in the order in which they were handed over.
            answer: about these alone.
        """
        ranking = answer.rankings[0]
        self._runs.append(StageRun(stage.ranker, stage.bundle, len(documents)))
        self._answers.append(answer)
        self._truncated.update(documents[i] for i in answer.truncated)
        self._has_logits = self._has_logits and bool(ranking.logits)
        self._doubts += answer.doubts
        self._take(documents, ranking.scores, ranking.logits or _log_odds(ranking.scores))

    def dropped(self, stage: Stage, error: RankingError) -> None:
        """A stage did not come to an end."""
        self._runs.append(StageRun(stage.ranker, stage.bundle, 0, error.code))

    def _take(
        self, documents: Sequence[int], scores: Sequence[float], logits: Sequence[float]
    ) -> None:
        number = len(self._runs) - 1
        for index, score, logit in zip(documents, scores, logits):
            self._stage_of[index] = number
            self._scores[index] = score
            self._logits[index] = logit
        ordered = [documents[place] for place in rank_order(logits)]
        self.order = [*ordered, *self.order[len(documents) :]]

    def response(self, target: Target) -> RankResponse:
        """The answer: all documents in one order, each with the score of its last stage."""
        request = self._request
        places = [0] * len(self.order)
        for place, index in enumerate(self.order):
            places[index] = place
        staged = Staged(tuple(self._runs), tuple(self._stage_of), tuple(places))
        shown = tuple(self.order[: request.top_n])
        ranking = Ranking(
            target.ranker,
            target.bundle,
            tuple(self._scores),
            shown,
            tuple(self._logits) if self._has_logits else (),
            staged,
        )
        texts = tuple(title for _, title in request.pairs) if request.return_documents else None
        return RankResponse(
            (ranking,),
            documents=texts,
            request_id=request.request_id,
            tokens=sum(answer.tokens for answer in self._answers),
            truncated=tuple(sorted(self._truncated)),
            lost=max((answer.lost for answer in self._answers), default=0),
            query_cut=any(answer.query_cut for answer in self._answers),
            divisible=request.max_chunks_per_doc < MAX_CHUNKS,
            timings_ms=self._times(),
            top_n=request.top_n,
            doubts=tuple(dict.fromkeys((*self._doubts, *self._own_doubts(staged, shown)))),
        )

    def _times(self) -> Mapping[str, float]:
        """Summed over the stages, which follow each other; BM25 computes too."""
        times = {"tokenize": 0.0, "queue": 0.0, "compute": self._bm25_ms}
        for answer in self._answers:
            for name, ms in answer.timings_ms.items():
                times[name] = times.get(name, 0.0) + ms
        return times

    def _own_doubts(self, staged: Staged, shown: Sequence[int]) -> list[str]:
        said = []
        dropped = [run for run in staged.runs if run.dropped]
        scored = [run for run in staged.runs if not run.dropped]
        if dropped:
            said.append(
                f"{' and '.join(run.ranker for run in dropped)} did not score "
                f"({dropped[0].dropped}): the order is that of {scored[-1].ranker}, a cheaper stage"
            )
        stages = sorted({staged.stage_of[index] for index in shown}, reverse=True)
        if len(stages) > 1:
            counts = Counter(staged.stage_of[index] for index in shown)
            parts = [f"{counts[number]} of {staged.runs[number].ranker}" for number in stages]
            said.append(
                f"scores of two stages do not compare: {', '.join(parts)}; keep the order, or ask "
                "for a smaller top_n"
            )
        alike = self._alike(scored[-1])
        return [*said, alike] if alike else said

    def _alike(self, run: StageRun) -> str:
        """What is doubtful about a last stage that tells no documents apart."""
        last = self.order[: run.documents]
        scores = {self._scores[index] for index in last}
        if len(scores) > 1 or len({self._request.pairs[index] for index in last}) < 2:
            return ""
        what = (
            f"all {len(last)} documents that {run.ranker} scored have the same score, "
            f"{scores.pop():.6g}"
        )
        if len({self._logits[index] for index in last}) > 1:
            return f"{what}; their order is that of the logits"
        before = "of the request" if len(self._runs) == 1 else "of the stage before"
        return f"{what}; they stand in the order {before}"


def kept(stage: Stage, progress: Progress) -> int:
    """How many documents the next stage scores.

    With a share as few as hold it of the softmax of the stage's logits.
    """
    logits = progress.last_logits
    most = len(logits) if stage.keep is None else min(stage.keep, len(logits))
    if stage.share is None:
        return most
    return min(most, max(share_holders(logits, stage.share), stage.at_least))


def _log_odds(scores: Sequence[float]) -> list[float]:
    """What stands for the logits of a graph that returns scores alone."""
    with np.errstate(divide="ignore"):
        p = np.asarray(scores, dtype=np.float64)
        odds = np.log(p) - np.log1p(-p)
    return [float(one) for one in np.clip(odds, -_MOST_LOGIT, _MOST_LOGIT)]
