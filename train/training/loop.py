# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The training loop of both rankers: steps, and between them logs, evaluations and checkpoints.

Every step draws its dropout from (seed, step, process) and every epoch its order from (seed,
epoch), so a run that stopped goes on exactly as it would have.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from tqdm import tqdm

from contract.errors import SetUpError
from train.data.batches import Plan
from train.evaluation.cautions import figure
from train.evaluation.dev_set import AUC, DevSet, Measured
from train.evaluation.metrics import NDCG
from train.model.device import rank
from train.training.meter import Meter
from train.training.processes import any_process
from train.training.run_record import LOSS, RATE, SPEED, RunRecord
from train.training.snapshot import Progress, Snapshots
from train.training.update import Learner


@dataclass(frozen=True)
class Schedule:
    """How long to learn, and what to do on the way; all but the last three are in steps.

    Attributes:
        batches: of one step.
        early_stopping: evaluations without a gain after which a run is over, or ``None``.
        kept: newest ``model_STEP`` that stay; 0 for all.
    """

    total_steps: int
    eval_step: int
    save_steps: int
    logging_steps: int
    valid_steps: Optional[int] = None
    batches: int = 1
    early_stopping: Optional[int] = None
    kept: int = 0


class Trainer:
    """Runs steps, and logs, evaluates and saves between them; only process 0 does the latter."""

    def __init__(
        self,
        learner: Learner,
        plan: Plan,
        dev_set: DevSet,
        snapshots: Snapshots,
        record: RunRecord,
        schedule: Schedule,
    ) -> None:
        """Prepare a run from its first step."""
        self._learner = learner
        self._plan = plan
        self._dev_set = dev_set
        self._snapshots = snapshots
        self._record = record
        self._schedule = schedule
        self._progress = Progress()
        self._meter = Meter()
        self._stopped = False

    def resume(self, directory: Path) -> list[str]:
        """Take optimiser, learning rate, scaler and position from a checkpoint.

        Returns:
            Names of options that the checkpoint does not state.

        Raises:
            SetUpError: it is of another run.
        """
        self._progress, unstated = self._snapshots.restore(directory, self._learner)
        return unstated

    @property
    def step(self) -> int:
        """Steps done."""
        return self._progress.step

    def run(self) -> bool:
        """Train to the end, and save the last checkpoint whatever ``save_steps`` says.

        Returns:
            Whether the run stopped early.

        Raises:
            SetUpError: training diverged, or the disk is full.
        """
        total = self._schedule.total_steps
        shown = rank() == 0 and sys.stderr.isatty()
        self._learner.model.train()
        self._meter = Meter()
        self._stopped = self._has_stalled()
        with tqdm(total=total, initial=self._progress.step, disable=not shown) as bar:
            while self._progress.step < total and not self._stopped:
                self._epoch(bar)
        self._check_loss()
        if self._progress.evaluated_at != self._progress.step:
            self._evaluate()
        self._save()
        return self._stopped

    def _epoch(self, bar: Any) -> None:
        progress, at_once = self._progress, self._schedule.batches
        batches = self._plan.epoch(progress.epoch)
        for start in range(progress.batch, len(batches), at_once):
            self._step(batches[start : start + at_once])
            progress.step += 1
            progress.batch = min(start + at_once, len(batches))
            bar.update()
            self._between_steps()
            if progress.step >= self._schedule.total_steps or self._stopped:
                return
        progress.epoch += 1
        progress.batch = 0

    def _step(self, batches: Sequence[Any]) -> None:
        loss = self._learner.step(batches, self._progress.step)
        if loss is not None:
            self._meter.add(self._progress.step + 1, loss)

    def _between_steps(self) -> None:
        step, schedule = self._progress.step, self._schedule
        validates = schedule.valid_steps and step % schedule.valid_steps == 0
        evaluates = step % schedule.eval_step == 0
        saves = step % schedule.save_steps == 0 and step < schedule.total_steps
        logs = step % schedule.logging_steps == 0
        if validates or evaluates or saves or logs:
            self._check_loss()
        if logs:
            self._log()
        before = time.perf_counter()
        if validates and rank() == 0:
            loss = self._dev_set.sampled_loss(self._learner.model)
            _say(f"valid step {step}, loss: {loss:.5f}")
        if evaluates:
            self._evaluate()
        if saves and not self._stopped:
            self._save()
        self._meter.paused += time.perf_counter() - before

    def _check_loss(self) -> None:
        """Before anything is said or kept of the steps since the last log line.

        Raises:
            SetUpError: a loss was NaN or infinite, in any of the processes.
        """
        step = self._meter.first_unsound()
        if not any_process(step is not None):
            return
        if step is None:
            raise SetUpError(
                f"another process has a loss that is no number, by step {self._progress.step}; "
                "lower the learning rate",
                field="learning_rate",
            )
        raise SetUpError(
            f"the loss is {self._meter.loss()} at step {step}; lower the learning rate",
            field="learning_rate",
        )

    def _check_weights(self) -> None:
        """Before they are measured or kept.

        Raises:
            SetUpError: a weight is NaN or infinite.
        """
        if not self._learner.weights_are_finite():
            raise SetUpError(
                f"weights are NaN or infinite after step {self._progress.step}, and are not saved; "
                "lower the learning rate",
                field="learning_rate",
            )

    def _log(self) -> None:
        if self._meter.steps and rank() == 0:
            progress, meter = self._progress, self._meter
            _say(
                f"global step {progress.step}, epoch: {progress.epoch}, batch: {progress.batch}, "
                f"{meter}"
            )
            figures = {LOSS: meter.loss(), RATE: self._learner.rate.last_lr, SPEED: meter.speed()}
            for name, value in figures.items():
                self._record.add(name, progress.step, value)
        self._meter = Meter()

    def _evaluate(self) -> None:
        """Measure, keep what is best, and see whether there was no gain for too long."""
        self._check_weights()
        progress = self._progress
        progress.evaluated_at = progress.step
        if rank() == 0:
            average = self._learner.average
            with average.in_place() if average else nullcontext():
                measured = self._dev_set.evaluate(self._learner.model)
            self._say_measured(measured)
            self._judge(measured)
            self._record.write()
        self._stopped = any_process(self._has_stalled())

    def _say_measured(self, measured: Measured) -> None:
        metrics, warnings = measured.figures, measured.cautions
        _say(f"eval_dev auc:{figure(metrics[AUC], '.3')}")
        if NDCG in metrics:
            listed = (f"{name}: {figure(metrics[name], '.4f')}" for name in metrics if name != AUC)
            _say(f"eval_dev {', '.join(listed)}")
        chosen_by = self._dev_set.chooses_by
        if metrics[chosen_by] is None:
            warnings = [*warnings, f"best is the latest checkpoint, as {chosen_by} has no value"]
        for warning in warnings:
            _say(f"eval_dev warning: {warning}")
        for name, value in metrics.items():
            if value is not None:
                interval = measured.intervals.get(name)
                ends = () if interval is None else (interval.low, interval.high)
                self._record.add(name, self._progress.step, value, ends)

    def _judge(self, measured: Measured) -> None:
        progress = self._progress
        progress.metrics = measured.figures
        value = measured.figures[self._dev_set.chooses_by]
        if value is None or progress.best is None or value > progress.best:
            progress.best, progress.best_step = value, progress.step
            progress.without_gain = 0
            self._snapshots.save("best", self._learner, progress)
            self._record.best(progress.step, measured.figures, measured.lists)
        else:
            progress.without_gain += 1

    def _has_stalled(self) -> bool:
        """Whether to stop early: Prechelt (1998), "Early Stopping - But When?"."""
        patience, progress = self._schedule.early_stopping, self._progress
        if patience is None or progress.without_gain < patience:
            return False
        if rank() == 0:
            _say(
                f"early stopping at step {progress.step}: no gain of {self._dev_set.chooses_by} in "
                f"{progress.without_gain} evaluations; best is step {progress.best_step}"
            )
        return True

    def _save(self) -> None:
        self._check_weights()
        if rank() != 0:
            return
        step = self._progress.step
        name = f"model_{step}"
        self._snapshots.save(name, self._learner, self._progress)
        self._snapshots.keep_as_last(name)
        for removed in self._snapshots.remove_oldest(step, self._schedule.kept):
            _say(f"model_{removed} is removed: --save_total_limit is {self._schedule.kept}")
        self._record.write()


def _say(line: str) -> None:
    """Print without tearing the progress bar."""
    tqdm.write(line)
    sys.stdout.flush()


def steps_in(plan: Plan, epochs: int, max_steps: Optional[int], batches: int) -> int:
    """All steps of a run that takes so many batches for each."""
    if max_steps is not None:
        return max_steps
    if batches == 1:
        return plan.steps(epochs)
    return sum(-(-len(plan.epoch(number)) // batches) for number in range(1, epochs + 1))
