# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The sort op, last of the DAG: orders by logit, gives scores, and makes the response."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Optional, Union

import numpy as np

from contract.cuts import cuts_of, doubts_of
from contract.errors import RankingError
from contract.experiments.interleaving import team_draft
from contract.scoring import FloatArray, ScoreFunction, rank_order
from contract.wire.request import MAX_CHUNKS, RankRequest
from contract.wire.response import Draft, Ranking, RankResponse
from pipeline.batching.job import Scored
from pipeline.dag.messages import Encoded, RankerLogits, check_tokens
from pipeline.request.outcome import Outcome
from pipeline.request.route import Route, Target
from pipeline.request.spans import Span, Spans
from pipeline.request.trace import Trace


class Sort:
    """Scores, orders, interleaves and cuts, and assembles the response."""

    def __init__(
        self, scorings: Mapping[Target, ScoreFunction], max_tokens: Optional[int] = None
    ) -> None:
        """Bind each target's score function.

        Args:
            scorings: of each target.
            max_tokens: of one request, over all its targets; ``None``: as many as there are.
        """
        self._scorings = scorings
        self._max_tokens = max_tokens

    def __call__(self, messages: Sequence[RankerLogits]) -> Outcome:
        """Build the response, or tell which error there is instead.

        Args:
            messages: one from each ranker op.

        Raises:
            RequestTooLarge: rows that remote engines made are too many together.
        """
        start = time.monotonic()
        encoded = messages[0].encoded
        scored: dict[Target, Scored] = {}
        margins: dict[Target, FloatArray] = {}
        errors: list[RankingError] = []
        for message in messages:
            for target, got in message.scored.items():
                try:
                    if isinstance(got, RankingError):
                        raise got
                    margins[target] = self._scorings[target].margins(got.logits)
                    scored[target] = got
                except RankingError as error:
                    errors.append(error)
        encoded = _completed(encoded, scored, self._max_tokens)
        route = encoded.route
        result: Union[RankResponse, RankingError]
        # of two orders that were to be interleaved, one alone is an answer too
        if errors and not (route.teams and scored):
            result = errors[0]
        else:
            result = self._response(encoded, scored, margins)
        trace = encoded.call.trace
        return Outcome(result, route, _spans(messages, trace, start) if trace else ())

    def _response(
        self,
        encoded: Encoded,
        scored: Mapping[Target, Scored],
        margins: Mapping[Target, FloatArray],
    ) -> RankResponse:
        route, request = encoded.route, encoded.call.request
        targets = [target for target in route.targets if target in scored]
        draft_all = len(targets) == len(route.teams) > 1
        top_n = None if draft_all else request.top_n
        rankings = [
            self._rank(target, margins[target], encoded.rows[target].owners, top_n)
            for target in targets
        ]
        documents = tuple(title for _, title in request.pairs) if request.return_documents else None
        all_cuts = [cuts_of(rows.rows, rows.owners) for rows in encoded.rows.values()]
        return RankResponse(
            tuple(rankings),
            documents=documents,
            request_id=request.request_id,
            tokens=encoded.tokens,
            truncated=_truncated(encoded),
            lost=max(cuts.lost for cuts in all_cuts),
            divisible=request.max_chunks_per_doc < MAX_CHUNKS,
            query_cut=any(cuts.queries for cuts in all_cuts),
            timings_ms={
                "tokenize": encoded.tokenize_ms,
                "queue": max(result.queue_ms for result in scored.values()),
                "compute": max(result.compute_ms for result in scored.values()),
            },
            experiment=route.experiment,
            variant=route.variant,
            top_n=request.top_n,
            draft=draft_of(rankings, route, request.request_id) if draft_all else None,
            doubts=(
                *dict.fromkeys(doubt for cuts in all_cuts for doubt in doubts_of(cuts)),
                *_doubts(rankings, encoded),
            ),
        )

    def _rank(
        self,
        target: Target,
        margins: FloatArray,
        owners: Optional[Sequence[int]],
        top_n: Optional[int],
    ) -> Ranking:
        scoring = self._scorings[target]
        if owners is not None:
            # a title has the score of the best of its chunks, which stand together
            margins = np.maximum.reduceat(margins, np.unique(owners, return_index=True)[1])
        scores = tuple(scoring.of_margins(margins).tolist())
        logits = tuple(margins.tolist()) if scoring.has_logits else ()
        order = tuple(rank_order(logits or scores, top_n))
        return Ranking(target.ranker, target.bundle, scores, order, logits)


