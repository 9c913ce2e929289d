# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The lists of one batch as padded tensors, and what all losses of lists need of them."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

import numpy as np
import paddle
import paddle.nn.functional as F
from numpy.typing import NDArray
from paddle import Tensor

from train.loss_options import LINEAR

# a logit of padding: its exponential is 0 beside any other's, and it is a number still
_FAR_BELOW = -1e9


class Lists(NamedTuple):
    """Lists of a batch, each padded to the longest; all ``[lists, titles]`` float32.

    Attributes:
        scores: logits, of a cross-encoder that of relevant minus that of irrelevant.
        grades: of the titles; 0 is irrelevant.
        real: 1 for a title, 0 for padding.
        teacher: the teacher's logits, where there is a teacher.
    """

    scores: Tensor
    grades: Tensor
    real: Tensor
    teacher: Optional[Tensor] = None

    @classmethod
    def of_rows(
        cls,
        scores: Tensor,
        grades: NDArray[Any],
        sizes: NDArray[np.int64],
        teacher: Optional[NDArray[np.float32]] = None,
    ) -> Lists:
        """Pad rows that stand list after list.

        Args:
            scores: ``[rows]`` float32, with gradients.
            grades: ``[rows]``.
            sizes: rows of each list, in that order.
            teacher: ``[rows]``.
        """
        columns = np.arange(int(sizes.max()))
        real = columns < sizes[:, None]
        places = np.where(real, (np.cumsum(sizes) - sizes)[:, None] + columns, 0)

        def padded(values: NDArray[Any]) -> Tensor:
            return paddle.to_tensor(np.where(real, values[places], 0).astype(np.float32))

        mask = paddle.to_tensor(real.astype(np.float32))
        laid_out = paddle.gather(scores, paddle.to_tensor(places.reshape(-1)))
        return cls(
            laid_out.reshape(list(places.shape)) * mask,
            padded(np.asarray(grades)),
            mask,
            None if teacher is None else padded(teacher),
        )

    def taught(self) -> Tensor:
        """The teacher's logits.

        Raises:
            ValueError: there is no teacher, which the choice of losses should have refused.
        """
        if self.teacher is None:
            raise ValueError("a loss that learns from a teacher was given none")
        return self.teacher

    def better(self) -> Tensor:
        """``[lists, titles, titles]``: 1 where the first title's grade is above the second's."""
        higher = (self.grades.unsqueeze(2) > self.grades.unsqueeze(1)).astype("float32")
        return higher * self.real.unsqueeze(2) * self.real.unsqueeze(1)

    def has_order(self) -> Tensor:
        """``[lists]``: 1 for a list of two grades or more, which put something in order."""
        return self.better().max(axis=[1, 2])

    def gains(self, gain: str) -> Tensor:
        """What NDCG credits a title: its grade, or 2^grade - 1; 0 for padding."""
        gains = self.grades if gain == LINEAR else 2.0**self.grades - 1.0
        return gains * self.real

    def log_softmax(self, values: Tensor) -> Tensor:
        """Logarithms of a softmax over the titles of each list; far below 0 for padding."""
        return F.log_softmax(only(values, self.real), axis=1)


def margins_of(logits: Tensor) -> Tensor:
    """``[N]`` float32: the only logit of a pair-wise ranker, or relevant minus irrelevant."""
    values = logits.astype("float32")
    return values[:, 0] if values.shape[1] == 1 else values[:, 1] - values[:, 0]


def only(values: Tensor, mask: Tensor) -> Tensor:
    """Values where the mask is 1, and elsewhere what an exponential makes 0 of."""
    return values * mask + (1.0 - mask) * _FAR_BELOW


def differences(values: Tensor) -> Tensor:
    """``[lists, titles, titles]``: the first title's value less the second's."""
    return values.unsqueeze(2) - values.unsqueeze(1)


def mean_of(values: Tensor, mask: Tensor) -> Tensor:
    """``[lists]``: mean over where the mask is 1, and 0 where it is nowhere."""
    axes = list(range(1, values.ndim))
    return (values * mask).sum(axis=axes) / mask.sum(axis=axes).clip(min=1.0)
