# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""How far scores are from the part of titles that is relevant: figures, and a plot of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

BINS = 10
_SIDE, _EDGE = 240, 36
_COLOURS = ("#9a9a9a", "#1f6fb4", "#c2571a")


class Bin(NamedTuple):
    """Rows whose scores lie between two borders.

    Attributes:
        rows: how many.
        score: their mean score.
        relevant: the part of them that is relevant.
    """

    rows: int
    score: float
    relevant: float


def reliability(scores: FloatArray, relevant: NDArray[np.bool_]) -> list[Bin]:
    """Rows by score in ten parts of [0, 1] of one width; parts without rows are left out."""
    number = np.clip((np.asarray(scores) * BINS).astype(np.int64), 0, BINS - 1)
    return [
        Bin(int(inside.sum()), float(scores[inside].mean()), float(relevant[inside].mean()))
        for inside in (number == i for i in range(BINS))
        if inside.any()
    ]


def pooled(parts: Iterable[Sequence[Bin]]) -> list[Bin]:
    """The bins of all rows together, of those of several files."""
    of_number: dict[int, list[Bin]] = {}
    for one in (one for bins in parts for one in bins):
        of_number.setdefault(min(int(one.score * BINS), BINS - 1), []).append(one)
    result = []
    for _, bins in sorted(of_number.items()):
        rows = sum(b.rows for b in bins)
        score, relevant = (sum(b.rows * b[i] for b in bins) / rows for i in (1, 2))
        result.append(Bin(rows, score, relevant))
    return result


def expected_calibration_error(bins: Sequence[Bin]) -> float:
    """Mean over rows of how far their bin's score is from its part of relevant ones.

    Naeini et al. (AAAI 2015), "Obtaining Well Calibrated Probabilities Using Bayesian Binning".
    """
    rows = sum(b.rows for b in bins)
    return sum(b.rows * abs(b.score - b.relevant) for b in bins) / rows


def table(bins: Sequence[Bin]) -> str:
    """Lines for a terminal."""
    lines = [f"{'rows':>8}{'mean score':>14}{'relevant':>12}"]
    return "\n".join([*lines, *(f"{b.rows:8}{b.score:14.3f}{b.relevant:12.3f}" for b in bins)])


def plot(curves: Mapping[str, Sequence[Bin]]) -> str:
    """An SVG: the part of relevant rows over the mean score, a line for each name.

    Args:
        curves: up to three, by what the legend calls them.
    """
    whole = _SIDE + 2 * _EDGE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {whole}" '
        f'width="{whole}" height="{whole}" font-family="sans-serif" font-size="11">',
        f'<rect width="{whole}" height="{whole}" fill="#ffffff"/>',
        f'<rect x="{_EDGE}" y="{_EDGE}" width="{_SIDE}" height="{_SIDE}" fill="none" '
        'stroke="#333333"/>',
        f'<path d="M{_place(0, 0)} L{_place(1, 1)}" stroke="#333333" stroke-dasharray="3 3"/>',
        f'<text x="{whole / 2:g}" y="{whole - 8}" text-anchor="middle">mean score</text>',
        f'<text x="14" y="{whole / 2:g}" text-anchor="middle" '
        f'transform="rotate(-90 14 {whole / 2:g})">part that is relevant</text>',
    ]
    for tick in (0.0, 0.5, 1.0):
        x, y = _place(tick, tick).split(",")
        parts.append(f'<text x="{x}" y="{whole - 22}" text-anchor="middle">{tick:g}</text>')
        parts.append(f'<text x="{_EDGE - 4}" y="{y}" text-anchor="end">{tick:g}</text>')
    for number, (name, bins) in enumerate(curves.items()):
        parts += _curve(name, bins, _COLOURS[number], number)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _curve(name: str, bins: Sequence[Bin], colour: str, number: int) -> list[str]:
    places = [_place(b.score, b.relevant) for b in bins]
    dots = [
        '<circle cx="{}" cy="{}" r="3" fill="{}"/>'.format(*place.split(","), colour)
        for place in places
    ]
    return [
        f'<polyline points="{" ".join(places)}" fill="none" stroke="{colour}"/>',
        *dots,
        f'<text x="{_EDGE + 8}" y="{_EDGE + 16 + 14 * number}" fill="{colour}">{name}</text>',
    ]


def _place(score: float, relevant: float) -> str:
    return f"{_EDGE + _SIDE * score:.1f},{_EDGE + _SIDE * (1 - relevant):.1f}"
