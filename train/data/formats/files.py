# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Opens a file of rows by what its name ends in: ``.jsonl``, ``.parquet``, and else a TSV."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from train.data.faults import BadRows, ParsedRow, Wanted
from train.data.formats.jsonl import JsonRows
from train.data.formats.parquet import ParquetRows
from train.data.formats.tsv import TsvRows

_JSON = (".jsonl", ".ndjson", ".json", ".jsonl.gz", ".ndjson.gz", ".json.gz")
_PARQUET = (".parquet", ".pq")


class Rows(Protocol):
    """A file that has been opened and whose columns are known.

    Attributes:
        has_list_id: whether rows say to which list they belong.
        has_scores: for each score that may be there, whether it is.
    """

    has_list_id: bool
    has_scores: tuple[bool, ...]

    def rows(self) -> Iterator[ParsedRow]:
        """All rows, once; what is no row at all is counted as bad.

        Raises:
            DataError: the file cannot be read further.
        """

    def name(self, row: ParsedRow, field: str) -> str:
        """What a field is called in an error."""


def open_rows(path: Path, wanted: Wanted, bad: BadRows) -> Rows:
    """Open a file and read as much of it as tells its columns.

    Raises:
        DataError: it cannot be read, or lacks a column.
    """
    name = path.name.lower()
    if name.endswith(_JSON):
        return JsonRows(path, wanted, bad)
    if name.endswith(_PARQUET):
        return ParquetRows(path, wanted, bad)
    return TsvRows(path, wanted, bad)
