# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Draws the plots of a report as SVG; colours come from the page's style.

All are 400 units wide, so that their text stays readable on a phone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import Callable, NamedTuple

from experiments.analysis.findings import WIN_RATE, Agreement, Difference, Look
from experiments.presentation.number_text import moment, percent, signed
from experiments.statistics.histogram import Histogram
from experiments.statistics.intervals import Interval

_WIDTH, _LEFT, _RIGHT = 400, 10, 390
_ROW, _TOP, _AXIS = 34, 8, 22
_PLOT_HEIGHT = 170
_LOG_TICKS = (1, 2, 5)


class Bar(NamedTuple):
    """A row of a forest plot: a value and the ends of both its intervals."""

    label: str
    value: float
    fixed: tuple[float, float]
    always_valid: tuple[float, float]


class Scale:
    """Numbers onto a length of the picture; numbers beyond it onto its ends."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        """Map ``low`` to ``start`` and ``high`` to ``end``."""
        self.low, self.high = low, high if high > low else low + 1.0
        self._start, self._end = start, end

    def __call__(self, value: float) -> float:
        """Where a number is drawn, along the picture."""
        part = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self._start + part * (self._end - self._start)

    def ticks(self, most: int = 6) -> list[float]:
        """Round numbers between the ends, ``most`` at most."""
        step = 10.0 ** math.floor(math.log10((self.high - self.low) / most))
        while (self.high - self.low) / step > most:
            step *= 2.5 if f"{step:e}".startswith("2") else 2.0
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [i * step for i in range(first, last + 1)]


def difference_bars(differences: Sequence[Difference]) -> list[Bar]:
    """Relative to the control's value; a metric whose control is 0 has no bar."""
    bars = []
    for d in differences:
        base = 1.0 if d.metric == WIN_RATE else d.control_value
        if base and math.isfinite(d.always_valid.low):
            bars.append(
                Bar(
                    d.metric, d.difference / base, _over(d.fixed, base), _over(d.always_valid, base)
                )
            )
    return bars


def agreement_bars(figures: Sequence[Agreement]) -> list[Bar]:
    """The figures that lie between -1 and 1 by their nature."""
    return [
        Bar(a.name, a.mean, _over(a.fixed, 1.0), _over(a.always_valid, 1.0))
        for a in figures
        if not a.name.startswith("score_") and math.isfinite(a.always_valid.low)
    ]


def forest(bars: Sequence[Bar], title: str, written: Callable[[float], str]) -> str:
    """A row for each bar: thin line any number of looks, thick line one look, dot the estimate."""
    ends = [end for bar in bars for end in bar.always_valid] + [0.0]
    scale = Scale(*_widened(min(ends), max(ends)), _LEFT, _RIGHT)
    height = _TOP + _ROW * len(bars) + _AXIS
    parts = [_line(scale(0.0), _TOP, scale(0.0), height - _AXIS, "zero")]
    parts += _x_axis(scale, height, scale.ticks(5), written)
    for i, bar in enumerate(bars):
        y = _TOP + _ROW * i + 24
        low, high = bar.always_valid
        says = f"{bar.label}: {written(bar.value)}, {written(low)} to {written(high)} at any look"
        drawn = [
            _line(scale(low), y, scale(high), y, "thin"),
            _line(scale(bar.fixed[0]), y, scale(bar.fixed[1]), y, "thick"),
            f'<circle class="dot" cx="{scale(bar.value):.1f}" cy="{y}" r="4"/>',
            _text(_LEFT, y - 9, bar.label, "label"),
            _text(_RIGHT, y - 9, written(bar.value), "end"),
        ]
        parts.append(f"<g><title>{escape(says)}</title>{''.join(drawn)}</g>")
    return _svg(height, title, parts)


