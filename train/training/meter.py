# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Sums of what the steps between two log lines had, and the first of them that went wrong.

Nothing here waits for the device until a figure is asked for.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Optional

import paddle

from train.training.objective import Loss


@dataclass
class Meter:
    """Losses and figures since it was made.

    Attributes:
        steps: numbers of the steps that were added, from 1.
        paused: seconds that were not training.
    """

    started: float = field(default_factory=time.perf_counter)
    steps: list[int] = field(default_factory=list)
    paused: float = 0.0
    _loss: Any = 0.0
    _figures: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    # whether all losses were finite so far, and how many came before the first that was not
    _sound: Any = 1.0
    _sound_steps: Any = 0.0

    def add(self, step: int, loss: Loss) -> None:
        """Count a step's loss."""
        self.steps.append(step)
        value = loss.value.detach()
        self._loss = self._loss + value
        self._sound = self._sound * paddle.isfinite(value).astype("float32")
        self._sound_steps = self._sound_steps + self._sound
        for name, share in loss.figures.items():
            total, count = self._figures.get(name, (0.0, 0.0))
            self._figures[name] = (share.total + total, share.count + count)

    def first_unsound(self) -> Optional[int]:
        """The number of the first step whose loss is NaN or infinite, or ``None``."""
        sound = int(self._sound_steps)
        return self.steps[sound] if sound < len(self.steps) else None

    def loss(self) -> float:
        """Mean over the steps."""
        return float(self._loss) / len(self.steps)

    def speed(self) -> float:
        """Steps per second of training proper."""
        seconds = time.perf_counter() - self.started - self.paused
        return len(self.steps) / max(seconds, 1e-9)

    def __str__(self) -> str:
        """Means and speed, as upstream writes them."""
        means = f"loss: {self.loss():.5f}, "
        for name, (total, count) in self._figures.items():
            means += f"{name}: {float(total) / max(float(count), 1.0):.5f}, "
        return f"{means}speed: {self.speed():.2f} step/s"
