# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What the clients return: ranked documents, their scores, and what can be asked by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional


@dataclass(frozen=True)
class RankedDocument:
    """One document at its place.

    Attributes:
        index: position in the request's documents.
        score: in [0, 1]; larger is more relevant.
        document: its text when the request asked for it, else ``None``.
        team: in an interleaved answer, the variant that put it there; else empty.
        stage: in the answer of a cascade, the ranker that scored it last; else empty. Scores of
            two stages do not compare.
        stage_index: the number of that stage, from 0.
    """

    index: int
    score: float
    document: Optional[str] = None
    team: str = ""
    stage: str = ""
    stage_index: Optional[int] = None


@dataclass(frozen=True)
class RankerScores:
    """What one ranker said, when several were asked.

    Attributes:
        bundle: version of the bundle that scored.
        scores: one per document, in input order.
        order: indices from best to worst, cut to ``top_n``.
    """

    bundle: str
    scores: tuple[float, ...]
    order: tuple[int, ...]


@dataclass(frozen=True)
class RankResult:
    """The answer to one request.

    Attributes:
        results: from best to worst, cut to ``top_n``; of the default ranker for ``both``.
        scores: one per document, in input order; of a cascade such as fall in its order.
        ranker: ``pairwise``, ``cross_encoder``, ``cascade`` or ``both``.
        bundle: version of the bundle that scored, or of the cascade.
        request_id: the request's.
        tokens: tokens scored, special tokens included, over all rankers.
        truncated: indices of documents whose text was cut.
        timings_ms: where the service spent its time.
        rankings: every ranker's scores and order, for ``both``; empty otherwise.
        variant: of an experiment, that the unit was assigned; or, for a client that has several,
            the tag of the one that answered.
        experiment: that the unit takes part in, or empty.
        warnings: what makes the answer doubtful, a sentence each.
    """

    results: tuple[RankedDocument, ...]
    scores: tuple[float, ...]
    ranker: str
    bundle: str
    request_id: str = ""
    tokens: int = 0
    truncated: tuple[int, ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    rankings: Mapping[str, RankerScores] = field(default_factory=dict)
    variant: str = ""
    experiment: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class ServedModel:
    """What can be asked by name.

    Attributes:
        name: goes into ``model``.
        kind: ``model``, one ranker, or ``experiment``.
        bundle: version that scores; empty for an experiment.
        precision: of its graph, or empty.
        max_tokens: of a row, query and special tokens included; 0 for an experiment.
    """

    name: str
    kind: str
    bundle: str = ""
    precision: str = ""
    max_tokens: int = 0
