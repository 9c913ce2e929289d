# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Encoded parts of rows in memory: so many bytes, least recently used out first.

The workers of one bundle share a store. It holds no text and no ids: its keys are digests. States
themselves tell something of their text, as any embedding does.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import NamedTuple, Optional

import numpy as np
from numpy.typing import NDArray

from contract.bundle.split import Part

# what a part is, by its token type
QUERY, DOCUMENT = "query", "document"
KINDS = (QUERY, DOCUMENT)

_KEY_BYTES = 16
# of one place in an OrderedDict: its node, its share of the two tables at their emptiest, and the
# garbage collector's part of the entry; the test with tracemalloc says that it suffices
_PLACE_BYTES = 256


class Kept(NamedTuple):
    """What the encoder made of one part.

    Attributes:
        states: ``[L, state_size]``, without padding.
        phrases: ``[phrase_size]``; ``None`` of a ranker without evidence.
    """

    states: NDArray[np.float32]
    phrases: Optional[NDArray[np.float32]]

    def owned(self) -> Kept:
        """A copy that keeps no batch alive, and that nobody can write to."""
        copies = [None if one is None else one.copy() for one in self]
        for copy in copies:
            if copy is not None:
                copy.flags.writeable = False
        states, phrases = copies
        assert states is not None
        return Kept(states, phrases)


class Counts(NamedTuple):
    """What a store holds, and what it was asked since it was emptied.

    Attributes:
        hits: parts found, by kind.
        misses: parts not found, by kind.
        evictions: parts that had to go for others.
        entries: parts held.
        bytes: held, keys and bookkeeping included.
        limit: bytes that it may hold.
    """

    hits: Mapping[str, int]
    misses: Mapping[str, int]
    evictions: int
    entries: int
    bytes: int
    limit: int


def part_key(part: Part, version: str) -> bytes:
    """16 bytes that two parts share only when their tokens and the bundle are the same."""
    digest = blake2b(part.input_ids.tobytes(), digest_size=_KEY_BYTES, key=version.encode()[:64])
    digest.update(bytes([part.token_type]))
    return digest.digest()


def bytes_of(tokens: int, state_size: int, phrase_size: int) -> int:
    """What a part of so many tokens takes in a store."""
    states = np.empty((tokens, state_size), np.float32)
    phrases = np.empty(phrase_size, np.float32) if phrase_size else None
    return _size(bytes(_KEY_BYTES), Kept(states, phrases))


def _size(key: bytes, kept: Kept) -> int:
    arrays = sum(sys.getsizeof(one) for one in kept if one is not None)
    return arrays + sys.getsizeof(key) + sys.getsizeof(kept) + _PLACE_BYTES


class StateStore:
    """Parts by their keys; any thread may call it."""

    def __init__(self, limit: int) -> None:
        """Empty; it never holds more than ``limit`` bytes."""
        self._limit = limit
        self._lock = threading.Lock()
        self._kept: OrderedDict[bytes, Kept] = OrderedDict()
        self._hits: Counter[str] = Counter()
        self._misses: Counter[str] = Counter()
        self._bytes = 0
        self._evictions = 0

    @property
    def counts(self) -> Counts:
        """As of now."""
        with self._lock:
            hits, misses = ({kind: c[kind] for kind in KINDS} for c in (self._hits, self._misses))
            return Counts(hits, misses, self._evictions, len(self._kept), self._bytes, self._limit)

    def get(self, kind: str, keys: Iterable[bytes]) -> dict[bytes, Kept]:
        """Those of the parts that are there; each counts as used, and as a hit or a miss."""
        found: dict[bytes, Kept] = {}
        asked = 0
        with self._lock:
            for key in keys:
                asked += 1
                kept = self._kept.get(key)
                if kept is not None:
                    self._kept.move_to_end(key)
                    found[key] = kept
            self._hits[kind] += len(found)
            self._misses[kind] += asked - len(found)
        return found

    def put(self, parts: Mapping[bytes, Kept]) -> None:
        """Keep parts, in place of those that nobody asked for longest.

        A part that alone is larger than the store is not kept.

        Args:
            parts: arrays of their own (:meth:`Kept.owned`), never changed afterwards.
        """
        with self._lock:
            for key, kept in parts.items():
                self._put(key, kept)

    def _put(self, key: bytes, kept: Kept) -> None:
        before = self._kept.pop(key, None)
        if before is not None:
            self._bytes -= _size(key, before)
        size = _size(key, kept)
        if size > self._limit:
            return
        while self._bytes + size > self._limit:
            oldest, gone = self._kept.popitem(last=False)
            self._bytes -= _size(oldest, gone)
            self._evictions += 1
        self._kept[key] = kept
        self._bytes += size

    def clear(self) -> None:
        """Forget all parts and counts."""
        with self._lock:
            self._kept.clear()
            self._hits.clear()
            self._misses.clear()
            self._bytes = self._evictions = 0
