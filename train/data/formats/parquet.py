# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads rows of a Parquet file, some at a time; its columns are called as those of a TSV."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

from contract.columns import LABEL, LIST_ID, find_columns
from contract.errors import DataError
from train.data.faults import BadRows, ParsedRow, Wanted

_ROWS_AT_ONCE = 8192


class ParquetRows:
    """The rows of one file; see :class:`train.data.formats.files.Rows`."""

    def __init__(self, path: Path, wanted: Wanted, bad: BadRows) -> None:
        """Read the names of the columns.

        Raises:
            DataError: pyarrow is not installed, or the file is missing, damaged, or lacks a column.
        """
        self._wanted = wanted
        self._path = path
        self._file = _opened(path)
        names = list(self._file.schema_arrow.names)
        required = (*wanted.texts, *((LABEL,) if wanted.label else ()))
        columns = find_columns(names, required, str(path), (LIST_ID, *wanted.scores))
        if columns.unused:
            bad.say(f"{path}: columns not used: {', '.join(columns.unused)}")
        places = (*columns.places, *columns.optional)
        self._called = {
            ours: names[place]
            for ours, place in zip((*required, LIST_ID, *wanted.scores), places)
            if place is not None
        }
        self.has_list_id = LIST_ID in self._called
        self.has_scores = tuple(name in self._called for name in wanted.scores)

    def rows(self) -> Iterator[ParsedRow]:
        """All rows; the first is number 1.

        Raises:
            DataError: the file is damaged.
        """
        texts = [self._called[name] for name in self._wanted.texts]
        rest = [self._called.get(name) for name in (LABEL, LIST_ID, *self._wanted.scores)]
        line = 0
        for batch in self._batches():
            columns = {name: batch.column(name).to_pylist() for name in set(self._called.values())}
            nothing = [None] * batch.num_rows
            cells = zip(*(columns[name] for name in texts))
            others = zip(*(nothing if name is None else columns[name] for name in rest))
            for row, (label, list_id, *scores) in zip(cells, others):
                line += 1
                yield ParsedRow(line, "", row, label, list_id, tuple(scores))

    def name(self, row: ParsedRow, field: str) -> str:
        """What a field is called in an error."""
        return f"column {self._called.get(field, field)}"

    def _batches(self) -> Iterator[Any]:
        wanted = sorted(set(self._called.values()))
        try:
            yield from self._file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=wanted)
        except (OSError, ValueError) as error:
            raise DataError(
                f"is a damaged Parquet file ({error})", field=str(self._path)
            ) from error


def _opened(path: Path) -> Any:
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise DataError(
            "a Parquet file needs pyarrow: pip install 'pyarrow>=21', or convert the file to "
            f".jsonl or .tsv ({error})",
            field=str(path),
        ) from error
    try:
        return ParquetFile(path)
    except OSError as error:
        reason: Optional[str] = error.strerror
        raise DataError(f"cannot be read ({reason or error})", field=str(path)) from error
    except ValueError as error:
        # pyarrow's ArrowInvalid
        raise DataError(f"is not a Parquet file ({error})", field=str(path)) from error
