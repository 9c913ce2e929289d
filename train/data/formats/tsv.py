# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads rows of a tab-separated file, whose columns are found by the names in its header."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

from contract.columns import LABEL, LIST_ID, Columns, find_columns, is_header
from contract.errors import DataError
from train.data.faults import BadRows, ParsedRow, Wanted
from train.data.formats.lines import numbered_lines


class TsvRows:
    """The rows of one file; see :class:`train.data.formats.files.Rows`."""

    def __init__(self, path: Path, wanted: Wanted, bad: BadRows) -> None:
        """Read up to the header.

        Raises:
            DataError: the file cannot be read, has no header, or one without a column.
        """
        self._wanted = wanted
        self._bad = bad
        self._lines = numbered_lines(path, bad)
        self._first: Optional[tuple[int, list[str]]] = None
        self._header: list[str] = []
        required = (*wanted.texts, *((LABEL,) if wanted.label else ()))
        self._names = required
        self._columns = Columns(0, tuple(range(len(required))), ())
        for line, row in self._lines:
            cells = _cells(row)
            if wanted.headerless and not is_header(cells):
                self._first = line, cells
            else:
                self._header = cells
                self._columns = _columns(cells, wanted, required, path, line)
                if self._columns.unused:
                    bad.say(f"{path}: columns not used: {', '.join(self._columns.unused)}")
            break
        list_id, *scores = self._columns.optional or (None,) * (1 + len(wanted.scores))
        self._list_id = list_id
        self._scores = tuple(scores)
        self.has_list_id = list_id is not None
        self.has_scores = tuple(place is not None for place in self._scores)

    def rows(self) -> Iterator[ParsedRow]:
        """All that have as many cells as the header."""
        texts = self._columns.places[: len(self._wanted.texts)]
        label = self._columns.places[-1] if self._wanted.label else None
        widths = (self._columns.width,) if self._header else self._wanted.headerless
        header, list_id, scores = self._header, self._list_id, self._scores
        for line, cells in self._all_cells():
            if len(cells) not in widths or cells == header:
                self._bad.add(line, _misshapen(len(cells), widths))
                continue
            yield ParsedRow(
                line,
                "",
                tuple([cells[place] for place in texts]),
                None if label is None else cells[label],
                None if list_id is None else cells[list_id],
                tuple([_cell(cells, place) for place in scores]),
            )

    def name(self, row: ParsedRow, field: str) -> str:
        """What a field is called in an error."""
        if field in self._wanted.texts:
            return f"column {self._columns.places[self._names.index(field)] + 1} ({field})"
        return field

    def _all_cells(self) -> Iterator[tuple[int, list[str]]]:
        if self._first is not None:
            yield self._first
        for line, row in self._lines:
            yield line, _cells(row)


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.split("\t")]


def _cell(cells: list[str], place: Optional[int]) -> Any:
    return None if place is None else cells[place]


def _misshapen(found: int, widths: tuple[int, ...]) -> str:
    if found in widths:
        return "the header again, as where two files were joined"
    expected = " or ".join(str(width) for width in widths)
    return f"expected {expected} tab-separated columns, found {found}"


def _columns(
    cells: list[str], wanted: Wanted, required: tuple[str, ...], path: Path, line: int
) -> Columns:
    try:
        return find_columns(cells, required, f"{path}:{line}", (LIST_ID, *wanted.scores))
    except DataError as error:
        if cells[0].startswith(("{", "[")):
            raise DataError(
                f"{error.message}; if these are lines of JSON, the file's name has to end in "
                ".jsonl",
                field=error.field,
            ) from None
        raise
