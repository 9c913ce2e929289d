# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Tiny models with random weights as other projects lay them out, and what they must compute."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"天地玄黄宇宙洪荒日月盈昃辰宿列张"]
HIDDEN, HEADS, LAYERS, WIDE, POSITIONS = 16, 2, 2, 32, 40

Weights = Mapping[str, NDArray[Any]]


def bert_weights(seed: int, positions: int = POSITIONS, words: int = len(TOKENS)) -> dict[str, Any]:
    """Of an encoder, by Hugging Face's names without a prefix."""
    random = np.random.default_rng(seed)

    def draw(*shape: int) -> NDArray[np.float32]:
        return random.normal(0, 0.5, shape).astype(np.float32)

    weights = {
        "embeddings.word_embeddings.weight": draw(words, HIDDEN),
        "embeddings.position_embeddings.weight": draw(positions, HIDDEN),
        "embeddings.token_type_embeddings.weight": draw(2, HIDDEN),
    }
    norms = ["embeddings.LayerNorm"]
    for i in range(LAYERS):
        layer = f"encoder.layer.{i}."
        norms += [f"{layer}attention.output.LayerNorm", f"{layer}output.LayerNorm"]
        for name, out, into in (
            ("attention.self.query", HIDDEN, HIDDEN),
            ("attention.self.key", HIDDEN, HIDDEN),
            ("attention.self.value", HIDDEN, HIDDEN),
            ("attention.output.dense", HIDDEN, HIDDEN),
            ("intermediate.dense", WIDE, HIDDEN),
            ("output.dense", HIDDEN, WIDE),
        ):
            weights[f"{layer}{name}.weight"] = draw(out, into)
            weights[f"{layer}{name}.bias"] = draw(out)
    for name in norms:
        weights[f"{name}.weight"], weights[f"{name}.bias"] = 1 + 0.1 * draw(HIDDEN), draw(HIDDEN)
    return weights


def forward(
    weights: Weights,
    ids: list[int],
    types: list[int],
    first: int = 0,
    heads: int = HEADS,
    layers: int = LAYERS,
) -> Any:
    """BERT's encoder by its paper, one row at a time: ``[len(ids), hidden]`` in float64."""
    from scipy.special import erf

    w = {name: value.astype(np.float64) for name, value in weights.items()}

    def norm(x: Any, name: str) -> Any:
        x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        return x * w[f"{name}.weight"] + w[f"{name}.bias"]

    def linear(x: Any, name: str) -> Any:
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    words, positions, kinds = (
        w[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")
    )
    x = words[ids] + positions[first : first + len(ids)] + kinds[types]
    x = norm(x, "embeddings.LayerNorm")
    size = x.shape[1] // heads
    for i in range(layers):
        p = f"encoder.layer.{i}."
        q, k, v = (linear(x, f"{p}attention.self.{name}") for name in ("query", "key", "value"))
        parts = []
        for head in range(heads):
            s = slice(head * size, (head + 1) * size)
            fit = np.exp(q[:, s] @ k[:, s].T / np.sqrt(size))
            parts.append(fit / fit.sum(-1, keepdims=True) @ v[:, s])
        attended = linear(np.concatenate(parts, axis=1), f"{p}attention.output.dense")
        x = norm(x + attended, f"{p}attention.output.LayerNorm")
        wide = linear(x, f"{p}intermediate.dense")
        wide = wide * (1 + erf(wide / np.sqrt(2))) / 2
        x = norm(x + linear(wide, f"{p}output.dense"), f"{p}output.LayerNorm")
    return x


def write_model(directory: Path, weights: Weights, **config: Any) -> Path:
    """A directory with configuration, vocabulary and ``model.safetensors``."""
    from safetensors.numpy import save_file

    directory.mkdir(parents=True, exist_ok=True)
    about = {
        "model_type": "bert",
        "hidden_size": HIDDEN,
        "num_attention_heads": HEADS,
        "num_hidden_layers": LAYERS,
        "max_position_embeddings": POSITIONS,
        "layer_norm_eps": 1e-12,
        "hidden_act": "gelu",
        "pad_token_id": 0,
        **config,
    }
    (directory / "config.json").write_text(json.dumps(about))
    (directory / "vocab.txt").write_text("".join(f"{token}\n" for token in TOKENS))
    save_file(dict(weights), str(directory / "model.safetensors"))
    return directory


def numbers(text: str) -> list[int]:
    """Ids of a text's characters, without special tokens."""
    return [TOKENS.index(character) if character in TOKENS else 1 for character in text]


def pair_row(query: str, title: str) -> tuple[list[int], list[int]]:
    """``[CLS] query [SEP] title [SEP]`` and its types."""
    first = [2, *numbers(query), 3]
    second = [*numbers(title), 3]
    return first + second, [0] * len(first) + [1] * len(second)
