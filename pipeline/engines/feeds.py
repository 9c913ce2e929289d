# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks a feed, and turns it into contiguous arrays of the graph's types; for every engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.errors import InferenceFailed
from contract.tensors import TensorSpec
from pipeline.engines.engine import Feed


def arrays_of(feed: Feed, specs: Sequence[TensorSpec]) -> list[NDArray[Any]]:
    """The arrays of ``specs``, in that order, contiguous and of the declared types.

    Raises:
        InferenceFailed: one is missing or not of whole numbers, or they are not all ``[N, L]``
            with rows in them.
    """
    missing = [spec.alias for spec in specs if spec.alias not in feed]
    if missing:
        raise InferenceFailed("not fed", field=", ".join(missing))
    arrays = []
    for spec in specs:
        array = np.asarray(feed[spec.alias])
        if array.dtype.kind not in "iu":
            raise InferenceFailed(f"takes whole numbers, not {array.dtype}", field=spec.alias)
        arrays.append(np.ascontiguousarray(array, dtype=spec.dtype))
    shape = arrays[0].shape
    if len(shape) != 2 or 0 in shape or any(array.shape != shape for array in arrays):
        shapes = ", ".join(str(list(array.shape)) for array in arrays)
        raise InferenceFailed(f"takes arrays of one shape [N, L], got {shapes}")
    return arrays
