# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Numbers the lists of a file: rows of one id, or without ids of one query, wherever they stand."""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from contract.errors import DataError

IntArray = NDArray[np.int64]


class ListNumbers:
    """Takes the rows in turn, and holds some numbers for each run of rows of one list.

    Texts are told apart by Python's 64-bit hashes, which are keyed anew in each process: among ten
    million lists two share one in one of 400,000 files.
    """

    def __init__(self, path: Path) -> None:
        """Of a file."""
        self._path = path
        self._last: Optional[tuple[Optional[str], str]] = None
        self._ids, self._queries = array("q"), array("q")
        self._lines, self._starts = array("q"), array("q")
        self._rows = 0

    def add(self, list_id: Optional[str], query: str, line: int) -> None:
        """The next row; ``list_id`` is ``None`` where the file has no ids."""
        key = (list_id, query)
        if key != self._last:
            self._last = key
            self._ids.append(hash(query if list_id is None else list_id))
            self._queries.append(hash(query))
            self._lines.append(line)
            self._starts.append(self._rows)
        self._rows += 1

    def numbers(self) -> IntArray:
        """Of each row that of its list, from 0 in the order of their first rows.

        Raises:
            DataError: two rows have one id and two queries; it names both lines.
        """
        ids, queries = np.asarray(self._ids), np.asarray(self._queries)
        of_run, firsts = in_order_of_first(ids)
        differs = np.flatnonzero(queries != queries[firsts][of_run])
        if len(differs):
            run = int(differs[0])
            line, first = self._lines[run], self._lines[int(firsts[of_run[run]])]
            raise DataError(
                f"its list_id is that of line {first}, but its query is another one; lines {first} "
                f"and {line} are one list only if they have one query",
                field=f"{self._path}:{line}",
            )
        lengths = np.diff(np.append(np.asarray(self._starts, dtype=np.int64), self._rows))
        numbers: IntArray = np.repeat(of_run, lengths)
        return numbers


def in_order_of_first(keys: NDArray[Any]) -> tuple[IntArray, IntArray]:
    """Of each key the number of its value, counted from 0 as values first come; and their places.

    Args:
        keys: ``[n]``.

    Returns:
        ``[n]`` numbers, and for each number the place at which it first comes.
    """
    _, firsts, number = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(firsts, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return rank[number], firsts[order]
