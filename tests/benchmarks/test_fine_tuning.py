# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The linear model learns what only words tell, and the table says who is ahead of whom."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="comes with what trains")

from benchmarks.fine_tuning import System, linear_model, table
from train.data.dataset import LabelledPairs, read_labelled_pairs
from train.evaluation.metrics import auc


def pairs(file: Path, queries: range) -> LabelledPairs:
    """Of each query a title with 是 is relevant and one with 非 is not, in turn."""
    rows = [
        f"问题{q}\t答案{q + t}{'是' if t % 2 else '非'}\t{t % 2}" for q in queries for t in range(4)
    ]
    file.write_text("query\ttitle\tlabel\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return read_labelled_pairs(str(file))


def test_the_linear_model_learns_and_the_table_compares(tmp_path: Path) -> None:
    train, test = pairs(tmp_path / "a.tsv", range(60)), pairs(tmp_path / "b.tsv", range(60, 90))
    learned = linear_model(train, test)
    assert auc(learned.scores, test.labels) == 1.0
    wrong = System("wrong", 0.0, -np.asarray(learned.scores))
    lines = table([learned, wrong], test, seed=1).splitlines()
    assert "| 1.000 | 1.000 | +0.000 [+0.000, +0.000]" in lines[2]
    assert lines[3].startswith("| wrong | 0 |")
    assert lines[3].endswith("| +1.000 [+1.000, +1.000] |")
