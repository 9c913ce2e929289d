# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Draws the loss of a cascade against what it saves, as an SVG file of its own."""

from __future__ import annotations

from html import escape

from experiments.cascades.curve import Curve, Point
from experiments.cascades.table import shown
from experiments.presentation.charts import Scale

_WIDTH, _HEIGHT = 560, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 540, 20, 250
_STYLE = (
    "text{font:12px sans-serif;fill:#444}.grid{stroke:#ddd}.zero{stroke:#888}"
    ".bound{stroke:#bc6c25;stroke-dasharray:4 3}.interval{stroke:#2a6f97;stroke-width:2}"
    ".dot{fill:#2a6f97}"
)


def plot(curve: Curve, most_loss: float) -> str:
    """A dot and its interval for each way to keep; further right is faster, further up is worse."""
    points = curve.points
    ends = [end for point in points for end in (point.low, point.high)] + [0.0, most_loss]
    margin = 0.05 * (max(ends) - min(ends)) or 0.01
    y = Scale(min(ends) - margin, max(ends) + margin, _BOTTOM, _TOP)
    x = Scale(0.0, 1.05 * max(point.times_as_fast for point in points), _LEFT, _RIGHT)
    parts = []
    for tick in y.ticks(6):
        parts.append(_line(_LEFT, y(tick), _RIGHT, y(tick), "grid"))
        parts.append(_text(_LEFT - 6, y(tick) + 4, f"{tick:+.3f}", "end"))
    parts += [_text(x(tick), _BOTTOM + 18, f"{tick:g}", "middle") for tick in x.ticks(8)]
    parts.append(_line(_LEFT, y(0.0), _RIGHT, y(0.0), "zero"))
    parts.append(_line(_LEFT, y(most_loss), _RIGHT, y(most_loss), "bound"))
    parts += [_point(point, x, y) for point in points]
    about = "times as fast as the dear ranker alone; upwards the loss of NDCG@10, 95 % intervals"
    parts.append(_text(_LEFT, _BOTTOM + 40, about, "start"))
    few = "; too few lists for their intervals to say anything" if curve.too_few else ""
    below = f"{curve.lists} lists; {curve.filling}{few}"
    parts.append(_text(_LEFT, _BOTTOM + 58, below, "start"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(about)}"><style>{_STYLE}</style>{"".join(parts)}</svg>\n'
    )


def _point(point: Point, x: Scale, y: Scale) -> str:
    at = x(point.times_as_fast)
    says = (
        f"keep {shown(point.keep)}: loss {point.loss:+.4f} [{point.low:+.4f}, {point.high:+.4f}], "
        f"{point.times_as_fast:.1f} times as fast"
    )
    return (
        f"<g><title>{escape(says)}</title>{_line(at, y(point.low), at, y(point.high), 'interval')}"
        f'<circle class="dot" cx="{at:.1f}" cy="{y(point.loss):.1f}" r="4"/>'
        f"{_text(at, y(point.high) - 5, shown(point.keep), 'middle')}</g>"
    )


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
