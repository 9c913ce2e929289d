# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The span of a batch, when a traced request has rows in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from contract.errors import RankingError
from pipeline.batching.job import WantedRow
from pipeline.request.spans import Attribute, BatchTrace, JobTrace


def begin_batch(batch: Sequence[WantedRow]) -> Optional[BatchTrace]:
    """The batch's trace; ``None`` when none of its requests is traced."""
    traced: dict[int, JobTrace] = {}
    for work in batch:
        for job, _ in work.takers:
            if job.traced is not None:
                traced[id(job)] = job.traced
    return BatchTrace(list(traced.values())) if traced else None


def end_batch(
    traced: BatchTrace,
    batch: Sequence[WantedRow],
    padded: int,
    start: float,
    error: Optional[RankingError] = None,
) -> None:
    """The batch is computed, or has failed; ``padded`` tokens, 0 when that is not known."""
    about: dict[str, Attribute] = {
        "rows": len(batch),
        "tokens": sum(work.length for work in batch),
    }
    if padded:
        about["padded_tokens"] = padded
    traced.end(start, about, error.code if error else "")
