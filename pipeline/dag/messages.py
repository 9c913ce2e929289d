# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What travels between the ops of the DAG. No op changes what it gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Union

from contract.encoding import Rows
from contract.errors import RankingError, RequestTooLarge
from pipeline.batching.job import Scored
from pipeline.dag.paddle_op import Message
from pipeline.request.call import Call
from pipeline.request.route import Route, Target
from pipeline.request.spans import Spans


@dataclass(frozen=True)
class Encoded(Message):
    """From tokenize to the ranker ops.

    Attributes:
        call: the request.
        route: who scores it.
        rows: of the pairs, for each of the route's targets but those whose engine takes texts.
        tokenize_ms: time taken.
        tokens: to score, over all targets that have rows.
        spans: of a traced call; messages after this one add theirs.
    """

    call: Call
    route: Route
    rows: Mapping[Target, Rows]
    tokenize_ms: float
    tokens: int
    spans: Spans = ()


@dataclass(frozen=True)
class RankerLogits(Message):
    """From a ranker op to sort.

    Attributes:
        encoded: what it was asked.
        scored: logits, or why there are none, of each target that is a bundle of this ranker.
        spans: of the rows' way through the scheduler.
    """

    encoded: Encoded
    scored: Mapping[Target, Union[Scored, RankingError]] = field(default_factory=dict)
    spans: Spans = ()


def check_tokens(tokens: int, most: int) -> None:
    """See that a request has no more tokens than it may, over all its targets.

    Raises:
        RequestTooLarge: it has.
    """
    if tokens > most:
        raise RequestTooLarge(
            f"{tokens} tokens, at most {most} allowed; send fewer or shorter ones",
            field="documents",
        )
