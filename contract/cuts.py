# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Counts what was cut of encoded pairs, and says it: to callers, and to those who train."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Optional

import numpy as np
from numpy.typing import NDArray

from contract.encoding import Row

IntArray = NDArray[np.int64]

_RANGE = tuple[int, int]
_NO_TOKEN = "nothing, or only spaces and characters that are not read, such as U+200B"


@dataclass(frozen=True)
class Cuts:
    """What was cut of pairs; a title that was divided into chunks counts once.

    Attributes:
        queries: pairs whose query lost tokens.
        titles: pairs whose title did.
        lost: those of them whose title has no token left, since the query takes the whole row.
        tokens: of the longest query that was cut, as far as they were counted.
        counted: whether that query has no more.
        kept: fewest and most tokens that stayed of a query that was cut.
        empty_queries: pairs whose query has no token: all its characters are dropped.
        empty_titles: pairs whose title has none.
    """

    queries: int = 0
    titles: int = 0
    lost: int = 0
    tokens: int = 0
    counted: bool = True
    kept: _RANGE = (0, 0)
    empty_queries: int = 0
    empty_titles: int = 0

    def __add__(self, other: Cuts) -> Cuts:
        """Of both: they are of different pairs."""
        longest = max(self, other, key=lambda cuts: (cuts.tokens, not cuts.counted))
        ranges = [cuts.kept for cuts in (self, other) if cuts.queries]
        return Cuts(
            self.queries + other.queries,
            self.titles + other.titles,
            self.lost + other.lost,
            longest.tokens,
            longest.counted,
            (min(r[0] for r in ranges), max(r[1] for r in ranges)) if ranges else (0, 0),
            self.empty_queries + other.empty_queries,
            self.empty_titles + other.empty_titles,
        )


def cuts_of(rows: Sequence[Row], owners: Optional[Sequence[int]] = None) -> Cuts:
    """Count over rows.

    Args:
        rows: as encoded.
        owners: of each row the number of its pair; ``None``: each pair has one row.
    """
    queries: dict[int, Row] = {}
    titles, lost = set(), set()
    empty_queries, empty_titles = set(), set()
    for pair, row in zip(range(len(rows)) if owners is None else owners, rows):
        if row.query_tokens > row.query_kept:
            # the first of its rows is full; a last chunk may leave room
            queries.setdefault(pair, row)
        elif row.query_kept == 0 <= row.query_tokens:
            empty_queries.add(pair)
        if row.title_tokens == 0:
            empty_titles.add(pair)
        elif row.truncated:
            titles.add(pair)
            if len(row.input_ids) == row.query_kept + row.special:
                lost.add(pair)
    found = Cuts(
        titles=len(titles),
        lost=len(lost),
        empty_queries=len(empty_queries),
        empty_titles=len(empty_titles),
    )
    if not queries:
        return found
    longest = max(queries.values(), key=lambda row: row.query_tokens)
    kept = [row.query_kept for row in queries.values()]
    return replace(
        found,
        queries=len(queries),
        tokens=longest.query_tokens,
        # a row that was cut is full; beyond its room no query is counted
        counted=longest.query_tokens <= len(longest.input_ids) - longest.special,
        kept=(min(kept), max(kept)),
    )


def cuts_of_counts(
    query_tokens: IntArray, query_kept: IntArray, title_tokens: IntArray, title_kept: IntArray
) -> Cuts:
    """Count over rows of which only the numbers of tokens are known: each ``[rows]``.

    Args:
        query_tokens: as :class:`contract.encoding.Row` has them.
        query_kept: of those, how many the row has.
        title_tokens: alike.
        title_kept: alike.
    """
    cut = query_tokens > query_kept
    titles = title_tokens > title_kept
    found = Cuts(
        titles=int(titles.sum()),
        lost=int((titles & (title_kept == 0)).sum()),
        empty_queries=int((~cut & (query_kept == 0)).sum()),
        empty_titles=int((title_tokens == 0).sum()),
    )
    if not cut.any():
        return found
    longest = int(np.argmax(np.where(cut, query_tokens, -1)))
    kept = query_kept[cut]
    return replace(
        found,
        queries=int(cut.sum()),
        tokens=int(query_tokens[longest]),
        counted=bool(query_tokens[longest] <= query_kept[longest] + title_kept[longest]),
        kept=(int(kept.min()), int(kept.max())),
    )


def warnings_of(cuts: Cuts) -> tuple[str, ...]:
    """All that is doubtful of pairs whose titles are never divided."""
    whole = cuts.titles - cuts.lost
    return (*((documents_cut(whole),) if whole else ()), *doubts_of(cuts))


def documents_cut(count: int) -> str:
    """Says of how many documents the end was cut."""
    shown = "1 document" if count == 1 else f"{count} documents"
    were = "was" if count == 1 else "were"
    return f"{shown} had more tokens than a row takes and {were} cut"


def doubts_of(cuts: Cuts) -> tuple[str, ...]:
    """What a caller should know of a request's rows besides which documents were cut."""
    said = []
    if cuts.queries:
        said.append(_query_cut(cuts))
    if cuts.lost:
        said.append(
            f"{_documents(cuts.lost)} left with no token, since the query takes the whole row; "
            "shorten the query"
        )
    if cuts.empty_titles:
        shown = (
            "1 document has" if cuts.empty_titles == 1 else f"{cuts.empty_titles} documents have"
        )
        said.append(f"{shown} no token: {_NO_TOKEN}")
    return tuple(said)


def counted(cuts: Cuts, pairs: int) -> str:
    """One line on what was cut of many pairs, or empty when nothing was."""
    said = []
    if cuts.queries:
        said.append(f"{cuts.queries} queries cut")
    if cuts.titles:
        said.append(f"{cuts.titles} titles cut")
    if cuts.lost:
        said.append(f"{cuts.lost} of them to nothing")
    if cuts.empty_queries:
        said.append(f"{cuts.empty_queries} queries without a token")
    if cuts.empty_titles:
        said.append(f"{cuts.empty_titles} titles without a token")
    return f"of {pairs} pairs: {', '.join(said)}" if said else ""


def _query_cut(cuts: Cuts) -> str:
    fewest, most = cuts.kept
    counted = str(cuts.tokens) if cuts.counted else f"more than {cuts.tokens - 1}"
    kept = str(most) if fewest == most else f"{fewest} to {most}"
    return f"the query had {counted} tokens, of which {kept} were kept beside the documents"


def _documents(count: int) -> str:
    return "1 document was" if count == 1 else f"{count} documents were"
