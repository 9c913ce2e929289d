# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What is asked of the rows of a file, what is wrong with one, and how many may be."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any, Callable, NamedTuple, Optional

from contract.columns import (
    LABEL,
    LIST_ID,
    NEG_TITLE,
    QUERY,
    TEACHER_NEG_SCORE,
    TEACHER_SCORE,
    TITLE,
)
from contract.errors import DataError

_SHOWN_BAD_ROWS = 10
_SHOWN_CHARACTERS = 40
_MOST_DIGITS = 9


class Wanted(NamedTuple):
    """What a reader asks of each row.

    Attributes:
        texts: names of the fields that hold texts.
        label: whether there has to be a grade.
        scores: names of numbers that a file may have, in all rows or in none.
        headerless: how many columns a TSV may have that comes without a header.
    """

    texts: tuple[str, ...]
    label: bool = False
    scores: tuple[str, ...] = ()
    headerless: tuple[int, ...] = ()


LABELLED = Wanted((QUERY, TITLE), label=True, scores=(TEACHER_SCORE,))
TRIPLES = Wanted((QUERY, TITLE, NEG_TITLE), scores=(TEACHER_SCORE, TEACHER_NEG_SCORE))
# query and title, and in upstream's files the score of the recall
UNLABELLED = Wanted((QUERY, TITLE), headerless=(2, 3))


class ParsedRow(NamedTuple):
    """A row as a file has it, not checked yet; what a file has no field for is ``None``.

    Attributes:
        line: in the file, from 1; of Parquet the number of the row.
        inside: which part of the line it is, ahead of the names of its fields.
        texts: of the fields asked for.
        label: the grade.
        list_id: what rows of one list have in common.
        scores: of the fields asked for.
    """

    line: int
    inside: str
    texts: tuple[Any, ...]
    label: Any = None
    list_id: Any = None
    scores: tuple[Any, ...] = ()


class CheckedRow(NamedTuple):
    """A row in which everything is what it has to be; the names are those of :class:`ParsedRow`."""

    line: int
    texts: list[str]
    label: int
    list_id: Optional[str]
    scores: tuple[float, ...]


# the name of a field as the file has it
FieldName = Callable[[ParsedRow, str], str]


class BadRows:
    """Counts malformed rows, shows the first of them, and refuses more than the limit.

    Attributes:
        said: lines that were written to stderr.
    """

    def __init__(self, path: Path, limit: int, *, quiet: bool = False) -> None:
        """Of a file in which ``limit`` rows may be malformed; if quiet, nothing is written."""
        self._path = path
        self._quiet = quiet
        self._limit = limit
        self._first: Optional[tuple[int, str]] = None
        self._count = 0
        self.said: list[str] = []

    def add(self, line: int, reason: str) -> None:
        """One more."""
        self._count += 1
        self._first = self._first or (line, reason)
        if self._count <= min(_SHOWN_BAD_ROWS, self._limit):
            self.say(f"{self._path}:{line}: {reason}")

    def say(self, line: str) -> None:
        """Tell something else of the file."""
        if not self._quiet:
            print(line, file=sys.stderr)
        self.said.append(line)

    def check(self) -> None:
        """At the end of the file.

        Raises:
            DataError: there are more than may be; it names the first.
        """
        if self._first is None:
            return
        line, reason = self._first
        if self._count > self._limit:
            raise DataError(
                f"{reason}; {self._count} malformed rows in all, "
                f"correct them or raise --max_bad_rows (now {self._limit})",
                field=f"{self._path}:{line}",
            )
        self.say(f"{self._path}: skipped {self._count} malformed rows")


class Fault(Exception):
    """Says what is wrong with a row."""


def checked(row: ParsedRow, wanted: Wanted, has_list_id: bool, name: FieldName) -> CheckedRow:
    """The row, with numbers as numbers and texts without blanks around them.

    Raises:
        Fault: a field is not what it has to be.
    """
    # no function is called for what is right, since files have millions of rows
    texts = []
    for value in row.texts:
        text = value.strip() if isinstance(value, str) else ""
        if not text:
            raise Fault(_no_text(row, wanted, name))
        texts.append(text)
    label = _grade(row.label) if wanted.label else 0
    if label is None:
        raise Fault(f"{name(row, LABEL)} {shown(row.label)} is not an integer of at least 0")
    list_id = _list_id(row, name) if has_list_id else None
    scores: tuple[float, ...] = ()
    if wanted.scores:
        scores = tuple([_score(v, row, n, name) for v, n in zip(row.scores, wanted.scores)])
    return CheckedRow(row.line, texts, label, list_id, scores)


def _no_text(row: ParsedRow, wanted: Wanted, name: FieldName) -> str:
    """What is said of the first text that is none."""
    for value, field in zip(row.texts, wanted.texts):
        if not isinstance(value, str):
            missing = value is None
            return f"{name(row, field)} is {'missing' if missing else f'no text: {shown(value)}'}"
        if not value.strip():
            return f"{name(row, field)} is empty"
    raise AssertionError(row)


def _grade(value: Any) -> Optional[int]:
    """The grade that a cell or a number stands for, or ``None``."""
    if isinstance(value, str):
        right = value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS
        return int(value) if right else None
    # numbers of JSON and Parquet; a column of pandas that lacked a value somewhere is of floats
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    whole = 0 <= value < 10**_MOST_DIGITS and value == int(value)
    return int(value) if whole else None


def _list_id(row: ParsedRow, name: FieldName) -> str:
    value = row.list_id
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise Fault(f"{name(row, LIST_ID)} is neither a text nor an integer, but {shown(value)}")
    found = str(value).strip()
    if not found:
        raise Fault(f"{name(row, LIST_ID)} is empty")
    return found


def _score(value: Any, row: ParsedRow, field: str, name: FieldName) -> float:
    try:
        number = float(value) if isinstance(value, (str, int, float)) else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or isinstance(value, bool):
        raise Fault(f"{name(row, field)} {shown(value)} is not a finite number")
    return number


def shown(value: Any) -> str:
    """The beginning of a value, for an error."""
    if isinstance(value, str):
        return repr(value[:_SHOWN_CHARACTERS])
    return "nothing" if value is None else repr(value)[:_SHOWN_CHARACTERS]
