# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Layers of an encoder whose gradients take less time on a CPU than Paddle's own.

Paddle's CPU kernels of the gradients of layer norm and GELU, of a sum with a mask that is smaller,
and of dropout's draws take several times what their arithmetic takes. Here each is made of matrix
products and of sums and products of equal shapes, which are quick. The formulas are Paddle's: the
results differ in the last digits, and dropout by its draws.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any, Callable, Optional

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn
from paddle.autograd import PyLayer

_DRAWS = 1 << 16


class _LayerNorm(PyLayer):  # type: ignore[misc]
    """``(x - mean) / sqrt(variance + epsilon) * weight + bias`` over the last axis.

    With ``n`` the normed rows, ``s`` their deviations and ``g`` the gradient, that of a row is
    ``(g w - mean(g w) - n mean(g w n)) / s``: Ba, Kiros and Hinton (2016), "Layer Normalization".
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, epsilon: float) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.epsilon = epsilon
        return F.layer_norm(x, weight.shape, weight, bias, epsilon)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x, weight = ctx.saved_tensor()
        width = weight.shape[0]
        rows, g = x.reshape([-1, width]), gradient.reshape([-1, width])
        normed = F.layer_norm(rows, [width], epsilon=ctx.epsilon)
        shared = g * normed
        part = (weight / width).reshape([width, 1])
        # n = (x - mean) / s, so that mean((x - mean) n) = (s^2 - epsilon) / s
        mean_of = paddle.full([width, 1], 1.0 / width)
        across, down = paddle.ones([1, width]), paddle.ones([1, rows.shape[0]])
        centred = rows - paddle.matmul(paddle.matmul(rows, mean_of), across)
        known = paddle.matmul(centred.multiply_(normed), mean_of).clip_(min=0.0)
        scale = 2.0 / (known + (known * known + 4.0 * ctx.epsilon).sqrt())
        own = paddle.matmul(scale, weight.reshape([1, width])).multiply_(g)
        along = paddle.matmul(scale * paddle.matmul(shared, part), across).multiply_(normed)
        mean = paddle.matmul(scale * paddle.matmul(g, part), across)
        of_x = own.subtract_(along).subtract_(mean).reshape(x.shape)
        of_weight, of_bias = paddle.matmul(down, shared), paddle.matmul(down, g)
        return of_x, of_weight.reshape([width]), of_bias.reshape([width])


class _PlusBias(PyLayer):  # type: ignore[misc]
    """A vector added to each row."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, bias: Tensor) -> Tensor:
        return x + bias

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        width = gradient.shape[-1]
        rows = gradient.reshape([-1, width])
        return gradient, paddle.matmul(paddle.ones([1, rows.shape[0]]), rows).reshape([width])


class _Gelu(PyLayer):  # type: ignore[misc]
    """``x P(x)`` with the normal distribution ``P``: Hendrycks and Gimpel (2016)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        below = paddle.erf(x * math.sqrt(0.5)).scale_(0.5, 0.5)
        ctx.save_for_backward(x, below)
        return x * below

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        x, below = ctx.saved_tensor()
        density = (x * x).scale_(-0.5).exp_().scale_(1.0 / math.sqrt(2.0 * math.pi))
        return density.multiply_(x).add_(below).multiply_(gradient)


class _Dropout(PyLayer):  # type: ignore[misc]
    """Srivastava et al. (2014), "Dropout"; what is left is scaled up, as Paddle does by default."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, dropped: float) -> Tensor:
        ctx.kept = _drawn(x.shape, dropped)
        return x * ctx.kept

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient * ctx.kept


