# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The curve of a cascade as text for a terminal, and the keys that the proposal stands for."""

from __future__ import annotations

from typing import Optional

from experiments.cascades.curve import Curve, Keep, Point

_HEADING = ("keep", "scored again", "NDCG@10", "loss [95 % interval]", "pairs/s", "times as fast")


def table(curve: Curve, cheap: str, dear: str, most_loss: float) -> str:
    """Who is compared, and a row for each way to keep; a star where its loss is in the bound."""
    rows = [_HEADING, *(_row(point, most_loss) for point in curve.points)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEADING))]
    lines = [
        f"{curve.lists} lists of {curve.documents:.1f} documents: {dear} alone "
        f"{curve.dear_ndcg:.4f} at {curve.dear_pairs_per_s:.0f} pairs/s, {cheap} alone "
        f"{curve.cheap_ndcg:.4f}",
        "",
    ]
    for row in rows:
        lines.append("  ".join(f"{cell:>{w}}" for cell, w in zip(row, widths)).rstrip())
    return "\n".join(lines)


def proposal(point: Optional[Point], cheap: str, dear: str, most_loss: float) -> str:
    """The keys for config_nlp.yml, or that nothing is within the bound."""
    if point is None:
        return (
            f"no number of documents keeps the loss within {most_loss:g}: take a better first "
            "stage, more lists (intervals become narrower), or a larger --max_loss"
        )
    keep = f"keep: {point.keep}" if isinstance(point.keep, int) else _share(point)
    return (
        f"the fewest whose loss stays within {most_loss:g}:\n"
        f"cascade: {{stages: [{{ranker: {cheap}, {keep}}}, {{ranker: {dear}}}]}}"
    )


def _share(point: Point) -> str:
    return f"keep: 1000, keep_share: {point.keep:g}"


def _row(point: Point, most_loss: float) -> tuple[str, ...]:
    star = "*" if point.within(most_loss) else " "
    return (
        shown(point.keep),
        f"{point.kept:.1f}",
        f"{point.ndcg:.4f}",
        f"{point.loss:+.4f} [{point.low:+.4f}, {point.high:+.4f}] {star}",
        f"{point.pairs_per_s:.0f}",
        f"{point.times_as_fast:.1f}",
    )


def shown(keep: Keep) -> str:
    """A number, or a share with its sign."""
    return str(keep) if isinstance(keep, int) else f"{100 * keep:g} %"
