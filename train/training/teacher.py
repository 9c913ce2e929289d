# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Whom a run learns from beside its labels: a trained ranker, or scores in the training file."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contract.errors import SetUpError
from train.data.dataset import IntArray, encode
from train.data.lists import TrainingLists
from train.loss_options import LOSSES, LossChoice
from train.model.inference import margins
from train.model.ranker import LoadedRanker

FloatArray = NDArray[np.float32]


class Teacher(NamedTuple):
    """A trained ranker to learn from."""

    ranker: LoadedRanker
    batch_size: int

    def logits(self, texts: Sequence[str], queries: IntArray, titles: IntArray) -> FloatArray:
        """One logit per pair; of a cross-encoder of two, that of relevant minus the other."""
        pairs = encode(self.ranker.encoder, texts, queries, titles)
        values = margins(
            self.ranker.model,
            self.ranker.encoder,
            pairs,
            self.batch_size,
            self.ranker.score_function,
        )
        return values.astype(np.float32)


def check_teachers(
    options: argparse.Namespace, choice: LossChoice, lists: TrainingLists
) -> LossChoice:
    """The losses of a run, with the teacher's beside the command's own where there is a teacher.

    Raises:
        SetUpError: there are two teachers, a loss has none, or none of the losses needs one.
    """
    given = options.teacher_ckpt is not None
    scored = lists.teacher_scores is not None
    if given and scored:
        raise SetUpError(
            "the training file has teacher_score already; leave this out, or the column",
            field="teacher_ckpt",
        )
    taught = [name for name in choice.weights if LOSSES[name].teacher]
    if not (given or scored):
        _refuse_without_teacher(options, taught)
        return choice
    if given and choice.named and not taught:
        teachable = " or ".join(name for name, about in LOSSES.items() if about.teacher)
        raise SetUpError(f"no --loss learns from it; add {teachable}", field="teacher_ckpt")
    return choice.with_teacher(options.distill_weight)


def _refuse_without_teacher(options: argparse.Namespace, taught: list[str]) -> None:
    if taught:
        raise SetUpError(
            f"{taught[0]} learns from a teacher: give --teacher_ckpt, or a training file with the "
            "column teacher_score",
            field="loss",
        )
    if options.distill_weight is not None:
        raise SetUpError(
            "there is no teacher: give --teacher_ckpt, or leave this out", field="distill_weight"
        )
