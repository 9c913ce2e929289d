# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Draw the curves of a run as one SVG, which any browser shows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

# a step and a value, or a step, a value and the ends of its interval
Point = Sequence[float]
Series = Sequence[Point]

_WIDTH, _LEFT, _RIGHT = 640, 72, 624
_HEIGHT, _TOP, _BOTTOM = 190, 28, 164
_MOST_TICKS = 5
# a curve of more points shows no more, and takes seconds to draw
_MOST_POINTS = 1000
_STYLE = (
    "text{font:12px sans-serif;fill:#333}.head{font-weight:bold}.axis{stroke:#999}"
    ".grid{stroke:#eee}.line{fill:none;stroke:#1565c0;stroke-width:1.5}"
    ".band{fill:#1565c0;opacity:.18}.dot{fill:#1565c0}"
)


class Axis(NamedTuple):
    """Numbers onto a length of the picture."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """Where a number is drawn."""
        part = (value - self.low) / (self.high - self.low)
        return round(self.start + part * (self.end - self.start), 1)

    def ticks(self) -> list[float]:
        """Round numbers between the ends."""
        rough = (self.high - self.low) / _MOST_TICKS
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * part for part in (1, 2, 5, 10) if power * part >= rough * (1 - 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]


def axis_of(values: Sequence[float], start: float, end: float) -> Axis:
    """An axis on which all values lie; of one value alone it is the middle."""
    low, high = min(values), max(values)
    if low == high:
        room = abs(low) / 2 or 0.5
        low, high = low - room, high + room
    return Axis(low, high, start, end)


def draw(curves: Mapping[str, Series]) -> str:
    """An SVG document with a panel for each curve that has a point.

    Args:
        curves: by title; values that are NaN or infinite are left out.
    """
    sound = {title: [p for p in points if _is_finite(p)] for title, points in curves.items()}
    sound = {title: points for title, points in sound.items() if points}
    steps = [point[0] for points in sound.values() for point in points]
    parts = []
    for place, (title, points) in enumerate(sound.items()):
        across = axis_of([0.0, *steps], _LEFT, _RIGHT)
        panel = _panel(title, _thinned(points), across)
        parts.append(f'<g transform="translate(0,{place * _HEIGHT})">{panel}</g>')
    height = max(1, len(sound)) * _HEIGHT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}"><style>{_STYLE}</style>'
        f'<rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n'
    )


def _is_finite(point: Point) -> bool:
    return all(math.isfinite(value) for value in point)


def _thinned(points: Series) -> Series:
    """Every n-th point, and the last."""
    apart = -(-len(points) // _MOST_POINTS)
    return [*points[:-1:apart], points[-1]]


def _panel(title: str, points: Series, across: Axis) -> str:
    values = [value for point in points for value in point[1:]]
    up = axis_of(values, _BOTTOM, _TOP)
    parts = [f'<text class="head" x="{_LEFT}" y="16">{escape(title)}</text>']
    for tick in up.ticks():
        y = up.place(tick)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(_label(f"{tick:.4g}", _LEFT - 6, y + 4, "end"))
    for tick in across.ticks():
        parts.append(_label(f"{tick:.6g}", across.place(tick), _BOTTOM + 16, "middle"))
    parts.append(f'<line class="axis" x1="{_LEFT}" x2="{_RIGHT}" y1="{_BOTTOM}" y2="{_BOTTOM}"/>')
    parts += _marks(points, across, up)
    return "".join(parts)


def _marks(points: Series, across: Axis, up: Axis) -> list[str]:
    """The band of the intervals, the line, and a dot where there is no line."""
    places = [(across.place(point[0]), up.place(point[1])) for point in points]
    marks = []
    banded = [point for point in points if len(point) == 4]
    if len(banded) > 1:
        lower = [(across.place(step), up.place(low)) for step, _, low, _ in banded]
        upper = [(across.place(step), up.place(high)) for step, _, _, high in reversed(banded)]
        marks.append(f'<polygon class="band" points="{_listed(lower + upper)}"/>')
    elif banded:
        step, _, low, high = banded[0]
        x, width = across.place(step) - 2, 4
        top, bottom = up.place(high), up.place(low)
        marks.append(
            f'<rect class="band" x="{x}" y="{top}" width="{width}" height="{bottom - top:.1f}"/>'
        )
    if len(places) == 1:
        marks.append(f'<circle class="dot" cx="{places[0][0]}" cy="{places[0][1]}" r="3"/>')
    else:
        marks.append(f'<polyline class="line" points="{_listed(places)}"/>')
    return marks


def _listed(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in places)


def _label(text: str, x: float, y: float, anchor: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>'
