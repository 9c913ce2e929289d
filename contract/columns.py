# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Finds the columns of a tab-separated file by the names in its header.

The cells of the first row come in, the places of the columns go out, or an error that says what
to write instead. Every reader of such files calls it: training, export, clients, experiments.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Optional

from contract.errors import DataError

QUERY, TITLE, NEG_TITLE, LABEL = "query", "title", "neg_title", "label"
# what rows of one list have in common, and what a teacher says of a row's titles
LIST_ID, TEACHER_SCORE, TEACHER_NEG_SCORE = "list_id", "teacher_score", "teacher_neg_score"
COLUMN_NAMES = frozenset(
    (QUERY, TITLE, NEG_TITLE, LABEL, LIST_ID, TEACHER_SCORE, TEACHER_NEG_SCORE)
)
# PaddleNLP's own readers of pairs call the two texts so; test collections call a list's id so
_OTHER_NAMES = {"text_a": QUERY, "text_b": TITLE, "qid": LIST_ID, "query_id": LIST_ID}

_SHOWN_CELLS = 5
_SHOWN_CHARACTERS = 30


class Columns(NamedTuple):
    """Where a file has what is asked for.

    Attributes:
        width: cells of every row.
        places: of the columns asked for, in that order, from 0.
        unused: names of the others.
        optional: places of the columns that may be there; ``None`` for one that is not.
    """

    width: int
    places: tuple[int, ...]
    unused: tuple[str, ...]
    optional: tuple[Optional[int], ...] = ()


def is_header(cells: Sequence[str]) -> bool:
    """Whether a row names the query's column, or nothing but columns, and so is no pair of texts.

    A title that says ``title`` may be a title.
    """
    names = [_name(cell) for cell in cells]
    return QUERY in names or all(name in COLUMN_NAMES for name in names)


def find_columns(
    cells: Sequence[str],
    wanted: Sequence[str],
    where: Optional[str] = None,
    optional: Sequence[str] = (),
) -> Columns:
    """The columns that a header names, in whatever order it has them.

    Args:
        cells: of the file's first row.
        wanted: names of the columns to find.
        where: the row, for the error.
        optional: names of columns that may be missing.

    Raises:
        DataError: it is no header, or it names a column never or twice.
    """
    names = [_name(cell) for cell in cells]
    header = "<TAB>".join(wanted)
    # a row that has all of these names is one, too, whatever else it has
    if not is_header(cells) and not set(wanted) <= set(names):
        raise DataError(
            f"no header, but {_shown(cells)}{_not_tabs(cells)}; put the line {header} above it, or "
            "in its place if it names the columns otherwise",
            field=where,
        )
    for name in (*wanted, *optional):
        found = names.count(name)
        if found > 1 or (not found and name in wanted):
            fault = f"names {name} {found} times" if found else f"has no column {name}"
            raise DataError(
                f"the header {fault} ({_shown(cells)}); the columns needed are {header}, each "
                "once; if this row is no header, put that line above it",
                field=where,
            )
    unused = tuple(
        cell.strip() or f"number {number}, which has no name"
        for number, (cell, name) in enumerate(zip(cells, names), start=1)
        if name not in wanted and name not in optional
    )
    places = tuple(names.index(name) for name in wanted)
    found_too = tuple(names.index(name) if name in names else None for name in optional)
    return Columns(len(cells), places, unused, found_too)


def column_name(name: str) -> str:
    """What a field is called here, which files may call otherwise."""
    return _name(name)


def _name(cell: str) -> str:
    name = cell.strip().lower()
    return _OTHER_NAMES.get(name, name)


def _shown(cells: Sequence[str]) -> str:
    texts = [repr(cell.strip()[:_SHOWN_CHARACTERS]) for cell in cells[:_SHOWN_CELLS]]
    return ", ".join([*texts, "..."] if len(cells) > _SHOWN_CELLS else texts)


def _not_tabs(cells: Sequence[str]) -> str:
    """What is wrong with a table whose cells are kept apart by something else."""
    return " (one column, so the file is not separated by tabs)" if len(cells) == 1 else ""
