# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What the stages of a cascade have said of one request so far, and the answer it makes.

Documents that a later stage scored stand before all that it did not; each part is in the order of
its own stage, and documents that a stage scores alike keep the order of the stage before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Optional

from contract.errors import RankingError
from contract.rankers import BM25
from contract.scoring import log_odds, rank_order
from contract.wire.request import MAX_CHUNKS, RankRequest
from contract.wire.response import Ranking, RankResponse
from contract.wire.stages import Staged, StageRun
from pipeline.dag.cascade_bm25 import Bm25Scored
from pipeline.dag.cascade_cut import Cut, cut_of
from pipeline.request.route import Target
from pipeline.routing.stages import Stage


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
        self._cuts: list[str] = []
        self._late = ""

    def cuts(self, before: Optional[Stage]) -> list[Cut]:
        """What the next stage shall score; a second one is for when the first is too much for it.

        Args:
            before: the stage that has scored last; ``None``: there is none, all are scored.
        """
        if before is None:
            return [Cut(tuple(self.order))]
        scored = self.order[: self._runs[-1].documents]
        cut = cut_of(before, scored, self._logits, self._request.pairs)
        if not cut.is_widened:
            return [cut]
        return [cut, cut_of(before, scored, self._logits, self._request.pairs, widen=False)]

    def bm25(self, found: Bm25Scored) -> None:
        """BM25 has scored all documents."""
        self._bm25_ms = found.ms
        self._runs.append(StageRun(BM25, "", len(self.order)))
        # of several queries only the shares compare; of one they fall as the values do
        scores = found.scores.tolist()
        self._take(self.order, scores, found.values.tolist(), scores)

    def scored(self, stage: Stage, cut: Cut, answer: RankResponse) -> None:
        """A ranker has scored some documents.

        Args:
            stage: of the ranker.
            cut: what was handed over.
            answer: about these alone.
        """
        ranking, documents = answer.rankings[0], cut.documents
        self._runs.append(StageRun(stage.ranker, stage.bundle, len(documents)))
        self._answers.append(answer)
        self._truncated.update(documents[i] for i in answer.truncated)
        self._has_logits = self._has_logits and bool(ranking.logits)
        self._cuts += cut.doubts
        logits = ranking.logits or log_odds(ranking.scores).tolist()
        self._take(documents, ranking.scores, logits, logits)

    def dropped(self, stage: Stage, error: RankingError, late: str = "") -> None:
        """A stage did not come to an end.

        Args:
            stage: that was asked, or would have been.
            error: that it was dropped for.
            late: whose time was over, where it was.
        """
        self._late = late
        self._runs.append(StageRun(stage.ranker, stage.bundle, 0, error.code))

    def _take(
        self,
        documents: Sequence[int],
        scores: Sequence[float],
        logits: Sequence[float],
        ordered_by: Sequence[float],
    ) -> None:
        number = len(self._runs) - 1
        for index, score, logit in zip(documents, scores, logits):
            self._stage_of[index] = number
            self._scores[index] = score
            self._logits[index] = logit
        ordered = [documents[place] for place in rank_order(ordered_by)]
        taken = set(documents)
        self.order = [*ordered, *(index for index in self.order if index not in taken)]

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
            doubts=(*self._stage_doubts(), *self._cuts, *self._own_doubts()),
        )

    def _times(self) -> Mapping[str, float]:
        """Summed over the stages, which follow each other; BM25 computes too."""
        times = {"tokenize": 0.0, "queue": 0.0, "compute": self._bm25_ms}
        for answer in self._answers:
            for name, ms in answer.timings_ms.items():
                times[name] = times.get(name, 0.0) + ms
        return times

    def _stage_doubts(self) -> list[str]:
        """What rankers say of their documents; what they do not all say has the stage's name."""
        said: dict[str, list[str]] = {}
        rankings = [answer.rankings[0] for answer in self._answers]
        passes = Counter(ranking.ranker for ranking in rankings)
        for answer, ranking in zip(self._answers, rankings):
            bundle = f" {ranking.bundle}" if passes[ranking.ranker] > 1 else ""
            for doubt in dict.fromkeys(answer.doubts):
                said.setdefault(doubt, []).append(f"{ranking.ranker}{bundle}")
        return [
            doubt if len(rankers) == len(self._answers) else f"{' and '.join(rankers)}: {doubt}"
            for doubt, rankers in said.items()
        ]

    def _own_doubts(self) -> list[str]:
        said = []
        dropped = [run for run in self._runs if run.dropped]
        scored = [run for run in self._runs if not run.dropped]
        if dropped:
            why = dropped[0].dropped + (f": {self._late} was over" if self._late else "")
            said.append(
                f"{' and '.join(run.ranker for run in dropped)} did not score ({why}): the order "
                f"is that of {scored[-1].ranker}, a cheaper stage"
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
