# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The losses that training minimises; each is the mean over a batch, a float32 scalar.

| loss                | logits            | compared with                  | trains        |
|---------------------|-------------------|--------------------------------|---------------|
| margin ranking      | 2 x [n, 1]        | nothing                        | pair-wise     |
| cross entropy       | [n, 2]            | labels [n], 0 or 1             | cross-encoder |
| margin MSE          | 2 x [n, 1]        | the teacher's margins [n]      | pair-wise     |
| teacher's entropy   | [n, 2]            | the teacher's scores [n]       | cross-encoder |
"""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import Tensor


def margin_ranking(positive: Tensor, negative: Tensor, margin: float) -> Tensor:
    """``mean(max(0, margin - sigmoid(positive) + sigmoid(negative)))``."""
    ones = paddle.ones_like(positive)
    return F.margin_ranking_loss(F.sigmoid(positive), F.sigmoid(negative), ones, margin=margin)


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy of two classes; ``labels`` are 1 for relevant and 0 for not."""
    return F.cross_entropy(logits, labels)


def margin_mse(positive: Tensor, negative: Tensor, teacher_margin: Tensor) -> Tensor:
    """Squared difference of the student's and the teacher's logit margins.

    Hofstaetter et al. (2020), "Improving Efficient Neural Ranking Models with Cross-Architecture
    Knowledge Distillation".
    """
    return F.mse_loss((positive - negative).flatten(), teacher_margin)


def teacher_entropy(logits: Tensor, teacher_score: Tensor) -> Tensor:
    """Binary cross entropy of the student's score against the teacher's (Hinton et al., 2015)."""
    return F.binary_cross_entropy_with_logits(logits[:, 1] - logits[:, 0], teacher_score)