class _Attention(PyLayer):  # type: ignore[misc]
    """``softmax(q k' + mask) v`` for each head: Vaswani et al. (2017), "Attention Is All You Need".

    Queries (scaled already), keys and values are ``[N, heads, L, width]``; the mask broadcasts to
    ``[N, heads, L, L]``.
    """

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, mask: Tensor, dropped: float) -> Tensor:
        scores = paddle.matmul(q, k, transpose_y=True)
        weights = F.softmax(scores.add_(mask.expand(scores.shape)))
        ctx.save_for_backward(q, k, v, weights)
        ctx.kept = _drawn(weights.shape, dropped) if dropped else None
        return paddle.matmul(weights if ctx.kept is None else weights * ctx.kept, v)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Optional[Tensor], ...]:
        q, k, v, weights = ctx.saved_tensor()
        used = weights if ctx.kept is None else weights * ctx.kept
        of_v = paddle.matmul(used, gradient, transpose_x=True)
        # of the scores: w (g - sum(w g)) in each row
        shared = paddle.matmul(gradient, v, transpose_y=True).multiply_(used)
        length = weights.shape[-1]
        sums = paddle.matmul(shared.reshape([-1, length]), paddle.ones([length, 1]))
        spread = paddle.matmul(sums, paddle.ones([1, length])).reshape(weights.shape)
        of_scores = shared.subtract_(spread.multiply_(weights))
        of_q, of_k = paddle.matmul(of_scores, k), paddle.matmul(of_scores, q, transpose_x=True)
        return of_q, of_k, of_v, None


def _drawn(shape: list[int], dropped: float) -> Tensor:
    """What dropout multiplies by: 0, or what keeps the mean.

    The seed comes of Paddle's generator, which resuming and computing layers again rely on.
    """
    seed = int(paddle.randint(0, 2**31 - 1, [1]).item())
    draws = np.random.Generator(np.random.SFC64(seed)).bytes(2 * math.prod(shape))
    below = round(dropped * _DRAWS)
    kept = np.frombuffer(draws, dtype=np.uint16).reshape(shape) >= below
    return paddle.to_tensor(kept * np.float32(_DRAWS / (_DRAWS - below)))


def quicken(model: Any) -> None:
    """Have a model's layers compute as here while they train; what they score otherwise stays."""
    for layer in model.sublayers():
        if isinstance(layer, nn.LayerNorm):
            layer.forward = _while_training(layer, _norm)
        elif isinstance(layer, nn.Linear) and layer.bias is not None:
            layer.forward = _while_training(layer, _linear)
        elif isinstance(layer, nn.Dropout) and _can_draw(layer.p):
            layer.forward = _while_training(layer, _dropout)
        elif isinstance(layer, nn.MultiHeadAttention) and _can_draw(layer.dropout):
            layer.forward = _while_training(layer, _attention, count=4)
        elif isinstance(layer, nn.TransformerEncoderLayer) and layer.activation is F.gelu:
            layer.activation = partial(_activation, layer)


def _can_draw(dropped: float) -> bool:
    return dropped == 0.0 or 0 < round(dropped * _DRAWS) < _DRAWS


def _while_training(layer: Any, quick: Callable[..., Any], count: int = 1) -> Callable[..., Any]:
    """For a call with so many inputs, as an encoder makes it; any other is the layer's own."""
    plain = layer.forward

    def forward(*inputs: Any, **named: Any) -> Any:
        usual = len(inputs) == count and inputs[-1] is not None and not named
        return quick(layer, *inputs) if layer.training and usual else plain(*inputs, **named)

    return forward


def _norm(layer: Any, x: Tensor) -> Tensor:
    return _LayerNorm.apply(x, layer.weight, layer.bias, layer._epsilon)


def _linear(layer: Any, x: Tensor) -> Tensor:
    return _PlusBias.apply(paddle.matmul(x, layer.weight), layer.bias)


def _dropout(layer: Any, x: Tensor) -> Tensor:
    return _Dropout.apply(x, layer.p) if layer.p else x


def _activation(layer: Any, x: Tensor) -> Tensor:
    return _Gelu.apply(x) if layer.training else F.gelu(x)


def _attention(layer: Any, query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
    """What an encoder's layer asks for: of one sequence, with a mask of floats."""

    def of_heads(projected: Tensor) -> Tensor:
        shape = [*projected.shape[:2], layer.num_heads, layer.head_dim]
        return projected.reshape(shape).transpose([0, 2, 1, 3])

    q = of_heads(layer.q_proj(query) * layer.head_dim**-0.5)
    k, v = of_heads(layer.k_proj(key)), of_heads(layer.v_proj(value))
    read = _Attention.apply(q, k, v, mask, layer.dropout)
    return layer.out_proj(read.transpose([0, 2, 1, 3]).reshape(query.shape))
