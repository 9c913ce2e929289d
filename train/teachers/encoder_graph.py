# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""BERT's encoder as an OpenVINO graph, made of weights alone: no framework has to export it.

The embeddings are looked up in NumPy, before the graph: a multilingual vocabulary is most of a
small model's weights, and stays on disk or in four bits that way. Names of weights are those of
Hugging Face's ``BertModel``, which RoBERTa, XLM-RoBERTa and ERNIE share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np
from numpy.typing import NDArray

from contract.errors import SetUpError
from train.teachers.openvino_graph import Run, compile_graph, in_batches
from train.teachers.teacher import FloatArray, Runtime

Weight = Callable[[str], NDArray[Any]]
# what is made of the hidden states [n, L, hidden] and the mask [n, L] of a batch
Head = Callable[[FloatArray, FloatArray], FloatArray]

ACTIVATIONS = {"gelu": "erf", "gelu_new": "tanh", "gelu_pytorch_tanh": "tanh", "relu": ""}
# added to the attention of padding
_MASKED = -1e9


@dataclass(frozen=True)
class Shape:
    """Sizes of an encoder, and its activation: a key of :data:`ACTIVATIONS`."""

    hidden: int
    heads: int
    layers: int
    epsilon: float
    activation: str = "gelu"


@dataclass(frozen=True)
class Embeddings:
    """What each token of a row begins with.

    Attributes:
        words: looks ids up, ``[n]`` to ``[n, hidden]``.
        positions: ``[longest, hidden]``; the first token has the first of them.
        types: ``[1 or 2, hidden]``.
        pad_id: of padding.
    """

    words: Callable[[NDArray[np.int64]], FloatArray]
    positions: FloatArray
    types: FloatArray
    pad_id: int


@dataclass(frozen=True)
class TokenRow:
    """Ids of one text or pair, special tokens included, and the type of each."""

    ids: Sequence[int]
    types: Sequence[int]


class Encoder:
    """An encoder compiled for this CPU."""

    def __init__(
        self, shape: Shape, weight: Weight, embeddings: Embeddings, runtime: Runtime, where: str
    ) -> None:
        """Build and compile the graph.

        Raises:
            SetUpError: OpenVINO is missing or refuses the graph, or a size or a weight does not
                fit.
        """
        self._embeddings = embeddings
        self._batch_size = runtime.batch_size
        self._run: Run = compile_graph(build(shape, weight, where), runtime, where)

    def compute(self, rows: Sequence[TokenRow], head: Head) -> FloatArray:
        """The head's result of every row, ``[len(rows), width]``."""

        def batch(numbers: NDArray[np.int64]) -> FloatArray:
            inputs, mask = self._feed([rows[i] for i in numbers])
            hidden = self._run({"embeddings": inputs, "mask": mask})["hidden"]
            return head(hidden, mask)

        return in_batches([len(row.ids) for row in rows], self._batch_size, batch)

    def _feed(self, rows: Sequence[TokenRow]) -> tuple[FloatArray, FloatArray]:
        longest = max(len(row.ids) for row in rows)
        ids = np.full((len(rows), longest), self._embeddings.pad_id, dtype=np.int64)
        types = np.zeros_like(ids)
        mask = np.zeros(ids.shape, dtype=np.float32)
        for i, row in enumerate(rows):
            ids[i, : len(row.ids)] = row.ids
            types[i, : len(row.ids)] = row.types
            mask[i, : len(row.ids)] = 1.0
        distinct, places = np.unique(ids, return_inverse=True)
        words = self._embeddings.words(distinct)[places.reshape(ids.shape)]
        own = self._embeddings.types[types] + self._embeddings.positions[:longest]
        return (words + own).astype(np.float32), mask


