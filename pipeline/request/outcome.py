# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The result of one call (``Outcome``), and the protocol of what ranks (``Graph``)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional, Protocol, Union

from contract.errors import RankingError
from contract.wire.response import RankResponse
from pipeline.request.call import Call
from pipeline.request.route import Route
from pipeline.request.spans import Spans


@dataclass(frozen=True)
class Outcome:
    """The answer, or why there is none.

    Attributes:
        result: either.
        route: who was to answer; ``None`` when it failed before that was decided.
        spans: of a traced call.
        key: names that Paddle's DAG adds to the answer (its timeline).
        value: their values.
    """

    result: Union[RankResponse, RankingError]
    route: Optional[Route] = None
    spans: Spans = ()
    key: list[str] = field(default_factory=list)
    value: list[str] = field(default_factory=list)


class Graph(Protocol):
    """What ranks: the DAG of ops, as those see it that only ask it."""

    def call(self, call: Call) -> Outcome:
        """Rank one request; blocks its thread, and never raises."""

    def dead(self) -> list[str]:
        """Names of its threads and processes that have ended."""

    def stopped(self) -> list[str]:
        """Names of its processes that somebody has stopped, and that may go on."""
