# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Compute the losses that a run was given, and their weighted sum."""

from __future__ import annotations

from typing import Callable

from paddle import Tensor

from train.loss_options import LossChoice
from train.training.losses import listwise, pairwise, rowwise
from train.training.losses.lists import Lists

_OfLists = Callable[[Lists, LossChoice], Tensor]

# by the names of train.loss_options.LOSSES
FORMULAS: dict[str, _OfLists] = {
    "cross_entropy": lambda lists, c: rowwise.cross_entropy(lists, c.label_smoothing),
    "margin_ranking": lambda lists, c: pairwise.margin_ranking(lists, c.margin),
    "ranknet": lambda lists, c: pairwise.ranknet(lists, c.label_smoothing),
    "lambdarank": lambda lists, c: pairwise.lambdarank(lists, c.gain),
    "lambdaloss": lambda lists, c: pairwise.lambdaloss(lists, c.gain),
    "listnet": lambda lists, c: listwise.listnet(lists, c.gain, c.label_smoothing),
    "listmle": lambda lists, c: listwise.listmle(lists),
    "infonce": lambda lists, c: listwise.infonce(lists, c.temperature, c.positives),
    "teacher_entropy": lambda lists, c: rowwise.teacher_entropy(lists),
    "margin_mse": lambda lists, c: pairwise.margin_mse(lists),
    "teacher_kl": lambda lists, c: listwise.teacher_kl(lists, c.temperature),
}


def losses_of(lists: Lists, choice: LossChoice) -> dict[str, Tensor]:
    """Each chosen loss by its name, a mean over the lists, without its weight."""
    return {name: FORMULAS[name](lists, choice).mean() for name in choice.weights}


def weighted_sum(losses: dict[str, Tensor], choice: LossChoice) -> Tensor:
    """What a step minimises, a float32 scalar."""
    first, *others = (losses[name] * weight for name, weight in choice.weights.items())
    return sum(others, first)
