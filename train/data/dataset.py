# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads files of labelled rows: the door of this room.

A TSV, JSON lines or Parquet file comes in; the numbers of its rows and the texts they refer to go
out. Every distinct text is kept once, and a large file stays on disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Optional, Union

import numpy as np
from numpy.typing import NDArray

from contract.columns import (
    LABEL,
    LIST_ID,
    NEG_TITLE,
    QUERY,
    TEACHER_NEG_SCORE,
    TEACHER_SCORE,
    TITLE,
)
from train.data.encoded import EncodedPairs, encode
from train.data.faults import LABELLED, TRIPLES, UNLABELLED
from train.data.table import prepare

__all__ = [
    "EncodedPairs",
    "FloatArray",
    "IntArray",
    "LabelledPairs",
    "Triples",
    "UnlabelledPairs",
    "encode",
    "read_labelled_pairs",
    "read_triples",
    "read_unlabelled_pairs",
]

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float32]


class LabelledPairs(NamedTuple):
    """Rows of ``query, title, label``; ``texts[queries[i]]`` is the query of row ``i``.

    Attributes:
        lists: number of each row's list, from 0 in the order of their first rows.
        teacher_scores: ``[rows]``, where the file has the column ``teacher_score``.
    """

    texts: Sequence[str]
    queries: IntArray
    titles: IntArray
    labels: IntArray
    lists: IntArray
    teacher_scores: Optional[FloatArray] = None


class Triples(NamedTuple):
    """Rows of ``query, title, neg_title`` as numbers of ``texts``.

    Attributes:
        teacher_scores: of the titles, where the file has the column ``teacher_score``.
        teacher_neg_scores: of the negatives, of the column ``teacher_neg_score``.
    """

    texts: Sequence[str]
    queries: IntArray
    titles: IntArray
    neg_titles: IntArray
    teacher_scores: Optional[FloatArray] = None
    teacher_neg_scores: Optional[FloatArray] = None


class UnlabelledPairs(NamedTuple):
    """Rows of ``query, title`` as numbers of ``texts``; a recall score is read over."""

    texts: Sequence[str]
    queries: IntArray
    titles: IntArray


def read_triples(
    path: Union[str, Path], max_bad_rows: int = 0, cache_dir: Optional[Path] = None
) -> Triples:
    """Read a pair-wise training file, with the columns ``query``, ``title`` and ``neg_title``.

    Args:
        path: of a TSV, or by its ending of JSON lines or Parquet.
        max_bad_rows: malformed rows that are skipped.
        cache_dir: where a large file is prepared for later runs too.

    Raises:
        DataError: the file is missing or empty, lacks a column, or holds too many malformed rows.
        SetUpError: there is no room on the disk.
    """
    table = prepare(path, TRIPLES, max_bad_rows, cache_dir)
    return Triples(
        table.texts,
        table.column(QUERY),
        table.column(TITLE),
        table.column(NEG_TITLE),
        table.scores(TEACHER_SCORE),
        table.scores(TEACHER_NEG_SCORE),
    )


def read_labelled_pairs(
    path: Union[str, Path], max_bad_rows: int = 0, cache_dir: Optional[Path] = None
) -> LabelledPairs:
    """Read a file with the columns ``query``, ``title`` and ``label``, and perhaps ``list_id``.

    A label is an integer grade: 0 is irrelevant, anything above is relevant. See
    :func:`read_triples` for arguments and errors; rows of one list with two queries are one more.
    """
    table = prepare(path, LABELLED, max_bad_rows, cache_dir)
    return LabelledPairs(
        table.texts,
        table.column(QUERY),
        table.column(TITLE),
        table.column(LABEL),
        table.column(LIST_ID),
        table.scores(TEACHER_SCORE),
    )


def read_unlabelled_pairs(
    path: Union[str, Path], max_bad_rows: int = 0, cache_dir: Optional[Path] = None
) -> UnlabelledPairs:
    """Read pairs; a TSV may be as upstream has it: ``query, title``, perhaps a recall score.

    See :func:`read_triples` for arguments and errors.
    """
    table = prepare(path, UNLABELLED, max_bad_rows, cache_dir)
    return UnlabelledPairs(table.texts, table.column(QUERY), table.column(TITLE))
