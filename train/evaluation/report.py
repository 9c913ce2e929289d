# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Compare a ranker with BM25 on the same lists, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.list_metrics import CUTOFF
from train.bm25 import BM25
from train.data.dataset import LabelledPairs
from train.evaluation.cautions import cautions, figure
from train.evaluation.metrics import Interval, QueryLists, auc, bootstrap

FloatArray = NDArray[np.float64]

RESAMPLES = 1000
# of a text; far more than a ranker reads, and few enough that its words fit in memory
BM25_CHARACTERS = 1 << 16
_NOTE = (
    f"NDCG gain is the grade (linear), cut at {CUTOFF}; equal logits count as the mean over their "
    f"orders; 95 % bootstrap intervals over queries, {RESAMPLES} resamples"
)


@dataclass(frozen=True)
class Comparison:
    """One metric: the ranker, BM25, and the ranker minus BM25 on the same queries."""

    ranker: Interval
    bm25: Interval
    difference: Interval


@dataclass(frozen=True)
class Report:
    """What ``evaluate`` has to say about one file."""

    rows: int
    lists: int
    skipped_queries: int
    auc: float
    bm25_auc: float
    tied_pairs: float
    bm25_tied_pairs: float
    metrics: dict[str, Comparison]
    cautions: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Plain values; an interval is ``[mean, low, high]``, ``null`` stands for no value."""
        metrics = {
            name: {
                "ranker": _plain(comparison.ranker),
                "bm25": _plain(comparison.bm25),
                "ranker_minus_bm25": _plain(comparison.difference),
            }
            for name, comparison in self.metrics.items()
        }
        return {
            "rows": self.rows,
            "lists": self.lists,
            "skipped_queries": self.skipped_queries,
            "auc": _plain([self.auc])[0],
            "bm25_auc": _plain([self.bm25_auc])[0],
            "tied_pairs": _plain([self.tied_pairs])[0],
            "bm25_tied_pairs": _plain([self.bm25_tied_pairs])[0],
            "metrics": metrics,
            "warnings": self.cautions,
            "note": _NOTE,
        }

    def table(self) -> str:
        """Lines for a terminal."""
        left_out = f"{self.skipped_queries} queries left out: one title, or none relevant"
        head = f"{self.lists} lists ({left_out})"
        if not self.lists:
            return head
        lines = [head, f"{'':14}{'ranker':26}{'BM25':26}ranker - BM25"]
        for name, c in self.metrics.items():
            cells = f"{_cell(c.ranker):26}{_cell(c.bm25):26}{_cell(c.difference, sign='+')}"
            lines.append(f"{name:14}{cells}")
        tied = f"{figure(self.tied_pairs, '.4f'):26}{figure(self.bm25_tied_pairs, '.4f')}"
        return "\n".join([*lines, f"{'tied pairs':14}{tied}".rstrip(), _NOTE])


def compare(pairs: LabelledPairs, margins: NDArray[Any], seed: int) -> Report:
    """Measure the margins of a ranker's logits beside BM25 over the file's own titles."""
    lists = QueryLists(pairs.lists, pairs.labels)
    baseline = bm25_of(pairs)
    said = cautions(margins, pairs.labels)
    if cut := bm25_cuts(pairs):
        said.append(cut)
    ours, theirs = lists.measure(margins), lists.measure(baseline)
    metrics = {}
    for name in ours if len(lists) else ():
        metrics[name] = Comparison(
            bootstrap(ours[name], seed, RESAMPLES),
            bootstrap(theirs[name], seed, RESAMPLES),
            bootstrap(ours[name] - theirs[name], seed, RESAMPLES),
        )
    return Report(
        rows=len(pairs.labels),
        lists=len(lists),
        skipped_queries=lists.skipped,
        auc=auc(margins, pairs.labels),
        bm25_auc=auc(baseline, pairs.labels),
        tied_pairs=lists.tied_pairs(margins),
        bm25_tied_pairs=lists.tied_pairs(baseline),
        metrics=metrics,
        cautions=said,
    )


def bm25_of(pairs: LabelledPairs) -> FloatArray:
    """BM25 of every row, over the distinct titles of the file, as far as they are read."""
    titles, position = np.unique(pairs.titles, return_inverse=True)
    index = BM25([_read(pairs.texts, title) for title in titles])
    result = np.zeros(len(pairs.titles))
    order = np.argsort(pairs.queries, kind="stable")
    borders = np.flatnonzero(np.diff(pairs.queries[order])) + 1
    for rows in np.split(order, borders):
        query = _read(pairs.texts, pairs.queries[rows[0]])
        result[rows] = index.scores(query, position[rows].tolist())
    return result


def _read(texts: Sequence[str], number: int) -> str:
    return texts[int(number)][:BM25_CHARACTERS]


def bm25_cuts(pairs: LabelledPairs) -> str:
    """Says how many texts BM25 reads in part, or empty."""
    numbers = np.unique(np.concatenate([pairs.queries, pairs.titles]))
    long = sum(len(pairs.texts[int(number)]) > BM25_CHARACTERS for number in numbers)
    return f"BM25 reads the first {BM25_CHARACTERS} characters of {long} texts" if long else ""


def _cell(interval: Interval, sign: str = "") -> str:
    if np.isnan(interval.mean):
        return figure(None)
    mean, low, high = (figure(value, f"{sign}.4f") for value in interval)
    return f"{mean} [{low}, {high}]"


def _plain(values: Sequence[float]) -> list[Any]:
    return [None if np.isnan(value) else float(value) for value in values]
