# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What came of the runs of a search, and how far the best of them can be believed.

The best of several is chosen by its figure, so that the figure is too good: part of it is luck on
these lists (Cawley and Talbot, 2010, "On Over-fitting in Model Selection and Subsequent Selection
Bias in Performance Evaluation").
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from contract.errors import SetUpError
from train.evaluation.metrics import NDCG, bootstrap
from train.model.checkpoint import read_json
from train.searching.grid import Trial

_RUN_FILE = "run.json"
_OVER = ("finished", "stopped early")
_AUC = "AUC"
_SEED = 0


@dataclass(frozen=True)
class Result:
    """One run of a search, as its ``run.json`` has it.

    Attributes:
        trial: what was run.
        directory: where.
        state: of the run, or ``missing``.
        step: of its best evaluation.
        figures: of that evaluation; empty without one.
        lists: NDCG of each development list there.
        looks: how often it was evaluated on the development lists.
    """

    trial: Trial
    directory: Path
    state: str
    step: Optional[int]
    figures: dict[str, Any]
    lists: NDArray[np.float64]
    looks: int

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to run."""
        return self.state in _OVER

    @property
    def metric(self) -> str:
        """What chose its best checkpoint."""
        return NDCG if NDCG in self.figures else _AUC

    @property
    def value(self) -> float:
        """Of the metric; below every other where it has none."""
        value = self.figures.get(self.metric)
        return -math.inf if value is None else float(value)


def read_result(trial: Trial, directory: Path) -> Result:
    """What a run has written so far."""
    try:
        content = read_json(directory / _RUN_FILE)
    except SetUpError:
        content = {}
    best = content.get("best") or {}
    curves = content.get("figures", {})
    return Result(
        trial,
        directory,
        content.get("state", "missing"),
        best.get("step"),
        best.get("figures", {}),
        np.asarray(best.get("lists", []), dtype=np.float64),
        max((len(curves.get(name, [])) for name in (NDCG, _AUC)), default=0),
    )


def expected_best(runs: int) -> float:
    """How far the largest of so many equally good runs lies above their mean, in standard errors.

    The expected maximum of independent normal values by Blom (1958): the normal quantile of
    ``(n - 0.375) / (n + 0.25)``. Runs on the same lists are less apart than independent ones.
    """
    return NormalDist().inv_cdf((runs - 0.375) / (runs + 0.25)) if runs > 1 else 0.0


def report(results: Sequence[Result]) -> str:
    """A table, the best first, and what to think of it."""
    ordered = sorted(results, key=lambda result: result.value, reverse=True)
    best = ordered[0]
    widths = [max(len(str(result.trial)) for result in ordered), 26, 26]
    head = ("options", f"{best.metric} [95 %]", "less than the best [95 %]", "step", "directory")
    lines = [_row(head, widths)]
    lines += [_row(_cells(result, best), widths) for result in ordered]
    return "\n".join([*lines, *_warnings(ordered)])


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, widths)]
    return "  ".join([*padded, *cells[len(widths) :]]).rstrip()


def _cells(result: Result, best: Result) -> tuple[str, ...]:
    step = "-" if result.step is None else str(result.step)
    where = str(result.directory)
    if not result.is_over:
        where += f" ({result.state})"
    if not result.figures or result.value == -math.inf:
        return str(result.trial), "no value", "", step, where
    own = f"{result.value:.4f}"
    apart = ""
    if len(result.lists):
        interval = bootstrap(result.lists, _SEED)
        own += f" [{interval.low:.4f}, {interval.high:.4f}]"
        if result is not best and len(result.lists) == len(best.lists):
            lost = bootstrap(best.lists - result.lists, _SEED)
            apart = f"{lost.mean:.4f} [{lost.low:+.4f}, {lost.high:+.4f}]"
    return str(result.trial), own, apart, step, where


def _warnings(ordered: Sequence[Result]) -> list[str]:
    best, runs = ordered[0], sum(bool(result.figures) for result in ordered)
    looks = sum(result.looks for result in ordered)
    if not runs:
        return []
    lines = [
        f"The development lists were looked at {looks} times in {runs} runs, and the best look was "
        "chosen: its figure is too good. Measure it once, on lists that no run has seen.",
    ]
    if len(best.lists) > 1:
        error = float(best.lists.std(ddof=1)) / math.sqrt(len(best.lists))
        luck = expected_best(runs) * error
        lines.append(
            f"One figure has a standard error of {error:.4f} over {len(best.lists)} lists. Of "
            f"{runs} equally good runs the best would seem up to {luck:.4f} better by luck."
        )
    lines.append("A run whose difference to the best has an interval that holds 0 may be as good.")
    return lines
