# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Scores of several stages fall in the cascade's order, strictly from one stage to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

import numpy as np
import pytest

from contract.wire.response import Draft, Ranking, RankResponse
from contract.wire.stages import Staged, StageRun

RUNS = (StageRun("bm25", "", 6), StageRun("pairwise", "p", 4), StageRun("cross_encoder", "c", 2))
STAGED = Staged(RUNS, (2, 2, 1, 1, 0, 0), (0, 1, 2, 3, 4, 5))


@pytest.mark.parametrize(
    "scores",
    [
        (0.9, 0.8, 0.7, 0.6, 0.5, 0.4),
        (1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
        (0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
        (1.0, 0.0, 1.0, 0.0, 1.0, 0.0),
        (5e-324, 5e-324, 1.0, 5e-324, 1.0, 5e-324),
        (0.3, 1e-300, 1.0, 1e-300, 1.0, 0.0),
    ],
)
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_each_stage_is_strictly_below_the_next(scores: Sequence[float], kind: type) -> None:
    fallen = np.array(STAGED.falling(scores)).astype(kind)
    assert all(0.0 <= score <= 1.0 for score in fallen)
    assert fallen[2:4].max() < fallen[:2].min()
    assert fallen[4:].max() < fallen[2:4].min()
    assert all(first >= second for first, second in zip(fallen[::2], fallen[1::2]))
    assert STAGED.falling(scores)[:2] == pytest.approx(scores[:2], abs=1e-30)


@pytest.mark.parametrize(
    "logits",
    [(0.0,) * 6, (1e9, 1e9, 3.0, 3.0, 1e12, 1e12), (-1e6, -1e6, 5.0, -5.0, 0.0, 0.0)],
)
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_so_are_logits(logits: Sequence[float], kind: type) -> None:
    fallen = np.array(STAGED.falling_logits(logits)).astype(kind)
    assert fallen[2:4].max() < fallen[:2].min()
    assert fallen[4:].max() < fallen[2:4].min()
    assert STAGED.falling_logits(logits)[:2] == logits[:2]


def test_scores_of_one_stage_are_as_they_are() -> None:
    alone = Staged(RUNS[:1], (0, 0, 0), (0, 1, 2))
    assert alone.falling((0.5, 0.0, 1.0)) == (0.5, 0.0, 1.0)
    assert alone.falling_logits((0.5, 0.0, 1.0)) == (0.5, 0.0, 1.0)


SCORES = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4)
CASCADED = Ranking("cascade", "v", SCORES, (0, 1, 2, 3, 4, 5), (), STAGED)
PLAIN = Ranking("pairwise", "p", SCORES, (5, 4, 3, 2, 1, 0))


def drafted(top_n: Optional[int], pickers: Sequence[int] = (0, 1, 0, 1, 0, 1)) -> RankResponse:
    draft = Draft((5, 0, 4, 1, 3, 2), ("a", "b") * 3, tuple(pickers))
    return RankResponse((PLAIN, CASCADED), top_n=top_n, draft=draft)


def test_stages_stand_in_the_answer_also_when_the_cascade_is_the_second_variant() -> None:
    assert drafted(None).stages == RUNS
    assert '"ranker": "bm25", "documents": 6' in drafted(None).to_wire()["stages"]
    assert "stages" not in RankResponse((PLAIN,)).to_wire()


def test_only_stages_that_are_shown_are_doubted() -> None:
    # the cascade picked 0 and 1 of the last stage, and 2 of the one before
    assert drafted(4).warnings == ()
    (warning,) = drafted(None).warnings
    assert "2 of cross_encoder, 1 of pairwise; keep the order" in warning
    assert drafted(None, [0] * 6).warnings == ()
