# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Queries with their graded titles, each list in one split; and the titles of a corpus."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from contract.columns import TITLE
from contract.errors import DataError
from train.data.dataset import read_labelled_pairs
from train.data.faults import BadRows, Fault, Wanted, checked
from train.data.formats.files import open_rows
from train.data.formats.lines import numbered_lines

TRAIN, DEV, HELD_OUT = "train", "dev", "heldout"
_HASH_BITS = 64


@dataclass(frozen=True)
class RankedList:
    """A query and its graded documents.

    Attributes:
        query: The query text, on one line.
        documents: ``(text, grade)`` pairs; grade 0 is irrelevant.
        split: to which the list belongs.
    """

    query: str
    documents: tuple[tuple[str, int], ...]
    split: str

    @property
    def relevant(self) -> list[tuple[str, int]]:
        """Documents with a grade above 0."""
        return [(text, grade) for text, grade in self.documents if grade > 0]


class Shares(NamedTuple):
    """Parts of the queries, from 0 to 1, that train nothing."""

    dev: float = 0.0
    held_out: float = 0.0

    @property
    def asked(self) -> list[str]:
        """The splits that train nothing and have a part."""
        return [name for name, part in ((DEV, self.dev), (HELD_OUT, self.held_out)) if part > 0]

    def split_of(self, query: str) -> str:
        """A hash of the query decides, so that a query is in one split in every file."""
        digest = hashlib.blake2b(query.lower().encode("utf-8"), digest_size=_HASH_BITS // 8)
        place = int.from_bytes(digest.digest(), "big") / 2**_HASH_BITS
        if place < self.held_out:
            return HELD_OUT
        return DEV if place < self.held_out + self.dev else TRAIN


def one_line(text: str) -> str:
    """Replaces tabs and every kind of line break, so that the text fits a TSV cell."""
    return " ".join(text.split())


def read_query_lists(path: Path, shares: Shares, max_bad_rows: int = 0) -> list[RankedList]:
    """Read rows or lists of ``query, title, label``; a title that repeats has its highest grade.

    Lists are those of one query, also where the file has ids of lists.

    Raises:
        DataError: the file is missing or malformed.
    """
    pairs = read_labelled_pairs(path, max_bad_rows)
    order = np.argsort(pairs.queries, kind="stable")
    borders = np.flatnonzero(np.diff(pairs.queries[order])) + 1
    lists = []
    for rows in np.split(order, borders):
        grades: dict[str, int] = {}
        for row in rows:
            title = one_line(pairs.texts[pairs.titles[row]])
            grades[title] = max(int(pairs.labels[row]), grades.get(title, 0))
        query = one_line(pairs.texts[pairs.queries[rows[0]]])
        lists.append(RankedList(query, tuple(grades.items()), shares.split_of(query)))
    return lists


def read_corpus(path: Path, max_bad_rows: int = 0) -> list[str]:
    """Titles: one a line of a ``.txt``, else the column or field ``title`` (``text`` in JSON).

    Raises:
        DataError: the file is missing, malformed or empty.
    """
    bad = BadRows(path, max_bad_rows)
    titles: dict[str, None] = {}
    if path.name.lower().endswith((".txt", ".txt.gz")):
        titles = {one_line(line): None for _, line in numbered_lines(path, bad)}
    else:
        wanted = Wanted((TITLE,))
        rows = open_rows(path, wanted, bad)
        for row in rows.rows():
            try:
                titles[one_line(checked(row, wanted, False, rows.name).texts[0])] = None
            except Fault as fault:
                bad.add(row.line, str(fault))
    bad.check()
    if not titles:
        raise DataError("has no titles", field=str(path))
    return list(titles)
