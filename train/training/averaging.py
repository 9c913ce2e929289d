# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A moving average of the weights, which is evaluated and saved in place of the last ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray


class AveragedWeights:
    """The exponential moving average of a model's parameters.

    ``average = d * average + (1 - d) * weights`` after each step, where ``d`` is the smaller of
    ``decay`` and ``(1 + step) / (10 + step)``, so that the first weights, which know nothing, are
    soon forgotten. Polyak and Juditsky (1992), "Acceleration of Stochastic Approximation by
    Averaging"; the bound is that of TensorFlow's ``ExponentialMovingAverage``.
    """

    def __init__(self, model: Any, decay: float) -> None:
        """Begin with the model's weights of now."""
        self._parameters: dict[str, Any] = dict(model.named_parameters())
        self._decay = decay
        with paddle.no_grad():
            self._average = {name: value.clone() for name, value in self._parameters.items()}

    def update(self, step: int) -> None:
        """Take in the weights after step number ``step``, from 1."""
        decay = min(self._decay, (1.0 + step) / (10.0 + step))
        with paddle.no_grad():
            for name, value in self._parameters.items():
                self._average[name].scale_(decay).add_(value * (1.0 - decay))

    @contextmanager
    def in_place(self) -> Iterator[dict[str, NDArray[Any]]]:
        """Give the model its averaged weights; yields the trained ones, which come back after."""
        with paddle.no_grad():
            trained = {name: value.clone() for name, value in self._parameters.items()}
        self._put(self._average)
        try:
            yield {name: np.asarray(value) for name, value in trained.items()}
        finally:
            self._put(trained)

    def restore(self, trained: Mapping[str, NDArray[Any]]) -> None:
        """Go on from a checkpoint: the model has the averaged weights, ``trained`` the others.

        Raises:
            KeyError: a parameter is missing.
        """
        with paddle.no_grad():
            self._average = {name: value.clone() for name, value in self._parameters.items()}
        self._put({name: paddle.to_tensor(trained[name]) for name in self._parameters})

    def _put(self, values: Mapping[str, Any]) -> None:
        with paddle.no_grad():
            for name, parameter in self._parameters.items():
                paddle.assign(values[name], output=parameter)
