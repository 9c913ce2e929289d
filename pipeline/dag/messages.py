# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What travels between the ops of the DAG, one dataclass per edge. No op changes what it gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional, Union

from contract.encoding import Rows
from contract.errors import RankingError
from contract.request import RankRequest
from contract.response import RankResponse
from pipeline.batching.job import Scored
from pipeline.request.cancel import Cancel
from pipeline.request.route import Route, Target
from pipeline.request.spans import Spans
from pipeline.request.trace import Trace


class _Shared:
    """A message that several ops read.

    Paddle's thread channel deep-copies a message for every op but the last that takes it; nothing
    here is ever changed, so a copy would only cost time.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> _Shared:
        return self


@dataclass(frozen=True)
class Call(_Shared):
    """A validated request on its way to tokenize.

    Attributes:
        request: as validated at the door.
        asked: rankers that its caller names, the default first; empty leaves it to the router.
        deadline: when its caller stops waiting, on time.monotonic's clock; ``None``: never.
        route: decided already, for a second try or a shadow; else tokenize asks the router.
        experiment: the only one that may take the request; empty: any.
        cancel: tells when the caller has gone.
        trace: the span of the request; ``None``: it is not traced.
    """

    request: RankRequest
    asked: tuple[str, ...] = ()
    deadline: Optional[float] = None
    route: Optional[Route] = None
    experiment: str = ""
    cancel: Optional[Cancel] = None
    trace: Optional[Trace] = None


@dataclass(frozen=True)
class Encoded(_Shared):
    """From tokenize to the ranker ops.

    Attributes:
        call: the request.
        route: who scores it.
        rows: of the pairs, for each of the route's targets.
        tokenize_ms: time taken.
        spans: of a traced call; messages after this one add theirs.
    """

    call: Call
    route: Route
    rows: Mapping[Target, Rows]
    tokenize_ms: float
    spans: Spans = ()

    @property
    def tokens(self) -> int:
        """Tokens to score, over all targets."""
        return sum(len(row.input_ids) for rows in self.rows.values() for row in rows.rows)

    @property
    def truncated(self) -> tuple[int, ...]:
        """Indices of pairs that were cut for any target."""
        return tuple(sorted({i for rows in self.rows.values() for i in rows.truncated}))


@dataclass(frozen=True)
class RankerLogits(_Shared):
    """From a ranker op to sort.

    Attributes:
        encoded: what it was asked.
        scored: logits, or why there are none, of each target that is a bundle of this ranker.
        spans: of the rows' way through the scheduler.
    """

    encoded: Encoded
    scored: Mapping[Target, Union[Scored, RankingError]] = field(default_factory=dict)
    spans: Spans = ()


@dataclass(frozen=True)
class Sorted(_Shared):
    """From sort to the way out: the answer or why there is none, who was to give it, all spans."""

    result: Union[RankResponse, RankingError]
    route: Route
    spans: Spans = ()
