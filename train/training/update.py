# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Take one step of training: the gradients of some batches, and new weights by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np
import paddle

from train.model.cpu_layers import quicken
from train.model.device import mixed_precision, rank, world_size
from train.model.layers import encoder_of
from train.training.adversarial import FastGradient
from train.training.averaging import AveragedWeights
from train.training.objective import Loss, Objective, Share
from train.training.optimizer import Rates, make_optimizer
from train.training.processes import SharedGradients
from train.training.rdrop import rdrop_loss
from train.training.recomputing import recompute_layers


@dataclass(frozen=True)
class StepSettings:
    """How a step is taken.

    Attributes:
        seed: of dropout, with the number of the step and of the process.
        device: the kind that computes.
        recompute: whether layers are computed again in the backward pass.
        ema_decay: of the averaged weights; 0 for none.
        rdrop: weight of the disagreement of two dropouts; 0 for none.
        fgm: length of the step of the adversary; 0 for none.
        use_amp: whether to compute in half precision.
        scale_loss: to begin with, in fp16.
    """

    seed: int
    device: str
    recompute: bool = False
    ema_decay: float = 0.0
    rdrop: float = 0.0
    fgm: float = 0.0
    use_amp: bool = False
    scale_loss: float = 2.0**15


class Learner:
    """A model with all that changes when it learns, and the step that changes it.

    Attributes:
        model: the ranker.
        optimizer: of its parameters.
        rate: the optimiser's learning rate.
        scaler: of the loss in fp16, or ``None``.
        average: of the weights, or ``None``.
    """

    def __init__(
        self,
        model: Any,
        objective: Objective,
        rates: Rates,
        settings: StepSettings,
        total_steps: int,
    ) -> None:
        """Prepare the optimiser; several processes share their gradients from here on.

        Raises:
            SetUpError: the device or the model cannot do what was asked for.
        """
        self.model = model
        self._objective = objective
        self._settings = settings
        if settings.device == "cpu" and not settings.use_amp:
            quicken(encoder_of(model))
        if settings.recompute:
            recompute_layers(model)
        odd = bool(settings.recompute or settings.rdrop or settings.fgm)
        self._shared = SharedGradients(model, afterwards=odd)
        self.optimizer, self.rate = make_optimizer(model, rates, total_steps)
        self._autocast = mixed_precision(settings.use_amp, settings.device)
        self.scaler: Optional[Any] = None
        if settings.use_amp and settings.device != "cpu":
            self.scaler = paddle.amp.GradScaler(init_loss_scaling=settings.scale_loss)
        self.average = AveragedWeights(model, settings.ema_decay) if settings.ema_decay else None
        self._adversary: Optional[FastGradient] = None
        if settings.fgm:
            words = encoder_of(model).embeddings.word_embeddings.weight
            self._adversary = FastGradient(words, settings.fgm)

    def step(self, batches: Sequence[Any], number: int) -> Optional[Loss]:
        """One update by the mean over the lists of all batches, which the processes deal out.

        Args:
            batches: row numbers of the lists of each.
            number: how many steps went before.

        Returns:
            The mean loss of this process's lists; ``None`` when there were too few to give
            every process one, and nothing was learned.
        """
        usable = [batch for batch in batches if len(batch) >= world_size()]
        if not usable:
            self.rate.step()
            return None
        seeds = [self._settings.seed % 2**32, number, rank()]
        paddle.seed(int(np.random.SeedSequence(seeds).generate_state(1)[0]))
        together = sum(len(batch) for batch in usable)
        parts = []
        for place, batch in enumerate(usable):
            own = batch[rank() :: world_size()]
            # gradients are averaged over processes; the weight makes that the mean over lists
            weight = len(own) * world_size() / together
            loss = self._pass(own, weight, last=place == len(usable) - 1)
            parts.append((loss, len(own)))
        self._shared.finish()
        self._apply()
        if self.average:
            self.average.update(number + 1)
        return _mean(parts)

    def _pass(self, rows: Any, weight: float, *, last: bool) -> Loss:
        """Add the gradients of a batch, and of the same batch as the adversary has it."""
        if self._adversary is None:
            with self._shared.of_pass(last=last):
                return self._backward(rows, weight)
        before = self._adversary.gradient()
        with self._shared.of_pass(last=False):
            loss = self._backward(rows, weight)
        with self._adversary.moved(before), self._shared.of_pass(last=last):
            self._backward(rows, weight)
        return loss

    def _backward(self, rows: Any, weight: float) -> Loss:
        model = self._shared.model
        with self._autocast():
            if self._settings.rdrop:
                loss = rdrop_loss(self._objective, model, rows, self._settings.rdrop)
            else:
                loss = self._objective.loss(model, rows)
        weighted = loss.value if weight == 1.0 else loss.value * weight
        if self.scaler:
            weighted = self.scaler.scale(weighted)
        weighted.backward()
        return loss

    def _apply(self) -> None:
        if self.scaler:
            self.scaler.step(self.optimizer)
            self.scaler.update()
        else:
            self.optimizer.step()
        self.optimizer.clear_grad()
        self.rate.step()

    def weights_are_finite(self) -> bool:
        """Whether no weight is NaN or infinite."""
        with paddle.no_grad():
            sound = [paddle.isfinite(value).all() for value in self.model.parameters()]
            return bool(paddle.stack(sound).all())


def _mean(parts: Sequence[tuple[Loss, int]]) -> Loss:
    """Of several batches, by their lists."""
    if len(parts) == 1:
        return parts[0][0]
    together = sum(count for _, count in parts)
    value = sum(loss.value.detach() * (count / together) for loss, count in parts)
    figures: dict[str, Share] = {}
    for loss, _ in parts:
        for name, share in loss.figures.items():
            total, count = figures.get(name, (0.0, 0.0))
            figures[name] = Share(share.total + total, share.count + count)
    return Loss(value, figures)
