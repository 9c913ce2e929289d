# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""AdamW for a ranker: how fast each parameter learns at each step, and which of them decay."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import paddle

_GRADIENT_NORM = 1.0
_LAYER = re.compile(r"(?:^|\.)layers\.(\d+)\.")


@dataclass(frozen=True)
class Rates:
    """How fast a run learns.

    Attributes:
        learning_rate: at its peak.
        weight_decay: of AdamW (Loshchilov and Hutter, 2019).
        warmup_proportion: part of all steps in which the rate rises.
        layer_decay: the rate of a layer, as a part of that of the layer above it.
    """

    learning_rate: float
    weight_decay: float
    warmup_proportion: float
    layer_decay: float = 1.0


def learning_rate_factor(step: int, total_steps: int, warmup_steps: int) -> float:
    """Linear rise over the warm-up, then linear fall to 0 at the last step."""
    if step < warmup_steps:
        return step / warmup_steps
    return max(0.0, (total_steps - step) / max(1, total_steps - warmup_steps))


def layer_factors(names: list[str], decay: float) -> dict[str, float]:
    """Layer-wise rates: ``decay`` to the power of how far a parameter lies below the head.

    Head and pooler have 1, the topmost of L layers ``decay``, the lowest ``decay ** L``, and the
    embeddings ``decay ** (L + 1)``. Howard and Ruder (2018), "Universal Language Model Fine-tuning
    for Text Classification" (discriminative fine-tuning); of BERT: Sun et al. (2019), "How to
    Fine-Tune BERT for Text Classification?".
    """
    found = {name: _LAYER.search(name) for name in names}
    layers = 1 + max((int(match[1]) for match in found.values() if match), default=-1)
    factors = {}
    for name, match in found.items():
        below = 0
        if match:
            below = layers - int(match[1])
        elif "embeddings." in name:
            below = layers + 1
        factors[name] = decay**below
    return factors


def make_optimizer(model: Any, rates: Rates, total_steps: int) -> tuple[Any, Any]:
    """AdamW with clipped gradients, and its learning rate; biases and norms do not decay."""
    warmup_steps = int(total_steps * rates.warmup_proportion)
    rate = paddle.optimizer.lr.LambdaDecay(
        rates.learning_rate, lambda step: learning_rate_factor(step, total_steps, warmup_steps)
    )
    parameters = dict(model.named_parameters())
    decayed = {
        p.name for name, p in parameters.items() if "bias" not in name and "norm" not in name
    }
    for name, factor in layer_factors(list(parameters), rates.layer_decay).items():
        # AdamW multiplies its rate by it; its own lr_ratio does not run on a CPU
        parameters[name].optimize_attr["learning_rate"] *= factor
    optimizer = paddle.optimizer.AdamW(
        learning_rate=rate,
        parameters=model.parameters(),
        weight_decay=rates.weight_decay,
        apply_decay_param_fun=lambda name: name in decayed,
        grad_clip=paddle.nn.ClipGradByGlobalNorm(_GRADIENT_NORM),
    )
    return optimizer, rate
