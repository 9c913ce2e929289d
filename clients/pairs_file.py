# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A TSV of queries and titles in, one task for each query out; called by the commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

from contract.errors import DataError

STDIN = "-"
HEADER = ("query", "title")


class RankTask(NamedTuple):
    """One query and the titles to rank for it."""

    query: str
    titles: list[str]


def read_tasks(path: str) -> list[RankTask]:
    """Read ``query<TAB>title`` lines; queries and titles keep the order in which they come.

    A first line that says ``query<TAB>title`` is a header, and empty lines are skipped.

    Raises:
        DataError: unreadable, not UTF-8, or a line with other than two columns; names the line.
    """
    name = "<stdin>" if path == STDIN else path
    titles: dict[str, list[str]] = {}
    for number, line in enumerate(_lines(path, name), start=1):
        columns = tuple(line.rstrip("\r").split("\t"))
        if columns == ("",) or (number == 1 and columns == HEADER):
            continue
        if len(columns) != len(HEADER):
            raise DataError(
                f"has {len(columns)} columns; write the query, a tab and the title",
                field=f"{name}:{number}",
            )
        titles.setdefault(columns[0], []).append(columns[1])
    if not titles:
        raise DataError("holds no pairs; write a query, a tab and a title on each line", field=name)
    return [RankTask(query, found) for query, found in titles.items()]


def _lines(path: str, name: str) -> list[str]:
    try:
        data = sys.stdin.buffer.read() if path == STDIN else Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"cannot read it ({error.strerror})", field=name) from error
    try:
        # not splitlines(): a title may hold U+2028 and its like
        return data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise DataError("not UTF-8; convert the file", field=f"{name}:{number}") from error
