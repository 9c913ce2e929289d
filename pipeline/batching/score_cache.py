# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The logits of rows that were scored lately, by a key of each row.

Not safe between threads: the scheduler's lock guards it.
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b
from typing import Optional

from contract.encoding import Row
from pipeline.engines.engine import Logits

_KEY_BYTES = 16


def row_key(row: Row, version: str) -> bytes:
    """16 bytes that two rows share only when their tokens and the bundle are the same."""
    digest = blake2b(row.input_ids.tobytes(), digest_size=_KEY_BYTES, key=version.encode()[:64])
    digest.update(row.token_type_ids.tobytes())
    return digest.digest()


class ScoreCache:
    """The rows used last, at most so many; each takes about 300 bytes, whatever its length."""

    def __init__(self, rows: int) -> None:
        """Empty; with 0 rows it stays so."""
        self._rows = rows
        self._logits: OrderedDict[bytes, Logits] = OrderedDict()

    def __len__(self) -> int:
        """Rows held."""
        return len(self._logits)

    def get(self, key: bytes) -> Optional[Logits]:
        """The logits of a row, ``[width]``, or ``None``."""
        logits = self._logits.get(key)
        if logits is not None:
            self._logits.move_to_end(key)
        return logits

    def put(self, key: bytes, logits: Logits) -> None:
        """Keep a row's logits, in place of those that nobody asked for longest."""
        if self._rows == 0:
            return
        # a copy: the row is a view that would keep its whole batch alive
        self._logits[key] = logits.copy()
        self._logits.move_to_end(key)
        if len(self._logits) > self._rows:
            self._logits.popitem(last=False)
