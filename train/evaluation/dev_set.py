# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Measure on the dev file how good the model is, while it trains."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

import numpy as np

from contract.encoding import PairEncoder
from train.data.dataset import LabelledPairs, encode
from train.evaluation.cautions import cautions
from train.evaluation.metrics import MRR, NDCG, QueryLists, auc
from train.model.inference import margins

AUC = "AUC"

_SAMPLED_ROWS = 256


class Measured(NamedTuple):
    """Figures by name, ``None`` where one has no value, and what to know beside them."""

    figures: dict[str, Optional[float]]
    cautions: list[str]


class DevSet:
    """Encoded dev rows with their labels and lists.

    Attributes:
        cuts: what was cut of the rows.
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
        self._lists = QueryLists(pairs.queries, pairs.labels)
        rows = np.unique(np.linspace(0, len(pairs.labels) - 1, _SAMPLED_ROWS).astype(np.int64))
        sample = [column[rows] for column in (pairs.queries, pairs.titles)]
        self._sample = encode(encoder, pairs.texts, *sample)
        self._sample_labels = pairs.labels[rows] > 0

    @property
    def chooses_by(self) -> str:
        """The metric that makes a checkpoint the best one."""
        return NDCG if len(self._lists) else AUC

    def evaluate(self, model: Any) -> Measured:
        """AUC over all rows and, where queries have several titles, means over their lists.

        By the margins of the logits, which a service orders by.
        """
        values = self._margins(model, self._pairs)
        area = auc(values, self._labels)
        result: dict[str, Optional[float]] = {AUC: None if np.isnan(area) else area}
        if len(self._lists):
            measured = self._lists.measure(values)
            result.update({name: float(measured[name].mean()) for name in (NDCG, MRR)})
        return Measured(result, cautions(values, self._labels))

    def sampled_loss(self, model: Any) -> float:
        """Cross entropy of the scores over a fixed sample of rows, which is cheap."""
        values = self._margins(model, self._sample)
        # -log(sigmoid(x)), also where the sigmoid is 0 or 1
        return float(np.logaddexp(0.0, np.where(self._sample_labels, -values, values)).mean())

    def _margins(self, model: Any, pairs: Any) -> Any:
        return margins(model, self._encoder, pairs, self._batch_size, self._score_function)
