# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What is kept of one part of a row, by which key, and how many bytes that is."""

from __future__ import annotations

import sys
from hashlib import blake2b
from typing import Any, NamedTuple, Optional

import numpy as np
from numpy.typing import NDArray

from contract.bundle.split import FP16, FP32, Part, Split

# what a part is, by its token type
QUERY, DOCUMENT = "query", "document"
KINDS = (QUERY, DOCUMENT)
DTYPES: dict[str, Any] = {FP32: np.float32, FP16: np.float16}

_KEY_BYTES = 16
# of one place in an OrderedDict: its node, its share of the two tables at their emptiest, and the
# garbage collector's part of the entry; the test with tracemalloc says that it suffices
_PLACE_BYTES = 256


class Kept(NamedTuple):
    """What the encoder made of one part.

    Attributes:
        states: ``[L, state_size]``, without padding; float32, or float16 where that holds them.
        phrases: ``[phrase_size]``; ``None`` of a ranker without evidence.
    """

    states: NDArray[np.floating[Any]]
    phrases: Optional[NDArray[np.float32]]

    @property
    def finite(self) -> bool:
        """Whether all of it are numbers."""
        return all(one is None or bool(np.isfinite(one).all()) for one in self)

    def owned(self, state_type: str = FP32) -> Kept:
        """A copy that keeps no batch alive, and that nobody can write to.

        Args:
            state_type: of the manifest; states of fp16 are kept as such.
        """
        states = self.states.astype(DTYPES[state_type])
        phrases = None if self.phrases is None else self.phrases.copy()
        for one in (states, phrases):
            if one is not None:
                one.flags.writeable = False
        return Kept(states, phrases)


def part_key(part: Part, version: str) -> bytes:
    """16 bytes that two parts share only when their tokens and the bundle are the same."""
    digest = blake2b(part.input_ids.tobytes(), digest_size=_KEY_BYTES, key=version.encode()[:64])
    digest.update(bytes([part.token_type]))
    return digest.digest()


def bytes_of(tokens: int, split: Split) -> int:
    """What a part of so many tokens takes in a store."""
    states = np.empty((tokens, split.state_size), DTYPES[split.state_type])
    phrases = np.empty(split.phrase_size, np.float32) if split.phrase_size else None
    return size_of(bytes(_KEY_BYTES), Kept(states, phrases))


def size_of(key: bytes, kept: Kept) -> int:
    """What an entry takes in a store, its key included."""
    arrays = sum(sys.getsizeof(one) for one in kept if one is not None)
    return arrays + sys.getsizeof(key) + sys.getsizeof(kept) + _PLACE_BYTES
