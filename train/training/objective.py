# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What each ranker is trained on: a file that is encoded once, and the loss of any batch of it.

Where there is a teacher, it scores the whole file once before training.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Optional, Protocol

import numpy as np
import paddle
from numpy.typing import NDArray
from paddle import Tensor

from contract.cuts import Cuts
from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS, PairEncoder
from contract.scoring import SCORE_FUNCTIONS
from train.data.dataset import EncodedPairs, IntArray, LabelledPairs, Triples, encode
from train.model.inference import logits
from train.model.ranker import CROSS_ENCODER, LoadedRanker
from train.training import losses

FloatArray = NDArray[np.float32]


class Loss(NamedTuple):
    """Of one batch: what is minimised, and the part of its rows that are classed rightly."""

    value: Tensor
    accuracy: Optional[Tensor] = None


class Objective(Protocol):
    """A training file made ready for the loop.

    Attributes:
        lengths: of the rows, in tokens.
        pairs: how many were encoded.
        cuts: what was cut of them.
    """

    lengths: IntArray
    pairs: int
    cuts: Cuts

    def loss(self, model: Any, rows: IntArray) -> Loss:
        """Mean loss of the rows, and their accuracy where they have classes: float32 scalars."""


class Teacher(NamedTuple):
    """A trained ranker to learn from, and how much it counts against the file's own labels."""

    ranker: LoadedRanker
    weight: float
    batch_size: int

    def logits(self, texts: Sequence[str], queries: IntArray, titles: IntArray) -> FloatArray:
        """One logit per pair; of a cross-encoder, that of relevant minus that of irrelevant."""
        encoder = self.ranker.encoder
        pairs = encode(encoder, texts, queries, titles)
        values = logits(self.ranker.model, encoder, pairs, self.batch_size)
        if self.ranker.ranker == CROSS_ENCODER:
            return values[:, 1] - values[:, 0]
        return values[:, 0]


def _forward(model: Any, encoder: PairEncoder, rows: Sequence[Any]) -> Tensor:
    feed = encoder.pad(rows)
    output = model(paddle.to_tensor(feed[INPUT_IDS]), paddle.to_tensor(feed[TOKEN_TYPE_IDS]))
    return output.astype("float32")


class PairwiseObjective:
    """Margin ranking loss of (query, title, neg_title), with margin MSE to a teacher if any."""

    def __init__(
        self, triples: Triples, encoder: PairEncoder, margin: float, teacher: Optional[Teacher]
    ) -> None:
        """Encode the file, and let the teacher score it once."""
        self._encoder = encoder
        self._margin = margin
        self._positive = encode(encoder, triples.texts, triples.queries, triples.titles)
        self._negative = encode(encoder, triples.texts, triples.queries, triples.neg_titles)
        self.lengths = np.maximum(self._positive.lengths, self._negative.lengths)
        self.pairs = 2 * len(self.lengths)
        self.cuts = self._positive.cuts + self._negative.cuts
        self._weight = teacher.weight if teacher else 0.0
        self._teacher_margin: Optional[FloatArray] = None
        if teacher:
            self._teacher_margin = teacher.logits(
                triples.texts, triples.queries, triples.titles
            ) - teacher.logits(triples.texts, triples.queries, triples.neg_titles)

    def loss(self, model: Any, rows: IntArray) -> Loss:
        """Positives and negatives go through the model together."""
        both = self._positive.rows(rows) + self._negative.rows(rows)
        output = _forward(model, self._encoder, both)
        positive, negative = output[: len(rows)], output[len(rows) :]
        own = losses.margin_ranking(positive, negative, self._margin)
        if self._teacher_margin is None:
            return Loss(own)
        target = paddle.to_tensor(self._teacher_margin[rows])
        taught = losses.margin_mse(positive, negative, target)
        return Loss((1.0 - self._weight) * own + self._weight * taught)


class CrossEncoderObjective:
    """Cross entropy of (query, title, label), with the entropy to a teacher's scores if any."""

    def __init__(
        self, pairs: LabelledPairs, encoder: PairEncoder, teacher: Optional[Teacher]
    ) -> None:
        """Encode the file, and let the teacher score it once."""
        self._encoder = encoder
        self._pairs: EncodedPairs = encode(encoder, pairs.texts, pairs.queries, pairs.titles)
        self._labels = (pairs.labels > 0).astype(np.int64)
        self.lengths = self._pairs.lengths
        self.pairs = len(self._pairs)
        self.cuts = self._pairs.cuts
        self._weight = teacher.weight if teacher else 0.0
        self._teacher_score: Optional[FloatArray] = None
        if teacher:
            values = teacher.logits(pairs.texts, pairs.queries, pairs.titles)
            self._teacher_score = SCORE_FUNCTIONS["sigmoid"](values[:, None]).astype(np.float32)

    def loss(self, model: Any, rows: IntArray) -> Loss:
        """Two logits per pair against its label."""
        output = _forward(model, self._encoder, self._pairs.rows(rows))
        labels = paddle.to_tensor(self._labels[rows])
        own = losses.cross_entropy(output, labels)
        accuracy = (output.detach().argmax(axis=1) == labels).astype("float32").mean()
        if self._teacher_score is None:
            return Loss(own, accuracy)
        taught = losses.teacher_entropy(output, paddle.to_tensor(self._teacher_score[rows]))
        return Loss((1.0 - self._weight) * own + self._weight * taught, accuracy)
