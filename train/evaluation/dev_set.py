# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Measure on the dev file how good the model is, while it trains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Optional

import numpy as np

from contract.encoding import PairEncoder
from contract.errors import InferenceFailed, SetUpError
from train.data.dataset import LabelledPairs, encode
from train.evaluation.cautions import cautions
from train.evaluation.metrics import MRR, NDCG, Interval, QueryLists, auc, bootstrap
from train.model.inference import margins

AUC = "AUC"

_SAMPLED_ROWS = 256
# of the draws of intervals
_SEED = 0


class Measured(NamedTuple):
    """What one evaluation found.

    Attributes:
        figures: by name, ``None`` where one has no value.
        cautions: what to know beside them.
        intervals: of the figures that are means over lists: their 95 % bootstrap intervals.
        lists: NDCG of each list; empty without lists.
    """

    figures: dict[str, Optional[float]]
    cautions: list[str]
    intervals: Mapping[str, Interval] = MappingProxyType({})
    lists: Sequence[float] = ()


class DevSet:
    """Encoded dev rows with their labels and lists.

    Attributes:
        cuts: what was cut of the rows.
        doubts: what to know of the file before training.
    """

    def __init__(
        self, pairs: LabelledPairs, encoder: PairEncoder, score_function: str, batch_size: int
    ) -> None:
        """Encode the rows once for all evaluations."""
        self._encoder = encoder
        self._score_function = score_function
        self._batch_size = batch_size
        self._labels = pairs.labels
        self._pairs = encode(encoder, pairs.texts, pairs.queries, pairs.titles)
        self.cuts = self._pairs.cuts
        self._lists = QueryLists(pairs.lists, pairs.labels)
        self.doubts = _doubts(self._lists)
        rows = np.unique(np.linspace(0, len(pairs.labels) - 1, _SAMPLED_ROWS).astype(np.int64))
        sample = [column[rows] for column in (pairs.queries, pairs.titles)]
        self._sample = encode(encoder, pairs.texts, *sample)
        self._sample_labels = pairs.labels[rows] > 0

    def can_choose(self) -> bool:
        """Whether any ranker has a value of the metric that chooses."""
        relevant = int((self._labels > 0).sum())
        return bool(len(self._lists)) or 0 < relevant < len(self._labels)

    @property
    def chooses_by(self) -> str:
        """The metric that makes a checkpoint the best one."""
        return NDCG if len(self._lists) else AUC

    def evaluate(self, model: Any) -> Measured:
        """AUC over all rows and, where queries have several titles, means over their lists.

        By the margins of the logits, which a service orders by.

        Raises:
            SetUpError: a logit is NaN or infinite, which no figure can be of.
        """
        values = self._margins(model, self._pairs)
        area = auc(values, self._labels)
        result: dict[str, Optional[float]] = {AUC: None if np.isnan(area) else area}
        if not len(self._lists):
            return Measured(result, cautions(values, self._labels))
        measured = self._lists.measure(values)
        intervals = {name: bootstrap(measured[name], _SEED) for name in (NDCG, MRR)}
        result.update({name: interval.mean for name, interval in intervals.items()})
        return Measured(result, cautions(values, self._labels), intervals, measured[NDCG].tolist())

    def sampled_loss(self, model: Any) -> float:
        """Cross entropy of the scores over a fixed sample of rows, which is cheap."""
        values = self._margins(model, self._sample)
        # -log(sigmoid(x)), also where the sigmoid is 0 or 1
        return float(np.logaddexp(0.0, np.where(self._sample_labels, -values, values)).mean())

    def _margins(self, model: Any, pairs: Any) -> Any:
        try:
            return margins(model, self._encoder, pairs, self._batch_size, self._score_function)
        except InferenceFailed as error:
            raise SetUpError(
                "logits of dev rows are NaN or infinite, so that no figure of them means anything: "
                "training diverged; lower the learning rate",
                field="learning_rate",
            ) from error


def _doubts(lists: QueryLists) -> list[str]:
    """Whether there is a list to rank."""
    if len(lists):
        return []
    return [
        f"no list can be ranked: {lists.single} of one title, {lists.without_relevant} without a "
        f"relevant one; the best checkpoint is chosen by {AUC}, and there is no {NDCG}"
    ]
