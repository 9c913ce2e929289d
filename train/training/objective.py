# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What a run is trained on: a file that is encoded once, and the loss of any batch of it.

Where there is a teacher, it scores the whole file once before training.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, Optional, Protocol

import numpy as np
import paddle
from paddle import Tensor

from contract.cuts import Cuts
from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS, PairEncoder
from train.data.batches import Batch, Plan
from train.data.dataset import encode
from train.data.lists import Batching, TrainingLists
from train.loss_options import LossChoice
from train.training.losses.lists import Lists, differences, margins_of
from train.training.losses.weighted import losses_of, weighted_sum
from train.training.teacher import Teacher

ACCURACY, PAIR_ACCURACY = "accuracy", "pair accuracy"


class Share(NamedTuple):
    """A mean in two parts, so that those of several batches can be added: scalars."""

    total: Tensor
    count: Tensor


class Loss(NamedTuple):
    """Of one batch: what is minimised, a float32 scalar, and figures for the log."""

    value: Tensor
    figures: Mapping[str, Share] = MappingProxyType({})


class Objective(Protocol):
    """A training file made ready for the loop.

    Attributes:
        pairs: how many were encoded.
        cuts: what was cut of them.
    """

    pairs: int
    cuts: Cuts

    def plan(self, batching: Batching) -> Plan:
        """The batches of a run."""

    def loss(self, model: Any, batch: Batch) -> Loss:
        """Mean over the lists of a batch, with its gradients."""


class ListObjective:
    """The weighted losses of graded lists; rows on their own and triples are such lists too."""

    def __init__(
        self,
        lists: TrainingLists,
        encoder: PairEncoder,
        choice: LossChoice,
        teacher: Optional[Teacher] = None,
    ) -> None:
        """Encode the file, and let the teacher score it once."""
        self._lists = lists
        self._encoder = encoder
        self._choice = choice
        self._rows = encode(encoder, lists.texts, lists.queries, lists.titles)
        self.pairs = len(self._rows)
        self.cuts = self._rows.cuts
        self._teacher = lists.teacher_scores if choice.learns_from_teacher else None
        if teacher is not None:
            self._teacher = teacher.logits(lists.texts, lists.queries, lists.titles)

    def plan(self, batching: Batching) -> Plan:
        """The batches of a run.

        Raises:
            SetUpError: a list has more rows than a batch.
        """
        return self._lists.plan(self._rows.lengths, batching)

    def loss(self, model: Any, batch: Batch) -> Loss:
        """All titles of a batch go through the model together."""
        rows = np.concatenate(list(batch))
        scores = margins(model, self._encoder, self._rows.rows(rows))
        lists = Lists.of_rows(
            scores,
            self._lists.grades[rows],
            np.array([len(members) for members in batch]),
            None if self._teacher is None else self._teacher[rows],
        )
        losses = losses_of(lists, self._choice)
        return Loss(weighted_sum(losses, self._choice), self._figures(lists, losses))

    def _figures(self, lists: Lists, losses: Mapping[str, Tensor]) -> dict[str, Share]:
        """Losses of which there are several, and how many rows or pairs are told rightly."""
        figures: dict[str, Share] = {}
        one = paddle.ones([])
        if len(losses) > 1:
            figures = {name: Share(value.detach(), one) for name, value in losses.items()}
        with paddle.no_grad():
            if "cross_entropy" in losses:
                right = ((lists.scores > 0) == (lists.grades > 0)).astype("float32") * lists.real
                figures[ACCURACY] = Share(right.sum(), lists.real.sum())
            if self._choice.named and self._choice.of_lists:
                better = lists.better()
                right = (differences(lists.scores) > 0).astype("float32") * better
                figures[PAIR_ACCURACY] = Share(right.sum(), better.sum())
        return figures


def margins(model: Any, encoder: PairEncoder, rows: Any) -> Tensor:
    """``[rows]`` float32, also in mixed precision: the logit, or the second less the first."""
    feed = encoder.pad(rows)
    output = model(paddle.to_tensor(feed[INPUT_IDS]), paddle.to_tensor(feed[TOKEN_TYPE_IDS]))
    return margins_of(output)
