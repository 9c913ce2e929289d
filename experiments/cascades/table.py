# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The curve of a cascade as text for a terminal, and the keys that the proposal stands for."""

from __future__ import annotations

from typing import Optional

from experiments.cascades.curve import FEWEST_LISTS, Curve, Keep, Point

_HEADING = ("keep", "scored again", "NDCG@10", "loss [95 % interval]", "pairs/s", "times as fast")


def table(curve: Curve, cheap: str, dear: str, most_loss: float) -> str:
    """Who is compared, and a row for each way to keep.

    A star stands where the loss is in the bound; none does where there are too few lists.
    """
    rows: list[tuple[str, ...]] = [_HEADING]
    for point in curve.points:
        star = "*" if point.within(most_loss) and not curve.too_few else " "
        rows.append((*_cells(point), f"{_interval(point)} {star}", *_speed(point)))
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEADING))]
    lines = [
        f"{curve.lists} lists of {curve.documents:.1f} documents: {dear} alone "
        f"{curve.dear_ndcg:.4f} at {curve.dear_pairs_per_s:.0f} pairs/s, {cheap} alone "
        f"{curve.cheap_ndcg:.4f}",
        curve.filling,
        "",
    ]
    for row in rows:
        lines.append("  ".join(f"{cell:>{w}}" for cell, w in zip(row, widths)).rstrip())
    return "\n".join(lines)


def proposal(curve: Curve, point: Optional[Point], cheap: str, dear: str, most_loss: float) -> str:
    """The keys for config_nlp.yml, or why there are none."""
    if curve.too_few:
        return (
            f"{curve.lists} lists are too few to propose a number of documents: what one list in "
            f"twenty loses may be in none of them. Measure at least {FEWEST_LISTS}"
        )
    if point is None:
        return (
            f"no number of documents keeps the loss within {most_loss:g}: take a better first "
            "stage, more lists (intervals become narrower), or a larger --max_loss"
        )
    keep = f"keep: {point.keep}"
    if not isinstance(point.keep, int):
        keep = f"keep: {curve.longest}, keep_share: {point.keep:g}"
    return (
        f"the fewest whose loss stays within {most_loss:g}:\n"
        f"cascade: {{stages: [{{ranker: {cheap}, {keep}}}, {{ranker: {dear}}}]}}"
    )


def _cells(point: Point) -> tuple[str, ...]:
    return shown(point.keep), f"{point.kept:.1f}", f"{point.ndcg:.4f}"


def _interval(point: Point) -> str:
    return f"{point.loss:+.4f} [{point.low:+.4f}, {point.high:+.4f}]"


def _speed(point: Point) -> tuple[str, ...]:
    return f"{point.pairs_per_s:.0f}", f"{point.times_as_fast:.1f}"


def shown(keep: Keep) -> str:
    """A number, or a share with its sign."""
    return str(keep) if isinstance(keep, int) else f"{100 * keep:g} %"
