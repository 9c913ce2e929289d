# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What travels between the ops of the DAG. No op changes what it gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Union

from contract.encoding import Rows
from contract.errors import RankingError
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
        rows: of the pairs, for each of the route's targets.
        tokenize_ms: time taken.
        tokens: to score, over all targets.
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
