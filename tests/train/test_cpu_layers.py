# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What an encoder computes while it trains on a CPU is what Paddle's own layers compute."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from paddle import nn

from train.model import cpu_layers
from train.model.cpu_layers import quicken
from train.model.device import set_device

WIDTH, HEADS, LENGTHS = 16, 2, (7, 3, 5, 1)
Arrays = dict[str, np.ndarray]


@pytest.fixture(autouse=True)
def on_the_cpu() -> None:
    set_device("cpu", 1)
    paddle.seed(3)


def layer_of(activation: str, dropout: float = 0.0) -> nn.Layer:
    layer = nn.TransformerEncoderLayer(
        WIDTH, HEADS, 32, dropout=dropout, activation=activation, attn_dropout=dropout
    )
    for name, parameter in layer.named_parameters():
        if "norm" in name or "bias" in name:
            parameter.set_value(paddle.randn(parameter.shape) + 0.5)
    return nn.Sequential(layer)


def rows() -> tuple[paddle.Tensor, paddle.Tensor]:
    x = paddle.randn([len(LENGTHS), max(LENGTHS), WIDTH]) + 2.0
    x.stop_gradient = False
    real = np.arange(max(LENGTHS)) < np.array(LENGTHS)[:, None]
    return x, paddle.to_tensor(np.where(real, 0.0, -1e4).astype(np.float32)).unsqueeze([1, 2])


def results(model: Any, x: paddle.Tensor, mask: paddle.Tensor) -> Arrays:
    """What comes out, and the gradients of all that goes in."""
    out = model[0](x, mask)
    (
        out * paddle.cos(paddle.arange(out.size).astype("float32")).reshape(out.shape)
    ).sum().backward()
    found = {name: value.grad.numpy() for name, value in model.named_parameters()}
    found.update(out=out.numpy(), x=x.grad.numpy())
    for value in (x, *model.parameters()):
        value.clear_gradient()
    return found


def check_same(found: Arrays, expected: Arrays) -> None:
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=3e-5, err_msg=name)


@pytest.mark.parametrize("activation", ["gelu", "relu"])
def test_gradients_are_those_of_paddles_layers(activation: str) -> None:
    model, given = layer_of(activation), rows()
    expected = results(model, *given)
    quicken(model)
    found = results(model, *given)
    check_same(found, expected)
    assert any((found[name] != value).any() for name, value in expected.items()), "the same code"


@pytest.mark.parametrize("epsilon", [1e-12, 1e-5, 1e-3])
def test_a_norm_of_rows_that_hardly_vary(epsilon: float) -> None:
    norm = nn.LayerNorm(WIDTH, epsilon=epsilon)
    norm.weight.set_value(paddle.randn([WIDTH]))
    x = paddle.randn([6, WIDTH]) * paddle.to_tensor([[1e-3], [1.0], [30.0], [0.1], [0.01], [3.0]])
    x.stop_gradient = False
    found = []
    for _ in range(2):
        F.sigmoid(norm(x)).sum().backward()
        found.append({"x": x.grad.numpy(), "weight": norm.weight.grad.numpy()})
        x.clear_gradient()
        norm.clear_gradients()
        quicken(nn.Sequential(norm))
    for name in found[0]:
        largest = np.abs(found[0][name]).max()
        np.testing.assert_allclose(found[1][name], found[0][name], rtol=1e-3, atol=largest * 1e-5)


@pytest.mark.parametrize("value", [0.0, 0.7, -300.0])
def test_a_constant_row_has_a_gradient(value: float) -> None:
    norm = nn.LayerNorm(WIDTH, epsilon=1e-12)
    quicken(nn.Sequential(norm))
    x = paddle.full([2, WIDTH], value)
    x.stop_gradient = False
    norm(x).sum().backward()
    assert np.isfinite(x.grad.numpy()).all()


