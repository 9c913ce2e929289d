# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Gradient checkpointing: what a layer computed is forgotten, and computed again when needed."""

from __future__ import annotations

from typing import Any

from contract.errors import SetUpError
from train.model.layers import encoder_of


def recompute_layers(model: Any) -> None:
    """Have each layer of the encoder keep its input only, while it trains.

    The backward pass computes the layer again with the same dropout, so gradients stay the same to
    the last bit. Chen et al. (2016), "Training Deep Nets with Sublinear Memory Cost"; by
    ``paddle.distributed.fleet.utils.recompute``, which PaddleNLP's encoders call.

    Raises:
        SetUpError: the model's encoder cannot.
    """
    layers: Any = getattr(encoder_of(model), "encoder", None)
    if not hasattr(layers, "enable_recompute"):
        raise SetUpError(
            "this model's layers cannot be computed again; leave it out",
            field="gradient_checkpointing",
        )
    layers.enable_recompute = True
