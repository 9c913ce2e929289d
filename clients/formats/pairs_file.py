# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads a whole TSV of queries and titles: one task for each query, wherever its lines stand."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import NamedTuple

from clients.formats.queries import STDIN, TSV, BadLine, read_items
from contract.errors import DataError


class RankTask(NamedTuple):
    """One query and the titles to rank for it."""

    query: str
    titles: list[str]


def read_tasks(path: str) -> list[RankTask]:
    """Read ``query<TAB>title`` lines; queries and titles keep the order in which they come.

    A first line that names the two columns, in either order, is a header; blank lines are skipped.

    Raises:
        DataError: unreadable, not UTF-8, a header of other columns, or a line with other than two
            columns; names the line.
    """
    name = "<stdin>" if path == STDIN else path
    titles: dict[str, list[str]] = {}
    for item in read_items(io.BytesIO(_data(path, name)), TSV):
        if isinstance(item, BadLine):
            raise DataError(item.error.message, field=f"{name}:{item.first_line}")
        titles.setdefault(item.query, []).extend(item.documents)
    if not titles:
        raise DataError("holds no pairs; write a query, a tab and a title on each line", field=name)
    return [RankTask(query, found) for query, found in titles.items()]


def _data(path: str, name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if path == STDIN else Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"cannot read it ({error.strerror})", field=name) from error