def test_a_norm_of_rows_far_from_0() -> None:
    """Their deviation is a thousandth of their mean, and comes out of a difference."""
    noise = np.random.default_rng(2).normal(size=(6, WIDTH))
    exact = (noise - noise.mean(1, keepdims=True)) / noise.std(1, keepdims=True)
    gradient = np.cos(np.arange(noise.size)).reshape(noise.shape)
    along = (gradient * exact).mean(1, keepdims=True) * exact
    expected = (gradient - gradient.mean(1, keepdims=True) - along) / noise.std(1, keepdims=True)
    norm = nn.LayerNorm(WIDTH, epsilon=1e-12)
    quicken(nn.Sequential(norm))
    x = paddle.to_tensor((noise + 1000.0).astype(np.float32), stop_gradient=False)
    (norm(x) * paddle.to_tensor(gradient.astype(np.float32))).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), expected, atol=2e-3)


@pytest.mark.parametrize("dropped", [1.0, 1e-7])
def test_dropout_of_all_or_hardly_any_is_paddles(dropped: float) -> None:
    dropout = nn.Dropout(dropped)
    quicken(nn.Sequential(dropout))
    assert np.isfinite(dropout(paddle.ones([4, 5])).numpy()).all()


def test_attention_without_a_mask_is_paddles() -> None:
    attention = nn.MultiHeadAttention(WIDTH, HEADS)
    x, mask = rows()
    expected = attention(x).numpy(), attention(x, attn_mask=mask).numpy()
    quicken(nn.Sequential(attention))
    np.testing.assert_array_equal(attention(x).numpy(), expected[0])
    np.testing.assert_array_equal(attention(x, attn_mask=mask).numpy(), expected[1])


def test_dropout_in_attention_has_the_gradients_of_its_formula(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shape = [2, HEADS, 5, 8]
    kept = paddle.to_tensor(np.random.default_rng(1).integers(0, 2, [2, HEADS, 5, 5]) * 2.0)
    kept = kept.astype("float32")
    monkeypatch.setattr(cpu_layers, "_drawn", lambda shape, dropped: kept)
    given = [paddle.randn(shape) for _ in range(3)]
    mask = paddle.zeros([2, 1, 1, 5])

    def plain(q: Any, k: Any, v: Any) -> Any:
        weights = F.softmax(paddle.matmul(q, k, transpose_y=True) + mask)
        return paddle.matmul(weights * kept, v)

    def gradients(attend: Callable[..., Any]) -> Arrays:
        inputs = [paddle.to_tensor(value, stop_gradient=False) for value in given]
        attend(*inputs).square().sum().backward()
        return {name: value.grad.numpy() for name, value in zip("qkv", inputs)}

    check_same(
        gradients(lambda q, k, v: cpu_layers._Attention.apply(q, k, v, mask, 0.5)), gradients(plain)
    )


def test_dropout_drops_its_share_and_keeps_the_mean() -> None:
    dropout = nn.Dropout(0.1)
    quicken(nn.Sequential(dropout))
    x = paddle.ones([400, 500])
    x.stop_gradient = False
    out = dropout(x)
    out.sum().backward()
    values = out.numpy()
    assert 0.097 < (values == 0).mean() < 0.103
    np.testing.assert_allclose(values[values != 0], 1 / 0.9, rtol=1e-4)
    np.testing.assert_array_equal(x.grad.numpy(), values)


def test_a_seed_gives_the_same_draws_again_and_others_next_time() -> None:
    model, given = layer_of("gelu", dropout=0.3), rows()
    quicken(model)
    runs = []
    for seed in (1, 1, 2):
        paddle.seed(seed)
        runs.append(results(model, *given)["x"])
    np.testing.assert_array_equal(runs[0], runs[1])
    assert (runs[0] != runs[2]).any()
    assert (results(model, *given)["x"] != runs[2]).any()


def test_scores_stay_those_of_paddles_layers() -> None:
    model, (x, mask) = layer_of("gelu", dropout=0.3), rows()
    model.eval()
    expected = model[0](x, mask).numpy()
    quicken(model)
    np.testing.assert_array_equal(model[0](x, mask).numpy(), expected)


def test_transposed_tensors_are_no_views() -> None:
    (flag,) = paddle.get_flags("FLAGS_use_stride_kernel").values()
    assert flag is False
