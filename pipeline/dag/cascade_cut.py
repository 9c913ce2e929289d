# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Which documents the next stage of a cascade scores, and what is doubtful about where it is cut.

The documents of each query are a list of their own. A stage that gives all of a list one score says
nothing of which to keep: all go on, as they would without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from contract.scoring import FloatArray, share_holders
from pipeline.routing.stages import Stage


class Cut(NamedTuple):
    """What goes on.

    Attributes:
        documents: their indices, best first.
        is_widened: whether there are more than the stage was to keep.
        doubts: a sentence each.
    """

    documents: tuple[int, ...]
    is_widened: bool = False
    doubts: tuple[str, ...] = ()


class _List(NamedTuple):
    """The documents of one query.

    Attributes:
        documents: their indices, best first.
        kept: how many of them the stage keeps.
        is_alike: whether they differ and all have one value.
        tied: how many differ and have the value at the cut, on both sides of it; 0: not so.
        tied_kept: how many of these are kept.
    """

    documents: list[int]
    kept: int
    is_alike: bool
    tied: int
    tied_kept: int


def cut_of(
    stage: Stage,
    documents: Sequence[int],
    values: Sequence[float],
    pairs: Sequence[tuple[str, str]],
    *,
    widen: bool = True,
) -> Cut:
    """Cut what a stage has scored.

    Args:
        stage: with how many it keeps, of each query.
        documents: indices of what it has scored, best first.
        values: logits or the like, one for each pair of the request.
        pairs: of the request.
        widen: keep all of a list whose values are all the same.
    """
    lists = [_list(stage, own, values, pairs) for own in _by_query(documents, pairs).values()]
    alike = [one for one in lists if widen and one.is_alike]
    cut = [one for one in lists if one.tied and one not in alike]
    kept = {i for one in lists for i in one.documents[: None if one in alike else one.kept]}
    doubts = []
    if alike:
        count = sum(len(one.documents) for one in alike)
        each = f" of {len(alike)} queries each" if len(alike) > 1 else ""
        doubts.append(
            f"{stage.ranker} gives all {count} documents{each} one score: the next stage scored "
            f"all of them, not {stage.keep} at most"
        )
    if cut:
        tied, tied_kept = sum(one.tied for one in cut), sum(one.tied_kept for one in cut)
        doubts.append(
            f"the cut of {stage.ranker} is among {tied} documents of one score: the first "
            f"{tied_kept} of them were scored further, by the order before; raise its keep"
        )
    return Cut(tuple(i for i in documents if i in kept), bool(alike), tuple(doubts))


def _by_query(
    documents: Sequence[int], pairs: Sequence[tuple[str, str]]
) -> Mapping[str, list[int]]:
    of_query: dict[str, list[int]] = {}
    for i in documents:
        of_query.setdefault(pairs[i][0], []).append(i)
    return of_query


def _list(
    stage: Stage,
    documents: list[int],
    values: Sequence[float],
    pairs: Sequence[tuple[str, str]],
) -> _List:
    own = np.array([values[i] for i in documents])
    kept = _kept(stage, own)
    if kept == len(own):
        return _List(documents, kept, False, 0, 0)
    tied = own == own[kept]
    texts = {pairs[i][1] for i, is_tied in zip(documents, tied) if is_tied}
    if not tied[kept - 1] or len(texts) < 2:
        return _List(documents, kept, False, 0, 0)
    return _List(documents, kept, bool(tied.all()), int(tied.sum()), int(tied[:kept].sum()))


def _kept(stage: Stage, values: FloatArray) -> int:
    """How many the next stage scores: with a share, as few as hold it of the values' softmax."""
    most = len(values) if stage.keep is None else min(stage.keep, len(values))
    if stage.share is None:
        return most
    return min(most, max(share_holders(values, stage.share), stage.at_least))
