# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Lays a result out as a table for a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Optional

from clients.formats.pairs_file import RankTask
from clients.ranker.result import RankResult

_ELLIPSIS = "…"
_LEAST_TITLE_WIDTH = 10
_GAP = "  "


def render(
    task: RankTask, result: RankResult, elapsed_ms: float, terminal_width: Optional[int] = None
) -> str:
    """The query, how it was served, and a row for each title from best to worst.

    Args:
        task: what was asked.
        result: the answer.
        elapsed_ms: how long the call took.
        terminal_width: cut titles to fit; ``None`` cuts nothing.
    """
    interleaved = any(document.team for document in result.results)
    both = bool(result.rankings) and not interleaved
    rows = _rows_of_both(task, result) if both else _rows(task, result)
    bundles = [f"{name} {ranking.bundle}" for name, ranking in result.rankings.items()]
    served = ", ".join(bundles) or f"{result.ranker} {result.bundle}"
    if result.variant:
        of = f" of {_printable(result.experiment)}" if result.experiment else ""
        served += f", variant {_printable(result.variant)}{of}"
    head = [
        f"query: {_printable(task.query)}",
        f"{served}, {len(task.titles)} titles, {result.tokens} tokens, {elapsed_ms:.1f} ms",
    ]
    doubts = [f"warning: {_printable(text)}" for text in result.warnings]
    return "\n".join([*head, *doubts, *_aligned(rows, terminal_width), ""])


def display_width(text: str) -> int:
    """Columns a terminal uses for ``text``: two for wide characters, none for combining ones."""
    return sum(_char_width(char) for char in text)


def _char_width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _rows(task: RankTask, result: RankResult) -> list[list[str]]:
    """Of one ranker; of an interleaved answer or a cascade with who put each title there."""
    teams = any(document.team for document in result.results)
    stages = any(document.stage for document in result.results)
    who = [*(["variant"] if teams else []), *(["stage"] if stages else [])]
    rows = [["rank", "score", *who, "index", "title"]]
    for rank, ranked in enumerate(result.results, start=1):
        title = _printable(task.titles[ranked.index])
        who = [_printable(ranked.team)] if teams else []
        who += [_printable(ranked.stage)] if stages else []
        rows.append([str(rank), f"{ranked.score:.6f}", *who, str(ranked.index), title])
    return rows


def _rows_of_both(task: RankTask, result: RankResult) -> list[list[str]]:
    """Rank and score by each ranker side by side, in the order of the first.

    A title that only one ranker has among its ``top_n`` shows ``-`` as the other's rank.
    """
    header: list[str] = []
    ranks: list[dict[int, int]] = []
    indices: dict[int, None] = {}
    for name, ranking in result.rankings.items():
        header += [name, "score"]
        ranks.append({index: rank for rank, index in enumerate(ranking.order, start=1)})
        indices.update(dict.fromkeys(ranking.order))
    rows = [[*header, "index", "title"]]
    for index in indices:
        cells: list[str] = []
        for rank_of, ranking in zip(ranks, result.rankings.values()):
            cells += [str(rank_of.get(index, "-")), f"{ranking.scores[index]:.6f}"]
        rows.append([*cells, str(index), _printable(task.titles[index])])
    return rows


def _aligned(rows: Sequence[Sequence[str]], terminal_width: Optional[int]) -> list[str]:
    """Numbers to the right, the last column to the left and cut to what is left of the line."""
    numbers = len(rows[0]) - 1
    widths = [max(display_width(row[column]) for row in rows) for column in range(numbers)]
    lines = []
    for row in rows:
        cells = [" " * (w - display_width(c)) + c for c, w in zip(row, widths)]
        title = row[-1]
        if terminal_width is not None:
            room = terminal_width - sum(widths) - len(_GAP) * numbers
            title = _cut(title, max(room, _LEAST_TITLE_WIDTH))
        lines.append(_GAP.join([*cells, title]))
    return lines


def _cut(text: str, width: int) -> str:
    if display_width(text) <= width:
        return text
    kept, used = [], 1
    for char in text:
        used += _char_width(char)
        if used > width:
            break
        kept.append(char)
    return "".join(kept) + _ELLIPSIS


def _printable(text: str) -> str:
    """Line breaks and control characters as spaces: a title must not steer the terminal."""
    return "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
