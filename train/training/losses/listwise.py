# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Losses of a list as a whole: of the distributions that its scores stand for."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import Tensor

from train.loss_options import LINEAR, MEAN
from train.training.losses.lists import Lists, mean_of, only


def listnet(lists: Lists, gain: str = LINEAR, smoothing: float = 0.0) -> Tensor:
    """Cross entropy of two chances to come first: by the gains, and by the scores.

    Cao et al. (ICML 2007), "Learning to Rank: From Pairwise Approach to Listwise Approach". With
    smoothing ``e`` a list of ``n`` titles gives each ``e / n`` of the gains' chance.
    """
    target = lists.log_softmax(lists.gains(gain)).exp() * lists.real
    even = lists.real / lists.real.sum(axis=1, keepdim=True)
    target = target * (1.0 - smoothing) + even * smoothing
    entropy = -(target * lists.log_softmax(lists.scores) * lists.real).sum(axis=1)
    return entropy * lists.has_order()


def listmle(lists: Lists) -> Tensor:
    """Negative log likelihood of the order by grade (Plackett and Luce).

    Xia et al. (ICML 2008), "Listwise Approach to Learning to Rank: Theory and Algorithm". Titles of
    one grade stand in no order: each is compared with all of its grade and below (the likelihood of
    Breslow, 1974, for ties), and those of the lowest grade with nothing.
    """
    grades = lists.grades
    lowest = paddle.where(lists.real > 0, grades, paddle.full_like(grades, float("inf")))
    chosen = (grades > lowest.min(axis=1, keepdim=True)).astype("float32") * lists.real
    left = (grades.unsqueeze(1) <= grades.unsqueeze(2)).astype("float32")
    left = left * lists.real.unsqueeze(1)
    among = paddle.logsumexp(only(lists.scores.unsqueeze(1), left), axis=2)
    return ((among - lists.scores) * chosen).sum(axis=1)


def infonce(lists: Lists, temperature: float = 1.0, positives: str = MEAN) -> Tensor:
    """Cross entropy of finding a relevant title among the irrelevant ones of its list.

    Van den Oord et al. (2018), "Representation Learning with Contrastive Predictive Coding". Of
    several relevant titles ``mean`` finds each on its own, without the others; ``log_sum`` takes
    the chance of finding any of them.
    """
    scores = lists.scores / temperature
    relevant = (lists.grades > 0).astype("float32") * lists.real
    rest = paddle.logsumexp(only(scores, lists.real - relevant), axis=1, keepdim=True)
    if positives == MEAN:
        return mean_of(F.softplus(rest - scores), relevant)
    found = paddle.logsumexp(only(scores, relevant), axis=1, keepdim=True)
    return (F.softplus(rest - found)).squeeze(1) * relevant.max(axis=1)


def teacher_kl(lists: Lists, temperature: float = 1.0) -> Tensor:
    """Divergence of the student's chances to come first from the teacher's, times temperature^2.

    Hinton et al. (2015), "Distilling the Knowledge in a Neural Network"; over lists as in Reddi et
    al. (AISTATS 2021), "RankDistil: Knowledge Distillation for Ranking".
    """
    teacher = lists.log_softmax(lists.taught() / temperature)
    student = lists.log_softmax(lists.scores / temperature)
    surplus = teacher.exp() * (teacher - student) * lists.real
    return surplus.sum(axis=1) * temperature**2
