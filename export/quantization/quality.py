# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Measure what a version of a bundle loses on graded lists against the one it was made from."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.bundle import Bundle
from contract.bundle.golden import RunFeed
from contract.encoding import PairEncoder
from contract.errors import DataError, SetUpError
from contract.scoring import ScoreFunction
from export.engines.openvino_inference import run_graph
from export.proof.proving_engines import logits_output
from train.data.batches import sorted_batches
from train.data.dataset import EncodedPairs, IntArray, encode, read_labelled_pairs
from train.evaluation.cautions import about_margins
from train.evaluation.metrics import NDCG, Interval, QueryLists, bootstrap
from train.evaluation.report import RESAMPLES

FloatArray = NDArray[np.float64]

QUALITY_FILE = "quality.json"

_ROWS = 32


@dataclass(frozen=True)
class Quality:
    """What a version of a bundle loses against the one it was made from.

    Attributes:
        lists: number of queries that have a relevant title and another one.
        source: NDCG@10 of the source.
        result: NDCG@10 of the result.
        difference: result minus source on the same queries.
        max_score_difference: over all rows.
        mean_score_difference: of the absolute differences.
        top_1_agreement: part of the lists in which both put the same title first; of titles that
            share the first place, as a service does that gets them in any order.
        cautions: what makes these figures mean nothing, if anything does.
    """

    lists: int
    source: Interval
    result: Interval
    difference: Interval
    max_score_difference: float
    mean_score_difference: float
    top_1_agreement: float
    cautions: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Lines for the terminal."""
        return "\n".join(
            (
                f"{self.lists} lists, 95 % bootstrap intervals over queries",
                f"NDCG@10 of the source  {_cell(self.source)}",
                f"NDCG@10 in int8        {_cell(self.result)}",
                f"difference            {_cell(self.difference, '+')}",
                f"scores differ by {self.max_score_difference:.4f} at most, "
                f"{self.mean_score_difference:.5f} on average; "
                f"the same title first in {self.top_1_agreement:.1%} of the lists",
                *(f"warning: {caution}" for caution in self.cautions),
            )
        )

    def write(self, path: Path, about: Mapping[str, Any]) -> None:
        """Write the figures and ``about`` as JSON; an interval is ``[mean, low, high]``."""
        fields = {
            **about,
            "lists": self.lists,
            "ndcg_at_10": {
                "source": list(self.source),
                "result": list(self.result),
                "difference": list(self.difference),
            },
            "max_score_difference": self.max_score_difference,
            "mean_score_difference": self.mean_score_difference,
            "top_1_agreement": self.top_1_agreement,
            "bootstrap_resamples": RESAMPLES,
            "warnings": list(self.cautions),
        }
        text = json.dumps(fields, indent=2, sort_keys=True, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")


def ranked_lists(queries: IntArray, labels: IntArray, path: Path) -> QueryLists:
    """Lists of a dev file.

    Raises:
        DataError: none of them can be ranked.
    """
    lists = QueryLists(queries, labels)
    if not len(lists):
        raise DataError("no query has a relevant title and another one", field=str(path))
    return lists


def margins_of(
    run: RunFeed, score: ScoreFunction, encoder: PairEncoder, rows: EncodedPairs
) -> FloatArray:
    """Margins of the logits ``[len(rows)]`` in the order of the rows; equal rows have one."""
    firsts, place_of = rows.distinct
    margins = np.empty(len(firsts))
    for batch in sorted_batches(rows.lengths[firsts], _ROWS):
        margins[batch] = score.margins(run(encoder.pad(rows.rows(firsts[batch]))))
    found: FloatArray = margins[place_of]
    return found


def compare(
    lists: QueryLists, score: ScoreFunction, source: FloatArray, result: FloatArray, seed: int
) -> Quality:
    """Measure the margins of both on the same lists.

    The interval of the difference is a paired one.
    """
    before, after = (lists.measure(margins)[NDCG] for margins in (source, result))
    apart = np.abs(score.of_margins(result) - score.of_margins(source))
    same = [_same_first(source[rows], result[rows]) for rows in lists.rows]
    return Quality(
        len(lists),
        bootstrap(before, seed, RESAMPLES),
        bootstrap(after, seed, RESAMPLES),
        bootstrap(after - before, seed, RESAMPLES),
        float(apart.max()),
        float(apart.mean()),
        float(np.mean(same)),
        (
            *about_margins(source, "the source", has_logits=score.has_logits),
            *about_margins(result, "the result", has_logits=score.has_logits),
        ),
    )


def _same_first(source: FloatArray, result: FloatArray) -> float:
    """The chance of one title first in both, over the orders in which a service gets the titles.

    It is the first title, in that order, of those that one of the two puts first; both have it
    first where both score it highest.
    """
    firsts, others = source == source.max(), result == result.max()
    return float((firsts & others).sum() / (firsts | others).sum())


def measure(source: Path, result: Path, bundle: Bundle, dev_file: Path, seed: int) -> Quality:
    """Score the graded lists with both graphs.

    Raises:
        DataError: the file holds no lists.
    """
    pairs = read_labelled_pairs(dev_file)
    lists = ranked_lists(pairs.lists, pairs.labels, dev_file)
    encoder, output = bundle.encoder(), logits_output(bundle)
    rows = encode(encoder, pairs.texts, pairs.queries, pairs.titles)
    before, after = (
        margins_of(run_graph(path, output), bundle.score, encoder, rows)
        for path in (source, result)
    )
    return compare(lists, bundle.score, before, after, seed)


def check_loss(quality: Quality, max_ndcg_drop: float) -> None:
    """Refuse a loss of the mean; warn where the interval reaches beyond what is allowed.

    The mean decides, so that a short dev file, whose interval is wide, does not refuse what has
    lost nothing; the interval is printed and kept beside the bundle.

    Raises:
        SetUpError: NDCG@10 fell by more.
    """
    loss, worst = -quality.difference.mean, -quality.difference.low
    if not loss <= max_ndcg_drop:  # also catches NaN
        raise SetUpError(
            f"NDCG@10 fell by {loss:.4f}, more than {max_ndcg_drop}; nothing is published. Try "
            "--fast_bias_correction False, another --smooth_quant_alpha, more --samples, or "
            "--keep_fp32 for a part of the graph",
            field="max_ndcg_drop",
        )
    if worst > max_ndcg_drop:
        print(
            f"the interval allows a loss of {worst:.4f}, more than {max_ndcg_drop}; "
            "a dev file with more lists would say more",
            file=sys.stderr,
        )


def _cell(interval: Interval, sign: str = "") -> str:
    mean, low, high = (f"{value:{sign}.4f}" for value in interval)
    return f"{mean} [{low}, {high}]"
