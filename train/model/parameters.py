# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Put the arrays of a file into a ranker's parameters, and say which had no place or no array.

Files of both rankers, of bare encoders and of PaddleNLP's models come in; they differ in the prefix
of the encoder and in the head.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contract.errors import SetUpError


class Loaded(NamedTuple):
    """Names of the model's parameters: read from the file, missing there, and left over there.

    What has another shape in the file, as the head of another task, is both new and left over.
    """

    read: list[str]
    new: list[str]
    unused: list[str]

    def __str__(self) -> str:
        """One line for the log."""
        new = ", ".join(self.new[:4]) + (" ..." if len(self.new) > 4 else "")
        unused = ", ".join(self.unused[:4]) + (" ..." if len(self.unused) > 4 else "")
        return (
            f"{len(self.read)} parameters loaded; new: {new or 'none'}; "
            f"not used: {unused or 'none'}"
        )


def encoder_name(model: Any) -> str:
    """The attribute of a ranker that is its ERNIE encoder: ``ptm`` pair-wise, else PaddleNLP's."""
    return "ptm" if hasattr(model, "ptm") else str(model.base_model_prefix)


def graph_names(model: Any) -> dict[str, str]:
    """The model's name of each parameter and buffer by Paddle's, which an exported graph has."""
    return {value.name: name for name, value in model.state_dict().items()}


def with_fitting_head(
    model: Any, parameters: Mapping[str, NDArray[Any]]
) -> Mapping[str, NDArray[Any]]:
    """The same with a cross-encoder's head of one logit as the head that the model has.

    The score stays what it was, sigmoid(z): of two logits -z/2 and z/2 it is the softmax of the
    second. All other heads are left as they are.
    """
    weight, bias = parameters.get("classifier.weight"), parameters.get("classifier.bias")
    if weight is None or bias is None or weight.shape[-1] != 1:
        return parameters
    own = model.state_dict()
    rest = {name: value for name, value in parameters.items() if name[:11] != "classifier."}
    if "similarity.weight" in own:
        return {**rest, "similarity.weight": weight, "similarity.bias": bias}
    if own["classifier.weight"].shape[-1] != 2:
        return parameters
    halves = np.array([-0.5, 0.5], weight.dtype)
    return {**rest, "classifier.weight": weight * halves, "classifier.bias": bias * halves}


def load_parameters(
    model: Any, parameters: Mapping[str, NDArray[Any]], *, any_head: bool = False
) -> Loaded:
    """Load a file of either ranker or of a bare encoder; heads of the other kind are left out.

    Args:
        model: a ranker.
        parameters: by the names in their file.
        any_head: leave out a head of another shape too, to be trained anew.

    Raises:
        SetUpError: nothing fits, or a parameter has another shape.
    """
    own = model.state_dict()
    inside = encoder_name(model)
    renamed: dict[str, NDArray[Any]] = {}
    for name, value in parameters.items():
        renamed[_own_name(name, own, inside)] = value
    fitting = set(renamed) & set(own)
    for name in sorted(fitting):
        found, wanted = list(renamed[name].shape), list(own[name].shape)
        if found == wanted:
            continue
        if not any_head or name.startswith(f"{inside}."):
            raise SetUpError(
                f"{name} has shape {found}, but the model's config asks for {wanted}",
                field="checkpoint",
            )
        fitting.remove(name)
    result = Loaded(sorted(fitting), sorted(set(own) - fitting), sorted(set(renamed) - fitting))
    if not any(name.startswith(f"{inside}.encoder.") for name in result.read):
        raise SetUpError("its parameters are those of another architecture", field="checkpoint")
    for name in result.read:
        # a table's codes are integers; of weights, all files have their own precision
        own[name].set_value(np.asarray(renamed[name]).astype(own[name].numpy().dtype))
    return result


def _own_name(name: str, own: Mapping[str, Any], inside: str) -> str:
    """The name of a parameter in this model: encoders differ in their prefix only."""
    if name in own:
        return name
    for prefix in ("ptm.", "ernie.", "ernie_gram.", ""):
        if name.startswith(prefix):
            candidate = f"{inside}.{name[len(prefix) :]}"
            if candidate in own:
                return candidate
    return name
