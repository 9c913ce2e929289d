# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What travels between the ops of the DAG, one dataclass per edge. No op changes what it gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from contract.encoding import Row
from contract.request import RankRequest
from pipeline.engines import Logits


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
        rankers: who shall score it, the default ranker first.
        deadline: when its caller stops waiting, on time.monotonic's clock; ``None``: never.
    """

    request: RankRequest
    rankers: tuple[str, ...]
    deadline: Optional[float] = None


@dataclass(frozen=True)
class Encoded(_Shared):
    """From tokenize to the ranker ops.

    Attributes:
        call: the request.
        rows: one row per pair, for each of the call's rankers.
        tokenize_ms: time taken.
    """

    call: Call
    rows: Mapping[str, tuple[Row, ...]]
    tokenize_ms: float

    @property
    def tokens(self) -> int:
        """Tokens to score, over all rankers."""
        return sum(len(row.input_ids) for rows in self.rows.values() for row in rows)

    @property
    def truncated(self) -> tuple[int, ...]:
        """Indices of pairs that were cut for any ranker."""
        cut = {i for rows in self.rows.values() for i, row in enumerate(rows) if row.truncated}
        return tuple(sorted(cut))


@dataclass(frozen=True)
class RankerLogits(_Shared):
    """From a ranker op to sort; without logits when the call does not ask for this ranker."""

    ranker: str
    call: Call
    tokens: int
    truncated: tuple[int, ...]
    tokenize_ms: float
    logits: Optional[Logits] = None
    queue_ms: float = 0.0
    compute_ms: float = 0.0