def over_time(looks: Sequence[Look], title: str) -> str:
    """The difference as it stood at each look, in its always-valid band."""
    looks = [look for look in looks if math.isfinite(float(look.always_valid.low))]
    if not looks:
        return ""
    # the first bands are so wide that they would flatten the rest
    later = looks[len(looks) // 3 :]
    ends = [float(end) for look in later for end in (look.always_valid.low, look.always_valid.high)]
    height = _TOP + _PLOT_HEIGHT + _AXIS
    y = Scale(*_widened(min([*ends, 0.0]), max([*ends, 0.0])), height - _AXIS, _TOP)
    x = Scale(looks[0].until, looks[-1].until, _LEFT + 50, _RIGHT)
    name = looks[0].metric
    parts = [_band(looks, x, y)]
    for tick in y.ticks(5):
        parts.append(_line(_LEFT + 50, y(tick), _RIGHT, y(tick), "zero" if not tick else "grid"))
        parts.append(_text(_LEFT + 46, y(tick) + 4, signed(tick, name), "end"))
    for bound in ("low", "high"):
        ends = [float(getattr(look.fixed, bound)) for look in looks]
        parts.append(_path([(x(lk.until), y(e)) for lk, e in zip(looks, ends)], "dashed"))
    parts.append(_path([(x(look.until), y(look.difference)) for look in looks], "curve"))
    for look in looks:
        says = f"{moment(look.until)}: {signed(look.difference, name)}, {look.units:,} units"
        parts.append(
            f'<circle class="dot" cx="{x(look.until):.1f}" cy="{y(look.difference):.1f}" r="2.5">'
            f"<title>{escape(says)}</title></circle>"
        )
    parts.append(_text(_LEFT + 50, height - 6, moment(looks[0].until)[5:], "label"))
    parts.append(_text(_RIGHT, height - 6, moment(looks[-1].until)[5:], "end"))
    return _svg(height, title, parts)


def distributions(histograms: Sequence[Histogram], title: str, *, logarithmic: bool) -> str:
    """Outlines of histograms that share their edges."""
    edges = histograms[0].edges if histograms else []
    if len(edges) < 2:
        return ""
    place = math.log10 if logarithmic else float
    height = _TOP + _PLOT_HEIGHT + _AXIS
    x = Scale(place(edges[0]), place(edges[-1]), _LEFT, _RIGHT)
    top = max([share for histogram in histograms for share in histogram.shares] + [1e-9])
    y = Scale(0.0, top, height - _AXIS, _TOP)
    ticks = list(_log_ticks(edges[0], edges[-1])) if logarithmic else x.ticks(5)
    parts = [_line(_LEFT, height - _AXIS, _RIGHT, height - _AXIS, "zero")]
    for tick in ticks:
        parts.append(_text(x(place(tick)), height - 6, f"{tick:g}", "middle"))
    for i, histogram in enumerate(histograms):
        points = [(x(place(edges[0])), y(0.0))]
        for left, right, share in zip(edges, edges[1:], histogram.shares):
            points += [(x(place(left)), y(share)), (x(place(right)), y(share))]
        points.append((x(place(edges[-1])), y(0.0)))
        parts.append(_path(points, f"outline s{i % 5}"))
    return _svg(height, title, parts)


def in_percent(value: float) -> str:
    """A share in per cent, with its sign."""
    return percent(value, sign=True)


def plain(value: float) -> str:
    """A number with two decimals."""
    return f"{value:.2f}"


def _over(ends: Interval, base: float) -> tuple[float, float]:
    return float(ends.low) / base, float(ends.high) / base


def _widened(low: float, high: float) -> tuple[float, float]:
    margin = 0.04 * (high - low) or 0.01
    return low - margin, high + margin


def _log_ticks(low: float, high: float) -> Iterator[float]:
    for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        yield from (m * 10.0**power for m in _LOG_TICKS if low <= m * 10.0**power <= high)


def _band(looks: Sequence[Look], x: Scale, y: Scale) -> str:
    upper = [(x(look.until), y(float(look.always_valid.high))) for look in looks]
    lower = [(x(look.until), y(float(look.always_valid.low))) for look in reversed(looks)]
    return f'<polygon class="band" points="{_points([*upper, *lower])}"/>'


def _x_axis(
    scale: Scale, height: float, ticks: Sequence[float], written: Callable[[float], str]
) -> list[str]:
    return [_text(scale(tick), height - 6, written(tick), "middle") for tick in ticks]


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _path(points: Sequence[tuple[float, float]], kind: str) -> str:
    return f'<polyline class="{kind}" points="{_points(points)}"/>'


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _svg(height: float, title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height:.0f}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg>"
    )
