# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Inputs and outputs of a graph: their names, shapes and element types.

Paddle Serving writes an element type as a number, the same in its model configurations and in its
requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# numpy's name of each type, by Paddle Serving's number
ELEM_TYPES: Mapping[int, str] = {
    0: "int64",
    1: "float32",
    2: "int32",
    3: "float64",
    4: "int16",
    5: "float16",
    6: "bfloat16",
    7: "uint8",
    8: "int8",
    9: "bool",
}


@dataclass(frozen=True)
class TensorSpec:
    """One input or output of the graph.

    Attributes:
        name: variable name inside the graph.
        alias: the name clients use.
        dtype: a numpy type name, as in :data:`ELEM_TYPES`.
        shape: without the batch axis; -1 is a length that varies.
    """

    name: str
    alias: str
    dtype: str
    shape: tuple[int, ...]
