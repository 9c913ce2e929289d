# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The answer to a ranking request, and its codec on the Paddle Serving wire.

It is written as string keys and string values, as RPC and the gateway's HTTP body have them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from contract.cuts import documents_cut
from contract.rankers import RANKERS
from contract.wire.request import BOTH
from contract.wire.stages import Staged, StageRun


@dataclass(frozen=True)
class Ranking:
    """One ranker's answer.

    Attributes:
        ranker: ``pairwise``, ``cross_encoder`` or ``cascade``.
        bundle: version of the bundle that scored, or of the cascade.
        scores: one per pair, in input order, in [0, 1]; of a cascade, by the last stage that
            scored the pair.
        order: indices from best to worst, cut to ``top_n``.
        logits: one per pair, in input order: what the score is made of. Empty when the
            bundle's graph returns scores alone.
        staged: of a cascade, which stage scored what.
    """

    ranker: str
    bundle: str
    scores: tuple[float, ...]
    order: tuple[int, ...]
    logits: tuple[float, ...] = ()
    staged: Optional[Staged] = None

    @property
    def ordered_by(self) -> tuple[float, ...]:
        """The logits, which differ where all scores are 1.0; without logits the scores.

        Of a cascade neither compares: the places, so that the first has the highest value.
        """
        if self.staged is not None:
            return tuple(-float(place) for place in self.staged.places)
        return self.logits or self.scores

    @property
    def falling_scores(self) -> tuple[float, ...]:
        """The scores; of a cascade such as fall in its order, for callers that sort by them."""
        return self.scores if self.staged is None else self.staged.falling(self.scores)

    @property
    def falling_logits(self) -> tuple[float, ...]:
        """The same of logits."""
        if self.staged is None or not self.logits:
            return self.logits
        return self.staged.falling_logits(self.logits)


@dataclass(frozen=True)
class Draft:
    """The orders of two rankers, interleaved.

    Attributes:
        order: indices of all documents, from best to worst.
        teams: for each, the variant that picked it.
        pickers: for each, the number of the ranking that picked it.
    """

    order: tuple[int, ...]
    teams: tuple[str, ...]
    pickers: tuple[int, ...]


