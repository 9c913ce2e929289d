# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The code of a phrase, by which its row is found: the same numbers in numpy and in the graph.

``code(t) = id(t)`` for one token, and ``code = (code of the tokens before mod m) * V + id`` for
one more, where ``V`` is the size of the vocabulary and ``m = min(2^22, floor((2^31 - 1) / V))``.
Two tokens have exact codes; longer phrases share one with another in some 10^5. All fit 31 bits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from train.model.evidence.settings import LARGEST_CODE, LARGEST_DIVISOR

IntArray = NDArray[np.int64]


def modulus(vocab_size: int) -> int:
    """What the code before is taken modulo of, so that the next one fits 31 bits."""
    return min(LARGEST_DIVISOR, LARGEST_CODE // vocab_size)


def phrase_codes(ids: IntArray, order: int, vocab_size: int) -> IntArray:
    """Codes of the phrases of ``order`` tokens that end at each token.

    Args:
        ids: of one text without special tokens, ``[n]``.
        order: tokens in a phrase, at least 1.
        vocab_size: of the model.

    Returns:
        ``[max(0, n - order + 1)]``: those that lie within the text.
    """
    if len(ids) < order:
        return np.zeros(0, np.int64)
    count = len(ids) - order + 1
    code = ids[:count].astype(np.int64)
    for place in range(1, order):
        code = (code % modulus(vocab_size)) * vocab_size + ids[place : place + count]
    return code
