# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What the options of a training command mean for its rates, its steps and its schedule."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Optional

from contract.errors import SetUpError
from train.evaluation.dev_set import DevSet
from train.loop_options import PRETRAINED_RATE, UNTRAINED_RATE
from train.training.loop import Schedule
from train.training.optimizer import Rates
from train.training.snapshot import stated_rate
from train.training.update import StepSettings


def learning_rate(
    asked: Optional[float], checkpoint: Optional[Path], has_weights: bool
) -> tuple[float, str]:
    """The rate of a run, and why it is that one; no reason where it was asked for.

    A model without weights has more to learn than a trained one has to forget.

    Args:
        asked: by ``--learning_rate``, or ``None``.
        checkpoint: the directory that is resumed from, whose run may state its rate, or ``None``.
        has_weights: whether the model starts with some.
    """
    if asked is not None:
        return asked, ""
    rate = stated_rate(checkpoint) if checkpoint else None
    if rate is not None:
        return rate, "as the run began with"
    if has_weights:
        return PRETRAINED_RATE, "as the model starts with weights"
    return UNTRAINED_RATE, "as the model starts without weights"


def plain_rate(rate: float) -> str:
    """``7e-4``, and not ``0.0007``."""
    mantissa, _, exponent = f"{rate:e}".partition("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def check_early_stopping(options: argparse.Namespace, dev_set: DevSet) -> None:
    """Raises SetUpError: no evaluation can have a gain."""
    if options.early_stopping and not dev_set.can_choose():
        raise SetUpError(
            f"{options.test_file} has rows of one class only, so that no gain can be seen; leave "
            "it out, or use a file that has both",
            field="early_stopping",
        )


def rates_of(options: argparse.Namespace) -> Rates:
    """How fast to learn; the learning rate is settled by now."""
    return Rates(
        options.learning_rate,
        options.weight_decay,
        options.warmup_proportion,
        options.layer_decay,
    )


def step_settings_of(options: argparse.Namespace, kind: str) -> StepSettings:
    """How a step is taken on this kind of device."""
    return StepSettings(
        seed=options.seed,
        device=kind,
        recompute=options.gradient_checkpointing,
        ema_decay=options.ema_decay,
        rdrop=options.rdrop,
        fgm=options.fgm,
        use_amp=options.use_amp,
        scale_loss=options.scale_loss,
    )


def schedule_of(options: argparse.Namespace, steps: int) -> Schedule:
    """How long to learn, and what to do on the way."""
    return Schedule(
        total_steps=steps,
        eval_step=options.eval_step,
        save_steps=options.save_steps,
        logging_steps=options.logging_steps,
        valid_steps=getattr(options, "valid_steps", None),
        batches=options.gradient_accumulation_steps,
        early_stopping=options.early_stopping,
        kept=options.save_total_limit,
    )