@dataclass(frozen=True)
class RankResponse:
    """The answer to a request.

    Attributes:
        rankings: one, or two when the request asked for ``both`` or they are interleaved; the
            default ranker's first.
        documents: texts in input order when asked for, else ``None``.
        request_id: the request's, or one that the service gave it.
        tokens: tokens scored, special tokens included, over all rankings.
        truncated: indices of pairs whose title was cut.
        lost: how many of those have no token of their title left.
        query_cut: whether a query was cut.
        divisible: whether ``max_chunks_per_doc`` may still be raised for what was cut of titles.
        timings_ms: where the time went: ``tokenize``, ``queue``, ``compute``.
        experiment: that the request's unit takes part in, or empty.
        variant: that it was assigned, or empty.
        top_n: how many results to show; ``None`` shows all.
        draft: when the rankings are interleaved, what is shown.
        doubts: what else its caller should know of it, a sentence each.
    """

    rankings: tuple[Ranking, ...]
    documents: Optional[tuple[str, ...]] = None
    request_id: str = ""
    tokens: int = 0
    truncated: tuple[int, ...] = ()
    lost: int = 0
    query_cut: bool = False
    divisible: bool = True
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    experiment: str = ""
    variant: str = ""
    top_n: Optional[int] = None
    draft: Optional[Draft] = None
    doubts: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """All that makes the answer doubtful, a sentence each; every edge writes it."""
        count = len(self.truncated) - self.lost
        advice = "; max_chunks_per_doc divides instead" if self.divisible else ""
        cut = (f"{documents_cut(count)}{advice}",) if count else ()
        return (*cut, *self.doubts, *self._several_stages())

    @property
    def stages(self) -> tuple[StageRun, ...]:
        """What each stage of a cascade did, whichever of the rankings is its; else empty."""
        staged = (ranking.staged for ranking in self.rankings if ranking.staged is not None)
        return next((one.runs for one in staged), ())

    def _several_stages(self) -> tuple[str, ...]:
        """Says so when scores of more than one stage of a cascade are shown."""
        shown: Counter[tuple[int, str]] = Counter()
        for index, picker in self._shown():
            staged = self.rankings[picker].staged
            if staged is not None:
                number = staged.stage_of[index]
                shown[number, staged.runs[number].ranker] += 1
        if len(shown) < 2:
            return ()
        parts = [f"{shown[stage]} of {stage[1]}" for stage in sorted(shown, reverse=True)]
        return (
            f"scores of two stages do not compare: {', '.join(parts)}; keep the order, or ask "
            "for a smaller top_n",
        )

    def to_wire(self) -> dict[str, str]:
        """String keys and values; ``predict`` comes first, as existing clients read ``value[0]``.

        ``predict`` holds the scores in input order, nested one by one for the pair-wise ranker
        and flat for the cross-encoder, as upstream's two services shape them. Of interleaved
        rankings, whose scores do not compare, it holds ``1 - place / documents``: who sorts by
        it sees what was drafted. Of a cascade it holds :attr:`Ranking.falling_scores`.
        """
        first = self.rankings[0]
        nested = first.ranker == RANKERS[0]
        scores = self._drafted_scores(self.draft) if self.draft else first.falling_scores
        wire = {
            "predict": json.dumps([[s] for s in scores] if nested else list(scores)),
            "results": self._dump(self.results()),
            "ranker": first.ranker if len(self.rankings) == 1 else BOTH,
            "bundle": first.bundle,
            "request_id": self.request_id,
            "experiment": self.experiment,
            "variant": self.variant,
            "usage": self._dump({"tokens": self.tokens, "truncated": list(self.truncated)}),
            "timings_ms": self._dump({k: round(v, 3) for k, v in self.timings_ms.items()}),
        }
        if len(self.rankings) > 1:
            wire["rankings"] = self._dump(self._all_rankings())
        if self.stages:
            wire["stages"] = self._dump([run.to_wire() for run in self.stages])
        if self.warnings:
            wire["warnings"] = self._dump(list(self.warnings))
        return wire

    def _all_rankings(self) -> dict[str, Any]:
        """By ranker; two bundles of one ranker are told apart by their versions."""
        alike = len({ranking.ranker for ranking in self.rankings}) < len(self.rankings)
        return {
            f"{ranking.ranker}@{ranking.bundle}" if alike else ranking.ranker: {
                "bundle": ranking.bundle,
                "scores": list(ranking.scores),
                **({"logits": list(ranking.logits)} if ranking.logits else {}),
                "order": list(ranking.order),
                **({"stage_of": list(ranking.staged.stage_of)} if ranking.staged else {}),
            }
            for ranking in self.rankings
        }

    @staticmethod
    def _drafted_scores(draft: Draft) -> list[float]:
        place_of = {document: place for place, document in enumerate(draft.order)}
        return [1.0 - place_of[i] / len(place_of) for i in range(len(place_of))]

    def results(self) -> list[dict[str, Any]]:
        """What is shown, best first: index, score, and the document's text, team and stage if any.

        A score is that of the stage, and compares with others of this stage only.
        """
        results: list[dict[str, Any]] = []
        for place, (index, picker) in enumerate(self._shown()):
            ranking = self.rankings[picker]
            result: dict[str, Any] = {"index": index, "score": ranking.scores[index]}
            if ranking.staged is not None:
                result.update(ranking.staged.of(index))
            if self.draft:
                result["team"] = self.draft.teams[place]
            if self.documents is not None:
                result["document"] = self.documents[index]
            results.append(result)
        return results

    def _shown(self) -> list[tuple[int, int]]:
        """What is shown, best first: index, and the number of the ranking that has its score."""
        if self.draft is None:
            return [(index, 0) for index in self.rankings[0].order]
        return list(zip(self.draft.order, self.draft.pickers))[: self.top_n]

    @staticmethod
    def _dump(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False)
