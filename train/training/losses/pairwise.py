# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Losses of the pairs of a list whose grades differ."""

from __future__ import annotations

import math

import paddle
import paddle.nn.functional as F
from paddle import Tensor

from train.loss_options import LINEAR
from train.training.losses.lists import Lists, differences, mean_of

# of NDCG-Loss2++, as the paper has it
_MU = 10.0


def margin_ranking(lists: Lists, margin: float) -> Tensor:
    """Mean of ``max(0, margin - sigmoid(better) + sigmoid(worse))``, as PaddleNLP trains."""
    gaps = differences(F.sigmoid(lists.scores))
    return mean_of(F.relu(margin - gaps), lists.better())


def ranknet(lists: Lists, smoothing: float = 0.0) -> Tensor:
    """Mean cross entropy of which title is better (Burges et al., ICML 2005, "Learning to Rank").

    With smoothing ``e`` the better one is so with a probability of ``1 - e / 2``.
    """
    gaps = differences(lists.scores)
    return mean_of(F.softplus(-gaps) + smoothing / 2 * gaps, lists.better())


def margin_mse(lists: Lists) -> Tensor:
    """Mean squared difference of the student's and the teacher's logit margins.

    Hofstaetter et al. (2020), "Improving Efficient Neural Ranking Models with Cross-Architecture
    Knowledge Distillation".
    """
    errors = differences(lists.scores) - differences(lists.taught())
    return mean_of(errors * errors, lists.better())


def lambdarank(lists: Lists, gain: str = LINEAR) -> Tensor:
    """RankNet, each pair weighed by what NDCG changes when its two titles swap places.

    Burges (2010), "From RankNet to LambdaRank to LambdaMART: An Overview". The sum over pairs.
    """
    with paddle.no_grad():
        swap = differences(1.0 / _discounts(_places(lists))).abs()
        weights = lists.better() * differences(_normalised_gains(lists, gain)).abs() * swap
    return (weights * F.softplus(-differences(lists.scores))).sum(axis=[1, 2])


def lambdaloss(lists: Lists, gain: str = LINEAR) -> Tensor:
    """NDCG-Loss2++ with mu = 10, a bound of 1 - NDCG up to a factor; in bits, as the paper has it.

    Wang et al. (CIKM 2018), "The LambdaLoss Framework for Ranking Metric Optimization".
    """
    with paddle.no_grad():
        places = _places(lists)
        swap = differences(1.0 / _discounts(places)).abs()
        # titles that share a place are one place apart when they part
        apart = differences(places).abs().clip(min=1.0)
        bound = 1.0 / _discounts(apart) - 1.0 / _discounts(apart + 1.0)
        gains = differences(_normalised_gains(lists, gain)).abs()
        weights = lists.better() * gains * (swap + _MU * bound)
    bits = F.softplus(-differences(lists.scores)) / math.log(2.0)
    return (weights * bits).sum(axis=[1, 2])


def _places(lists: Lists) -> Tensor:
    """Places by falling score, from 1; equal scores share the mean of theirs."""
    gaps = differences(lists.scores)
    others = lists.real.unsqueeze(1)
    above = ((gaps < 0).astype("float32") * others).sum(axis=2)
    # each title is equal to itself
    equal = ((gaps == 0).astype("float32") * others).sum(axis=2) - lists.real
    return 1.0 + above + equal / 2


def _discounts(places: Tensor) -> Tensor:
    return paddle.log2(1.0 + places)


def _normalised_gains(lists: Lists, gain: str) -> Tensor:
    """Gains over the DCG of the best order, which counts the whole list."""
    gains = lists.gains(gain)
    best = paddle.sort(gains, axis=1, descending=True)
    discounts = _discounts(paddle.arange(1, gains.shape[1] + 1, dtype="float32"))
    ideal = (best / discounts).sum(axis=1, keepdim=True)
    return gains / paddle.where(ideal > 0, ideal, paddle.ones_like(ideal))
