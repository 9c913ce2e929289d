# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Options that choose what both training commands minimise.

Imports no paddle, so that ``--help`` answers at once; the formulas are in
:mod:`train.training.losses`.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass, replace
from typing import NamedTuple, Optional

from contract.errors import SetUpError
from train.option_types import fraction, positive_int

LINEAR, EXPONENTIAL = "linear", "exponential"
MEAN, LOG_SUM = "mean", "log_sum"
GAINS, POSITIVES = (LINEAR, EXPONENTIAL), (MEAN, LOG_SUM)

# what a list must have for a loss to learn from it
ANY_ROW, TWO_TITLES, TWO_GRADES = "any row", "two titles", "two grades"
BOTH_CLASSES = "a relevant and an irrelevant title"

_DISTILL_WEIGHT = 0.5


class AboutLoss(NamedTuple):
    """What a loss needs.

    Attributes:
        of: what a list must have; ``ANY_ROW`` takes rows on their own, too.
        options: that change it.
        teacher: whether it learns from a teacher.
    """

    of: str
    options: tuple[str, ...] = ()
    teacher: bool = False


LOSSES = {
    "cross_entropy": AboutLoss(ANY_ROW, ("label_smoothing",)),
    "margin_ranking": AboutLoss(TWO_GRADES, ("margin",)),
    "ranknet": AboutLoss(TWO_GRADES, ("label_smoothing",)),
    "lambdarank": AboutLoss(TWO_GRADES, ("gain",)),
    "lambdaloss": AboutLoss(TWO_GRADES, ("gain",)),
    "listnet": AboutLoss(TWO_GRADES, ("gain", "label_smoothing")),
    "listmle": AboutLoss(TWO_GRADES),
    "infonce": AboutLoss(BOTH_CLASSES, ("temperature", "positives")),
    "teacher_entropy": AboutLoss(ANY_ROW, teacher=True),
    "margin_mse": AboutLoss(TWO_GRADES, teacher=True),
    "teacher_kl": AboutLoss(TWO_TITLES, ("temperature",), teacher=True),
}
_DETAILS = ("label_smoothing", "gain", "temperature", "positives")
# to learn from a teacher beside the command's own loss, without --loss
_TAUGHT = {"cross_entropy": "teacher_entropy", "margin_ranking": "margin_mse"}


@dataclass(frozen=True)
class LossChoice:
    """The losses of a run, and what changes them.

    Attributes:
        weights: of each loss by its name.
        named: what ``--loss`` said, ``None`` where it was left out.
        list_size: titles that are drawn of a list each epoch; ``None`` takes all.
    """

    weights: dict[str, float]
    named: Optional[str] = None
    margin: float = 0.2
    gain: str = LINEAR
    label_smoothing: float = 0.0
    temperature: float = 1.0
    positives: str = MEAN
    list_size: Optional[int] = None

    @property
    def of_lists(self) -> bool:
        """Whether a loss compares titles, which have to be in one batch then."""
        return any(LOSSES[name].of != ANY_ROW for name in self.weights)

    @property
    def learns_from_teacher(self) -> bool:
        """Whether a loss needs a teacher's logits."""
        return any(LOSSES[name].teacher for name in self.weights)

    def with_teacher(self, weight: Optional[float]) -> LossChoice:
        """The command's own loss and the teacher's, which has ``weight`` (0.5) of both."""
        if self.named:
            return self
        share = _DISTILL_WEIGHT if weight is None else weight
        (own,) = self.weights
        return replace(self, weights={own: 1.0 - share, _TAUGHT[own]: share})

    @property
    def needs(self) -> set[str]:
        """What a list must have one of to be trained on."""
        return {LOSSES[name].of for name in self.weights}


def weighted_loss(text: str) -> tuple[str, float]:
    """``NAME`` or ``NAME:WEIGHT``."""
    name, colon, stated = text.partition(":")
    if name not in LOSSES:
        raise argparse.ArgumentTypeError(f"no loss {name!r}; there are {', '.join(LOSSES)}")
    try:
        weight = float(stated) if colon else 1.0
    except ValueError:
        weight = math.nan
    if not (weight > 0 and math.isfinite(weight)):
        raise argparse.ArgumentTypeError(f"the weight of {name} must be above 0, got {stated!r}")
    return name, weight


def temperature(text: str) -> float:
    """A finite number above 0."""
    value = float(text)
    if not (value > 0 and math.isfinite(value)):
        raise argparse.ArgumentTypeError(f"must be above 0, got {text}")
    return value


def list_size(text: str) -> int:
    """An integer of at least 2, as one title is in no order."""
    value = positive_int(text)
    if value < 2:
        raise argparse.ArgumentTypeError("must be at least 2, as one title is in no order")
    return value


def add_loss_options(parser: argparse.ArgumentParser, own: str) -> None:
    """Options of both training commands; ``own`` is the loss that the command has without them."""
    add = parser.add_argument
    add(
        "--loss",
        action="append",
        type=weighted_loss,
        metavar="NAME[:WEIGHT]",
        help=f"what to minimise, several are added: {', '.join(LOSSES)} (default: {own})",
    )
    add(
        "--margin",
        type=float,
        default=0.2,
        help="of margin_ranking: how much higher the better title should score (default: 0.2)",
    )
    add("--gain", choices=GAINS, help="of lambdarank, lambdaloss, listnet: a grade, or 2^grade - 1")
    add(
        "--label_smoothing",
        type=fraction,
        help="of cross_entropy, ranknet, listnet: part of a target that is spread (default: 0)",
    )
    add("--temperature", type=temperature, help="of infonce and teacher_kl (default: 1)")
    add(
        "--positives",
        choices=POSITIVES,
        help="of infonce: find each relevant title of a list, or any of them (default: mean)",
    )
    add(
        "--list_size",
        type=list_size,
        help="titles of a list in an epoch: relevant ones first, the others drawn anew (default: "
        "all)",
    )


def choose_losses(options: argparse.Namespace, own: str) -> LossChoice:
    """The losses that the options of a command say, or its own.

    Raises:
        SetUpError: a loss is there twice, or an option changes none of the losses.
    """
    named: list[tuple[str, float]] = options.loss or []
    weights = dict(named)
    if len(weights) < len(named):
        twice = next(name for name, _ in named if [n for n, _ in named].count(name) > 1)
        raise SetUpError(f"{twice} is named twice; give it one weight", field="loss")
    if named and options.distill_weight is not None:
        raise SetUpError("--loss has the weights; leave this out", field="distill_weight")
    if not named:
        weights = {own: 1.0}
    _refuse_without_use(options, weights)
    if options.list_size and all(LOSSES[name].of == ANY_ROW for name in weights):
        raise SetUpError(
            f"{' and '.join(weights)} takes rows on their own; leave it out, or add a --loss of "
            "lists",
            field="list_size",
        )
    details = {name: getattr(options, name) for name in _DETAILS}
    return LossChoice(
        weights,
        named=", ".join(f"{name}:{weight:g}" for name, weight in sorted(named)) or None,
        margin=options.margin,
        list_size=options.list_size,
        **{name: value for name, value in details.items() if value is not None},
    )


def _refuse_without_use(options: argparse.Namespace, weights: dict[str, float]) -> None:
    for detail in _DETAILS:
        takers = [name for name, about in LOSSES.items() if detail in about.options]
        if getattr(options, detail) is not None and not set(takers) & set(weights):
            raise SetUpError(
                f"changes none of {', '.join(weights)}; leave it out, or add --loss "
                f"{' or '.join(takers)}",
                field=detail,
            )
