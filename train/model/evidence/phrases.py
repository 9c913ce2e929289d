# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Vectors of tokens and of the phrases that end at them, looked up in tables.

A phrase is found by its code, in the row ``code mod rows`` of the table of its length. The row
keeps the code of the phrase that it belongs to; any other finds nothing there, and not a stranger's
vector. So the tables are a dictionary of chosen phrases inside the graph, and cost no arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

import numpy as np
import paddle
from numpy.typing import NDArray
from paddle import Tensor, nn

from train.model.evidence.phrase_codes import modulus
from train.model.evidence.settings import EvidenceSettings

# one byte holds -127 to 127 as 1 to 255
_LEVELS = 127
_ZERO = 128
_NO_PHRASE = -1
_LEVELS_NAME, _STEPS_NAME = "levels", "steps"
# of the model's learning rate: a row is met seldom, and a rate for weights that every pair moves
# would carry it far off at each meeting
_RATE = 0.15


def shifted(values: Tensor, fill: float) -> Tensor:
    """Every position has the value of the one before; the first has ``fill``."""
    first = paddle.full_like(values[:, :1], fill)
    return paddle.concat([first, values[:, :-1]], axis=1)


def looked_up(table: Tensor, places: Tensor) -> Tensor:
    """Numbers ``[N, L]`` of a column ``[rows]``, of any type, at ``places``."""
    return paddle.gather(table, places.flatten()).reshape(paddle.shape(places))


def remainder(codes: Tensor, divisor: int) -> Tensor:
    """``codes % divisor`` of integers from 0 to 2^31, for a divisor of at most 2^22.

    OpenVINO divides and compares integers as float32, which is exact up to 2^24 only; it
    multiplies and subtracts them exactly. So a quotient that is off by some units is taken off
    first, and what is left is small.
    """
    quotient = paddle.floor(codes.astype("float32") * (1.0 / divisor)).astype(codes.dtype)
    return (codes - quotient * divisor) % divisor


def equal(first: Tensor, second: Tensor) -> Tensor:
    """1.0 where two integers are equal, also where float32 cannot tell them apart."""
    return (first - second == 0).astype("float32")


class RowTable(nn.Layer):  # type: ignore[misc]
    """A table of vectors: floating point while it is trained, one byte a number when packed.

    A row's bytes are multiples of a 127th of its largest number.
    """

    def __init__(self, rows: int, size: int) -> None:
        """Vectors of zero."""
        super().__init__()
        attribute = paddle.ParamAttr(initializer=nn.initializer.Constant(0.0), learning_rate=_RATE)
        self.vectors: Optional[Any] = nn.Embedding(rows, size, weight_attr=attribute)

    def forward(self, places: Tensor) -> Tensor:
        """``[N, L, size]`` of places ``[N, L]``."""
        if self.vectors is not None:
            return self.vectors(places)
        flat = places.flatten()
        levels = paddle.gather(self.levels, flat).astype("float32") - _ZERO
        found = levels * paddle.gather(self.steps, flat)
        size = paddle.full([1], self.levels.shape[1], "int32")
        return found.reshape(paddle.concat([paddle.shape(places), size]))

    def pack(self) -> None:
        """Keep a byte for each number from now on; a packed table is not trained."""
        if self.vectors is None:
            return
        values = self.vectors.weight.numpy()
        steps = np.abs(values).max(axis=1, keepdims=True) / _LEVELS
        levels = np.rint(values / np.where(steps > 0, steps, 1.0)) + _ZERO
        self.register_buffer(_LEVELS_NAME, paddle.to_tensor(levels.astype(np.uint8)))
        self.register_buffer(_STEPS_NAME, paddle.to_tensor(steps.astype(np.float32)))
        self.vectors = None


def unpacked(parameters: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """A model's arrays with tables as they are trained, whether they were packed or not."""
    result = dict(parameters)
    for name in parameters:
        table, _, part = name.rpartition(".")
        if part == _LEVELS_NAME and f"{table}.{_STEPS_NAME}" in parameters:
            levels = result.pop(name).astype(np.float32) - _ZERO
            result[f"{table}.vectors.weight"] = levels * result.pop(f"{table}.{_STEPS_NAME}")
    return result


class PhraseVectors(nn.Layer):  # type: ignore[misc]
    """What a token means, with the phrases that end there."""

    def __init__(self, settings: EvidenceSettings, vocab_size: int) -> None:
        """Empty tables."""
        super().__init__()
        self._vocab_size = vocab_size
        self._orders = settings.orders
        self.tokens = RowTable(vocab_size, settings.phrase_size)
        for order in self._orders:
            rows = settings.rows(order)
            self.register_buffer(f"codes_{order}", paddle.full([rows], _NO_PHRASE, "int64"))
            setattr(self, f"table_{order}", RowTable(rows, settings.phrase_size))

    def forward(self, input_ids: Tensor, text: Tensor) -> Tensor:
        """``[N, L, size]`` of ids ``[N, L]``; ``text`` is 1 where a token is text, else 0."""
        vectors = self.tokens(input_ids)
        code, within = input_ids, text
        for order in range(2, max(self._orders) + 1):
            before = remainder(shifted(code, 0), modulus(self._vocab_size))
            code = before * self._vocab_size + input_ids
            within = shifted(within, 0) * text
            if order in self._orders:
                codes, table = getattr(self, f"codes_{order}"), getattr(self, f"table_{order}")
                place = remainder(code, codes.shape[0])
                known = equal(looked_up(codes, place), code) * within.astype("float32")
                vectors = vectors + table(place) * known.unsqueeze(-1)
        return vectors * text.unsqueeze(-1).astype("float32")

    def pack(self) -> None:
        """See :meth:`RowTable.pack`."""
        for layer in self.sublayers():
            if isinstance(layer, RowTable):
                layer.pack()

    def fill(
        self, tokens: NDArray[Any], tables: dict[int, tuple[NDArray[Any], NDArray[Any]]]
    ) -> None:
        """Put in vectors of tokens, and of each order the codes and vectors of its rows."""
        assert self.tokens.vectors is not None
        self.tokens.vectors.weight.set_value(tokens.astype(np.float32))
        for order, (codes, vectors) in tables.items():
            getattr(self, f"codes_{order}").set_value(codes.astype(np.int64))
            getattr(self, f"table_{order}").vectors.weight.set_value(vectors.astype(np.float32))
