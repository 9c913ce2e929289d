# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Encoded pairs: what ``contract.encoding`` makes of texts."""

from __future__ import annotations

from typing import NamedTuple, Optional

import numpy as np
from numpy.typing import NDArray

from contract.text.vocabulary import BERT_LAYOUT

IntArray = NDArray[np.int64]


class Row(NamedTuple):
    """One encoded pair, unpadded.

    Attributes:
        input_ids: ``[length]`` int64.
        token_type_ids: ``[length]`` int64, 0 for the query's part and 1 for the title's; may be
            read-only.
        truncated: whether tokens of the title were cut.
        query_tokens: of the query before it was cut, counted up to one more than a row has room
            for; below 0 in rows that were not made of texts.
        query_kept: of those, how many the row has; 0 of a query that has none.
        title_tokens: of the title, or of the chunk of it, before it was cut; counted alike.
        special: how many of its tokens are special ones.
    """

    input_ids: IntArray
    token_type_ids: IntArray
    truncated: bool
    query_tokens: int = -1
    query_kept: int = 0
    title_tokens: int = -1
    special: int = BERT_LAYOUT.special


class Rows(NamedTuple):
    """Pairs, encoded; a title that was cut into chunks has several rows.

    Attributes:
        rows: of all pairs, in their order.
        owners: for each row, the index of its pair; ``None`` when each pair has one row.
    """

    rows: tuple[Row, ...]
    owners: Optional[tuple[int, ...]] = None

    @property
    def truncated(self) -> tuple[int, ...]:
        """Indices of pairs whose title was cut."""
        owners = range(len(self.rows)) if self.owners is None else self.owners
        return tuple(sorted({i for i, row in zip(owners, self.rows) if row.truncated}))
