# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What a file has to train on, as lists of graded titles: its rows, its lists or its triples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Optional

import numpy as np
from numpy.typing import NDArray

from contract.columns import TEACHER_NEG_SCORE, TEACHER_SCORE
from contract.errors import DataError, SetUpError
from train.data.batches import EqualListPlan, IntArray, Plan
from train.data.dataset import LabelledPairs, Triples, read_labelled_pairs, read_triples
from train.data.faults import LABELLED, TRIPLES, BadRows
from train.data.formats.files import open_rows
from train.data.list_batches import ListPlan
from train.loss_options import ANY_ROW, BOTH_CLASSES, TWO_GRADES, TWO_TITLES, LossChoice


class Batching(NamedTuple):
    """How batches are made.

    Attributes:
        batch_size: rows, or triples, that a process takes at once.
        processes: that share a batch.
        seed: of all draws.
        bucketing: put rows of similar length into one batch.
    """

    batch_size: int
    processes: int
    seed: int
    bucketing: bool


@dataclass(frozen=True)
class TrainingLists:
    """Graded titles in lists.

    Attributes:
        texts: of the file.
        queries: of each row, its number in ``texts``.
        titles: of each row, alike.
        grades: of each row.
        members: row numbers ``[lists, length]`` of lists of one length, or ``None``.
        lists: of each row the number of its list, -1 where nothing is learned from it; ``None``
            where there are ``members``.
        list_size: titles to draw of longer lists.
        teacher_scores: of each row, where the file has them.
        left_out: lists of the file that nothing is learned from.
    """

    texts: Sequence[str]
    queries: IntArray
    titles: IntArray
    grades: IntArray
    members: Optional[IntArray] = None
    lists: Optional[IntArray] = None
    list_size: Optional[int] = None
    teacher_scores: Optional[NDArray[np.float32]] = None
    left_out: int = 0

    @property
    def count(self) -> int:
        """What the file has: rows, or triples."""
        return len(self.queries) if self.members is None else len(self.members)

    def plan(self, lengths: IntArray, batching: Batching) -> Plan:
        """The batches of a run over rows of these lengths.

        Raises:
            SetUpError: a list has more rows than a batch.
        """
        size, processes, seed, bucketing = batching
        if self.members is not None:
            return EqualListPlan(self.members, lengths, size * processes, seed, bucketing)
        assert self.lists is not None
        return ListPlan(
            self.lists,
            self.grades,
            lengths,
            batch_size=size,
            processes=processes,
            list_size=self.list_size,
            seed=seed,
            bucketing=bucketing,
        )


def of_triples(triples: Triples) -> TrainingLists:
    """Each triple as a list of two, the title of grade 1 and the negative of grade 0.

    Raises:
        DataError: a teacher has scored only the titles, or only the negatives.
    """
    count = len(triples.queries)
    title_scores, negative_scores = triples.teacher_scores, triples.teacher_neg_scores
    if (title_scores is None) != (negative_scores is None):
        raise DataError(
            f"only {TEACHER_SCORE} or {TEACHER_NEG_SCORE} is there; triples need both, or neither",
            field="training file",
        )
    scores = None
    if title_scores is not None and negative_scores is not None:
        scores = np.concatenate([title_scores, negative_scores])
    return TrainingLists(
        triples.texts,
        np.tile(triples.queries, 2),
        np.concatenate([triples.titles, triples.neg_titles]),
        np.repeat(np.array([1, 0], dtype=np.int64), count),
        members=np.arange(2 * count).reshape(2, count).T,
        teacher_scores=scores,
    )


def of_pairs(pairs: LabelledPairs, choice: LossChoice) -> TrainingLists:
    """Rows on their own where no loss compares titles, and else the lists of the file.

    Raises:
        SetUpError: no list has what a loss learns from.
    """
    rows = TrainingLists(
        pairs.texts,
        pairs.queries,
        pairs.titles,
        pairs.labels,
        teacher_scores=pairs.teacher_scores,
    )
    if not choice.of_lists:
        return replace(rows, members=np.arange(len(pairs.labels))[:, None])
    kept = _can_teach(pairs, choice.needs)
    if not kept.any():
        raise SetUpError(
            f"{' and '.join(choice.weights)} learn from lists with "
            f"{' or '.join(sorted(choice.needs))}, which none of {len(kept)} of the training file "
            "has; rows of one list have the same query",
            field="loss",
        )
    lists = np.where(kept[pairs.lists], pairs.lists, -1)
    return replace(rows, lists=lists, list_size=choice.list_size, left_out=int((~kept).sum()))


def read_training_lists(path: str, choice: LossChoice, max_bad_rows: int) -> TrainingLists:
    """Read triples, or labelled rows, whichever the header of the file says.

    Raises:
        DataError: the file is neither, or holds too many malformed rows, or nothing to learn from.
        SetUpError: ``list_size`` is for triples.
    """
    if not _has_triples(Path(path)):
        return of_pairs(read_labelled_pairs(path, max_bad_rows), choice)
    if choice.list_size is not None:
        raise SetUpError(f"{path} has triples, of which nothing is drawn", field="list_size")
    return of_triples(read_triples(path, max_bad_rows))


class _Unsaid(BadRows):
    """Of a file that is read again, and says then what there is to say."""

    def say(self, line: str) -> None:
        """Nothing yet."""


def _has_triples(path: Path) -> bool:
    """Whether rows have a negative; a file with neither it nor a label lacks the negative."""
    try:
        open_rows(path, TRIPLES, _Unsaid(path, 0))
    except DataError as lacks_negative:
        try:
            open_rows(path, LABELLED, _Unsaid(path, 0))
        except DataError:
            raise lacks_negative from None
        return False
    return True


def _can_teach(pairs: LabelledPairs, needs: set[str]) -> NDArray[np.bool_]:
    """Of each list, whether some loss learns from it."""
    order = np.argsort(pairs.lists, kind="stable")
    sizes = np.bincount(pairs.lists)
    starts = np.cumsum(sizes) - sizes
    grades = np.asarray(pairs.labels)[order]
    lowest = np.minimum.reduceat(grades, starts)
    highest = np.maximum.reduceat(grades, starts)
    has = {
        ANY_ROW: sizes > 0,
        TWO_TITLES: sizes > 1,
        TWO_GRADES: highest > lowest,
        BOTH_CLASSES: (lowest == 0) & (highest > 0),
    }
    able: NDArray[np.bool_] = np.logical_or.reduce([has[need] for need in needs])
    return able