def build(shape: Shape, weight: Weight, where: str) -> Any:
    """An ``openvino.Model`` from ``embeddings [n, L, hidden]`` and ``mask [n, L]`` to ``hidden``.

    Devlin et al., 2019, "BERT"; each layer normalises after its sum, as there.

    Raises:
        SetUpError: the activation is unknown, or sizes and weights do not fit.
    """
    if shape.activation not in ACTIVATIONS or shape.hidden % shape.heads:
        raise SetUpError(
            f"activation {shape.activation!r} with {shape.heads} heads of {shape.hidden} units is "
            f"not read (activations: {', '.join(ACTIVATIONS)}); export it to ONNX",
            field=where,
        )
    import openvino

    parts = _Parts(shape, weight)
    ops = parts.ops
    inputs = ops.parameter([-1, -1, shape.hidden], openvino.Type.f32, name="embeddings")
    mask = ops.parameter([-1, -1], openvino.Type.f32, name="mask")
    try:
        x = parts.norm(inputs, "embeddings.LayerNorm")
        hidden_away = ops.multiply(ops.subtract(parts.floats([1.0]), mask), parts.floats([_MASKED]))
        bias = ops.unsqueeze(hidden_away, parts.integers(1, 2))
        for number in range(shape.layers):
            x = parts.layer(x, bias, f"encoder.layer.{number}.")
    except RuntimeError as error:
        raise SetUpError(
            f"weights do not fit the configuration ({str(error).strip().splitlines()[-1]})",
            field=where,
        ) from error
    x.output(0).set_names({"hidden"})
    return openvino.Model([ops.result(x)], [inputs, mask], "encoder")


class _Parts:
    """Pieces of the graph, by the prefix of their weights."""

    def __init__(self, shape: Shape, weight: Weight) -> None:
        import openvino.opset13 as ops

        self.ops: Any = ops
        self._shape = shape
        self._weight = weight

    def floats(self, values: Any) -> Any:
        return self.ops.constant(np.ascontiguousarray(values, dtype=np.float32))

    def integers(self, *values: int) -> Any:
        return self.ops.constant(np.array(values, dtype=np.int64))

    def linear(self, x: Any, name: str) -> Any:
        product = self.ops.matmul(x, self.floats(self._weight(f"{name}.weight")), False, True)
        return self.ops.add(product, self.floats(self._weight(f"{name}.bias")))

    def norm(self, x: Any, name: str) -> Any:
        centred = self.ops.mvn(x, self.integers(-1), True, self._shape.epsilon, "inside_sqrt")
        scaled = self.ops.multiply(centred, self.floats(self._weight(f"{name}.weight")))
        return self.ops.add(scaled, self.floats(self._weight(f"{name}.bias")))

    def layer(self, x: Any, bias: Any, prefix: str) -> Any:
        attended = self.linear(self._attention(x, bias, prefix), f"{prefix}attention.output.dense")
        x = self.norm(self.ops.add(x, attended), f"{prefix}attention.output.LayerNorm")
        wide = self._activation(self.linear(x, f"{prefix}intermediate.dense"))
        x = self.ops.add(x, self.linear(wide, f"{prefix}output.dense"))
        return self.norm(x, f"{prefix}output.LayerNorm")

    def _attention(self, x: Any, bias: Any, prefix: str) -> Any:
        ops, size = self.ops, self._shape.hidden // self._shape.heads
        turned = self.integers(0, 2, 1, 3)
        query, key, value = (
            ops.transpose(
                ops.reshape(
                    self.linear(x, f"{prefix}attention.self.{name}"),
                    self.integers(0, 0, self._shape.heads, size),
                    True,
                ),
                turned,
            )
            for name in ("query", "key", "value")
        )
        fit = ops.multiply(ops.matmul(query, key, False, True), self.floats([size**-0.5]))
        mixed = ops.matmul(ops.softmax(ops.add(fit, bias), -1), value, False, False)
        return ops.reshape(
            ops.transpose(mixed, turned), self.integers(0, 0, self._shape.hidden), True
        )

    def _activation(self, x: Any) -> Any:
        kind = ACTIVATIONS[self._shape.activation]
        return self.ops.gelu(x, kind) if kind else self.ops.relu(x)


def mean_of_tokens(hidden: FloatArray, mask: FloatArray) -> FloatArray:
    """The mean of the vectors of all tokens that are no padding, ``[n, hidden]``."""
    weights = mask[:, :, None]
    return np.asarray((hidden * weights).sum(axis=1) / weights.sum(axis=1), dtype=np.float32)


def first_token(hidden: FloatArray, mask: FloatArray) -> FloatArray:
    """The vector of the first token, ``[n, hidden]``."""
    return hidden[:, 0]
