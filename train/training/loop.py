# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The training loop of both rankers: steps, and between them logs, evaluations and checkpoints.

Every step draws its dropout from (seed, step, process) and every epoch its order from (seed,
epoch), so a run that stopped goes on exactly as it would have.
"""

from __future__ import annotations

import math
import sys
import time
from dataclasses import dataclass, field
from typing import Any, Optional

import numpy as np
import paddle
from tqdm import tqdm

from contract.errors import SetUpError
from train.data.batches import BatchPlan
from train.evaluation.cautions import figure
from train.evaluation.dev_set import AUC, DevSet
from train.evaluation.metrics import NDCG
from train.model.device import mixed_precision, rank, world_size
from train.training.objective import Loss, Objective
from train.training.snapshot import Progress, Snapshots

_GRADIENT_NORM = 1.0


@dataclass(frozen=True)
class Settings:
    """How long and how fast to learn, and what to do on the way."""

    learning_rate: float
    weight_decay: float
    warmup_proportion: float
    total_steps: int
    eval_step: int
    save_steps: int
    logging_steps: int
    seed: int
    device: str
    valid_steps: Optional[int] = None
    use_amp: bool = False
    scale_loss: float = 2.0**15


def learning_rate_factor(step: int, total_steps: int, warmup_steps: int) -> float:
    """Linear rise over the warm-up, then linear fall to 0 at the last step."""
    if step < warmup_steps:
        return step / warmup_steps
    return max(0.0, (total_steps - step) / max(1, total_steps - warmup_steps))


def make_optimizer(model: Any, settings: Settings) -> tuple[Any, Any]:
    """AdamW with clipped gradients, and its learning rate; biases and norms do not decay."""
    warmup_steps = int(settings.total_steps * settings.warmup_proportion)
    rate = paddle.optimizer.lr.LambdaDecay(
        settings.learning_rate,
        lambda step: learning_rate_factor(step, settings.total_steps, warmup_steps),
    )
    decayed = {
        parameter.name
        for name, parameter in model.named_parameters()
        if "bias" not in name and "norm" not in name
    }
    optimizer = paddle.optimizer.AdamW(
        learning_rate=rate,
        parameters=model.parameters(),
        weight_decay=settings.weight_decay,
        apply_decay_param_fun=lambda name: name in decayed,
        grad_clip=paddle.nn.ClipGradByGlobalNorm(_GRADIENT_NORM),
    )
    return optimizer, rate


@dataclass
class _Meter:
    """Sums between two log lines."""

    started: float = field(default_factory=time.perf_counter)
    steps: int = 0
    paused: float = 0.0
    loss: Any = 0.0
    accuracy: Any = None

    def add(self, loss: Loss) -> None:
        self.steps += 1
        self.loss = self.loss + loss.value.detach()
        if loss.accuracy is not None:
            self.accuracy = loss.accuracy + (0.0 if self.accuracy is None else self.accuracy)

    def mean_loss(self) -> float:
        return float(self.loss) / self.steps

    def __str__(self) -> str:
        """Means, and steps per second of training proper, as upstream writes them."""
        seconds = time.perf_counter() - self.started - self.paused
        means = f"loss: {self.mean_loss():.5f}, "
        if self.accuracy is not None:
            means += f"accuracy: {float(self.accuracy) / self.steps:.5f}, "
        return f"{means}speed: {self.steps / max(seconds, 1e-9):.2f} step/s"


class Trainer:
    """Runs steps, and logs, evaluates and saves between them; only process 0 does the latter."""

    def __init__(
        self,
        model: Any,
        objective: Objective,
        plan: BatchPlan,
        dev_set: DevSet,
        snapshots: Snapshots,
        settings: Settings,
    ) -> None:
        """Prepare the optimiser; several processes share their gradients from here on."""
        self._model = model
        self._trained = paddle.DataParallel(model) if world_size() > 1 else model
        self._objective = objective
        self._plan = plan
        self._dev_set = dev_set
        self._snapshots = snapshots
        self._settings = settings
        self._optimizer, self._rate = make_optimizer(model, settings)
        self._autocast = mixed_precision(settings.use_amp, settings.device)
        self._scaler: Optional[Any] = None
        if settings.use_amp and settings.device != "cpu":
            self._scaler = paddle.amp.GradScaler(init_loss_scaling=settings.scale_loss)
        self._progress = Progress()
        self._meter = _Meter()

    def resume(self, directory: Any) -> None:
        """Take optimiser, learning rate, scaler and position from a checkpoint."""
        self._progress = self._snapshots.restore(
            directory, self._model, self._optimizer, self._scaler
        )

    def run(self) -> None:
        """Train to the end, and save the last checkpoint whatever ``save_steps`` says."""
        total = self._settings.total_steps
        shown = rank() == 0 and sys.stderr.isatty()
        self._trained.train()
        self._meter = _Meter()
        with tqdm(total=total, initial=self._progress.step, disable=not shown) as bar:
            while self._progress.step < total:
                self._epoch(bar)
        if self._progress.evaluated_at != self._progress.step:
            self._evaluate()
        self._save()

    def _epoch(self, bar: Any) -> None:
        progress = self._progress
        batches = self._plan.epoch(progress.epoch)
        for number in range(progress.batch, len(batches)):
            self._step(batches[number])
            progress.step += 1
            progress.batch = number + 1
            bar.update()
            self._between_steps()
            if progress.step >= self._settings.total_steps:
                return
        progress.epoch += 1
        progress.batch = 0

    def _step(self, batch: Any) -> None:
        """One update; the batch is dealt out to the processes in turn."""
        own = batch[rank() :: world_size()]
        if len(batch) < world_size():
            # too few rows to give every process one
            self._rate.step()
            return
        seeds = [self._settings.seed % 2**32, self._progress.step, rank()]
        paddle.seed(int(np.random.SeedSequence(seeds).generate_state(1)[0]))
        with self._autocast():
            loss = self._objective.loss(self._trained, own)
        # gradients are averaged over processes; the weight makes that the mean over rows
        weighted = loss.value
        if world_size() > 1:
            weighted = weighted * (len(own) * world_size() / len(batch))
        if self._scaler:
            self._scaler.scale(weighted).backward()
            self._scaler.step(self._optimizer)
            self._scaler.update()
        else:
            weighted.backward()
            self._optimizer.step()
        self._optimizer.clear_grad()
        self._rate.step()
        self._meter.add(loss)

    def _between_steps(self) -> None:
        step, settings = self._progress.step, self._settings
        if step % settings.logging_steps == 0:
            self._log()
        before = time.perf_counter()
        if settings.valid_steps and step % settings.valid_steps == 0 and rank() == 0:
            loss = self._dev_set.sampled_loss(self._model)
            _say(f"valid step {step}, loss: {loss:.5f}")
        if step % settings.eval_step == 0:
            self._evaluate()
        if step % settings.save_steps == 0 and step < settings.total_steps:
            self._save()
        self._meter.paused += time.perf_counter() - before

    def _log(self) -> None:
        if self._meter.steps:
            loss = self._meter.mean_loss()
            if not math.isfinite(loss):
                raise SetUpError(
                    f"the loss is {loss} at step {self._progress.step}; lower the learning rate",
                    field="learning_rate",
                )
            if rank() == 0:
                progress = self._progress
                _say(
                    f"global step {progress.step}, epoch: {progress.epoch}, "
                    f"batch: {progress.batch}, {self._meter}"
                )
        self._meter = _Meter()

    def _evaluate(self) -> None:
        progress = self._progress
        progress.evaluated_at = progress.step
        if rank() != 0:
            return
        metrics, warnings = self._dev_set.evaluate(self._model)
        _say(f"eval_dev auc:{figure(metrics[AUC], '.3')}")
        if NDCG in metrics:
            listed = (f"{name}: {figure(metrics[name], '.4f')}" for name in metrics if name != AUC)
            _say(f"eval_dev {', '.join(listed)}")
        chosen_by = self._dev_set.chooses_by
        value = metrics[chosen_by]
        if value is None:
            warnings = [*warnings, f"best is the latest checkpoint, as {chosen_by} has no value"]
        for warning in warnings:
            _say(f"eval_dev warning: {warning}")
        progress.metrics = metrics
        if value is None or progress.best is None or value > progress.best:
            progress.best = value
            self._snapshots.save("best", *self._state())

    def _save(self) -> None:
        if rank() == 0:
            name = f"model_{self._progress.step}"
            self._snapshots.save(name, *self._state())
            self._snapshots.keep_as_last(name)

    def _state(self) -> tuple[Any, Any, Any, Any, Progress]:
        return self._model, self._optimizer, self._rate, self._scaler, self._progress


def _say(line: str) -> None:
    """Print without tearing the progress bar."""
    tqdm.write(line)
    sys.stdout.flush()


def steps_in(plan: BatchPlan, epochs: int, max_steps: Optional[int]) -> int:
    """All steps of a run."""
    return max_steps if max_steps is not None else epochs * len(plan)