def _completed(
    encoded: Encoded, scored: Mapping[Target, Scored], max_tokens: Optional[int]
) -> Encoded:
    """With the rows that remote engines made of the texts."""
    made = {target: got.rows for target, got in scored.items() if got.rows is not None}
    if not made:
        return encoded
    lengths = (len(row.input_ids) for of_one in made.values() for row in of_one.rows)
    tokens = encoded.tokens + sum(lengths)
    if max_tokens is not None:
        check_tokens(tokens, max_tokens)
    known = {**encoded.rows, **made}
    return replace(
        encoded,
        rows={target: known[target] for target in encoded.route.targets if target in known},
        tokens=tokens,
        tokenize_ms=encoded.tokenize_ms + max(scored[target].tokenize_ms for target in made),
    )


def _truncated(encoded: Encoded) -> tuple[int, ...]:
    """Indices of pairs that were cut for any target."""
    return tuple(sorted({i for rows in encoded.rows.values() for i in rows.truncated}))


def _doubts(rankings: Sequence[Ranking], encoded: Encoded) -> tuple[str, ...]:
    """What is doubtful about scores that tell no documents apart; a cascade says its own."""
    if encoded.route.is_stage:
        return ()
    alike = [ranking for ranking in rankings if len(set(ranking.scores)) == 1]
    if not alike or not _several_texts(encoded):
        return ()
    return tuple(_alike(ranking, len(rankings) > 1) for ranking in alike)


def _several_texts(encoded: Encoded) -> bool:
    request = encoded.call.request
    if request.tokens is None:
        return len(set(request.pairs)) > 1
    rows = next(iter(encoded.rows.values())).rows
    return len({row.input_ids.tobytes() for row in rows}) > 1


def _alike(ranking: Ranking, named: bool) -> str:
    who = f" of {ranking.ranker}" if named else ""
    what = f"all {len(ranking.scores)} documents have the same score{who}, {ranking.scores[0]:.6g}"
    if min(ranking.ordered_by) == max(ranking.ordered_by):
        return f"{what}; they stand in the order of the request"
    return f"{what}; their order is that of the logits, which raw_scores of POST /rerank gives"


def _spans(messages: Sequence[RankerLogits], trace: Trace, start: float) -> Spans:
    """All that the messages have, and this op's own."""
    scored = (span for message in messages for span in message.spans)
    own = Span("sort", trace.child(), start, time.monotonic())
    return (*messages[0].encoded.spans, *scored, own)


def interleaved(
    answers: Sequence[RankResponse], route: Route, request: RankRequest
) -> RankResponse:
    """One answer of two that were made one after the other, each with all documents.

    Args:
        answers: in the order of the route's targets.
        route: of the request.
        request: that both answer.
    """
    rankings = tuple(answer.rankings[0] for answer in answers)
    times = [answer.timings_ms for answer in answers]
    return replace(
        answers[0],
        rankings=rankings,
        tokens=sum(answer.tokens for answer in answers),
        truncated=tuple(sorted({i for answer in answers for i in answer.truncated})),
        lost=max(answer.lost for answer in answers),
        query_cut=any(answer.query_cut for answer in answers),
        timings_ms={name: sum(one[name] for one in times) for name in times[0]},
        experiment=route.experiment,
        variant=route.variant,
        top_n=request.top_n,
        draft=draft_of(rankings, route, request.request_id),
        doubts=tuple(dict.fromkeys(doubt for answer in answers for doubt in answer.doubts)),
    )


def draft_of(rankings: Sequence[Ranking], route: Route, seed: str) -> Draft:
    """Interleave whole orders, so that scores derived from it cover every document."""
    orders = [ranking.order for ranking in rankings]
    order, pickers = team_draft(orders, f"{route.experiment}/{seed}", len(orders[0]))
    return Draft(tuple(order), tuple(route.teams[p] for p in pickers), tuple(pickers))
