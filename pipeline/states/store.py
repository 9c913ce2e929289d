# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Encoded parts of rows in memory: so many bytes, least recently used out first.

The workers of one bundle share a store. It holds no text and no ids: its keys are digests. States
themselves tell something of their text, as any embedding does.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Optional

from pipeline.states.corpus import CorpusReader
from pipeline.states.parts import DOCUMENT, KINDS, Kept, size_of


class Counts(NamedTuple):
    """What a store holds, and what it was asked since it was emptied.

    Attributes:
        hits: parts found, by kind.
        read: documents found on disk.
        damaged: documents on disk that could not be read, and are missed.
        misses: parts found nowhere, by kind.
        evictions: parts that had to go for others.
        entries: parts held.
        bytes: held, keys and bookkeeping included.
        limit: bytes that it may hold.
    """

    hits: Mapping[str, int]
    read: int
    damaged: int
    misses: Mapping[str, int]
    evictions: int
    entries: int
    bytes: int
    limit: int


class StateStore:
    """Parts by their keys; any thread may call it."""

    def __init__(self, limit: int, corpus: Optional[CorpusReader] = None) -> None:
        """Empty.

        Args:
            limit: bytes that it never holds more than.
            corpus: where documents are looked for that it does not hold.
        """
        self._limit = limit
        self._corpus = corpus
        self._lock = threading.Lock()
        self._kept: OrderedDict[bytes, Kept] = OrderedDict()
        self._hits: Counter[str] = Counter()
        self._misses: Counter[str] = Counter()
        self._bytes = self._evictions = 0
        self._read = self._damaged = 0

    @property
    def counts(self) -> Counts:
        """As of now."""
        with self._lock:
            hits, misses = ({kind: c[kind] for kind in KINDS} for c in (self._hits, self._misses))
            return Counts(
                hits,
                self._read,
                self._damaged,
                misses,
                self._evictions,
                len(self._kept),
                self._bytes,
                self._limit,
            )

    def get(self, kind: str, keys: Iterable[bytes]) -> dict[bytes, Kept]:
        """Those of the parts that are there; each counts as used, and as found or missed."""
        asked = list(keys)
        with self._lock:
            found = {key: self._kept[key] for key in asked if key in self._kept}
            for key in found:
                self._kept.move_to_end(key)
            self._hits[kind] += len(found)
        missing = [key for key in asked if key not in found]
        read: dict[bytes, Kept] = {}
        damaged = 0
        if missing and kind == DOCUMENT and self._corpus is not None:
            read, damaged = self._corpus.get(missing)
            self.put(read)
            found.update(read)
        with self._lock:
            self._read += len(read)
            self._damaged += damaged
            self._misses[kind] += len(missing) - len(read)
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
            self._bytes -= size_of(key, before)
        size = size_of(key, kept)
        if size > self._limit:
            return
        while self._bytes + size > self._limit:
            oldest, gone = self._kept.popitem(last=False)
            self._bytes -= size_of(oldest, gone)
            self._evictions += 1
        self._kept[key] = kept
        self._bytes += size

    def clear(self) -> None:
        """Forget all parts and counts; what lies on disk stays there."""
        with self._lock:
            self._kept.clear()
            self._hits.clear()
            self._misses.clear()
            self._bytes = self._evictions = 0
            self._read = self._damaged = 0
