# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes probabilities of margins of logits, by what a manifest's ``calibration`` says.

``export.calibrate`` fits it on held-out lists. It never falls as the logit rises, so that the order
by logit is that of the scores too, but for logits that it gives one score.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np
from numpy.typing import NDArray

from contract.errors import BundleError
from contract.scoring import sigmoid

FloatArray = NDArray[np.float64]

TEMPERATURE, PLATT, ISOTONIC = "temperature", "platt", "isotonic"
METHODS = (TEMPERATURE, PLATT, ISOTONIC)

_PARAMETERS = {
    TEMPERATURE: ("temperature",),
    PLATT: ("slope", "intercept"),
    ISOTONIC: ("logits", "scores"),
}
_FITTED_ON = {"sha256": str, "rows": int, "relevant": int, "lists": int}


@dataclass(frozen=True)
class Calibration:
    """A map from margins to the probability that a title is relevant.

    Attributes:
        method: ``temperature`` (``sigmoid(x / temperature)``; Guo et al., ICML 2017), ``platt``
            (``sigmoid(slope * x + intercept)``; Platt, 1999) or ``isotonic`` (between ``scores``
            at ``logits`` straight lines, beyond them level; Zadrozny and Elkan, KDD 2002).
        parameters: of the method, by name.
        fitted_on: the file's SHA-256, its rows, how many of them are relevant, and its lists.
    """

    method: str
    parameters: Mapping[str, Any]
    fitted_on: Mapping[str, Any]

    def __call__(self, margins: FloatArray) -> FloatArray:
        """Probabilities ``[N]`` of margins ``[N]``, float64."""
        return _APPLY[self.method](margins, self.parameters)

    @classmethod
    def parse(cls, read: Any, where: str) -> Calibration:
        """Check what a manifest has.

        Raises:
            BundleError: another method, other parameters, or values that are no calibration.
        """
        fault = _fault(read)
        if fault:
            raise BundleError(
                f"calibration: {fault}; calibrate the bundle again, by the release that serves it",
                field=where,
            )
        return cls(read["method"], read["parameters"], read["fitted_on"])


def _temperature(margins: FloatArray, parameters: Mapping[str, Any]) -> FloatArray:
    return sigmoid(margins / parameters["temperature"])


def _platt(margins: FloatArray, parameters: Mapping[str, Any]) -> FloatArray:
    return sigmoid(parameters["slope"] * margins + parameters["intercept"])


def _isotonic(margins: FloatArray, parameters: Mapping[str, Any]) -> FloatArray:
    scores: FloatArray = np.interp(margins, parameters["logits"], parameters["scores"])
    return scores


_APPLY: Mapping[str, Callable[[FloatArray, Mapping[str, Any]], FloatArray]] = {
    TEMPERATURE: _temperature,
    PLATT: _platt,
    ISOTONIC: _isotonic,
}


def _fault(read: Any) -> str:
    """What is wrong with a calibration, or nothing."""
    if not isinstance(read, dict) or set(read) != {"method", "parameters", "fitted_on"}:
        return "does not have method, parameters and fitted_on"
    method, parameters, fitted_on = read["method"], read["parameters"], read["fitted_on"]
    if method not in METHODS:
        return f"method {method!r} is not one of {', '.join(METHODS)}"
    names = _PARAMETERS[method]
    if not isinstance(parameters, dict) or set(parameters) != set(names):
        return f"the parameters of {method} are {', '.join(names)}"
    if not isinstance(fitted_on, dict) or {k: type(v) for k, v in fitted_on.items()} != _FITTED_ON:
        return f"fitted_on does not have {', '.join(_FITTED_ON)}"
    if method == ISOTONIC:
        return _fault_of_steps(parameters["logits"], parameters["scores"])
    if not all(_is_number(parameters[name]) for name in names):
        return f"{' and '.join(names)} must be finite"
    # the slope, or the temperature: what falls with the logit would turn the order around
    return "" if parameters[names[0]] > 0 else f"{names[0]} must be above 0"


def _fault_of_steps(logits: Any, scores: Any) -> str:
    if not all(isinstance(x, list) and x and all(map(_is_number, x)) for x in (logits, scores)):
        return "logits and scores must be lists of finite numbers"
    if len(logits) != len(scores) or not _rises(logits, strictly=True):
        return "logits must rise, and have a score each"
    if not _rises(scores, strictly=False) or scores[0] < 0 or scores[-1] > 1:
        return "scores must not fall, and lie from 0 to 1"
    return ""


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _rises(values: Sequence[float], *, strictly: bool) -> bool:
    pairs = zip(values, values[1:])
    return all(a < b if strictly else a <= b for a, b in pairs)
