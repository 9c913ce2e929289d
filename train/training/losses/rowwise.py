# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Losses of each title on its own; a list's is the mean over its titles."""

from __future__ import annotations

import paddle.nn.functional as F
from paddle import Tensor

from train.training.losses.lists import Lists, mean_of


def cross_entropy(lists: Lists, smoothing: float = 0.0) -> Tensor:
    """Cross entropy of two classes: a grade above 0 is relevant.

    With smoothing ``e`` the two targets are ``e / 2`` and ``1 - e / 2`` (Szegedy et al., CVPR 2016,
    "Rethinking the Inception Architecture for Computer Vision").
    """
    targets = (lists.grades > 0).astype("float32") * (1.0 - smoothing) + smoothing / 2
    return _entropy(lists, targets)


def teacher_entropy(lists: Lists) -> Tensor:
    """Cross entropy of the student's score against the teacher's (Hinton et al., 2015)."""
    return _entropy(lists, F.sigmoid(lists.taught()))


def _entropy(lists: Lists, targets: Tensor) -> Tensor:
    values = F.binary_cross_entropy_with_logits(lists.scores, targets, reduction="none")
    return mean_of(values, lists.real)
