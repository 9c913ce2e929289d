# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes numbers, intervals and times, alike in a terminal and on a page."""

from __future__ import annotations

import math
from datetime import datetime, timezone

from experiments.statistics.delta_method import Number
from experiments.statistics.intervals import Interval

NOTHING = "-"


def figure(value: Number, name: str = "") -> str:
    """A value; shares in per cent, times in ms with one decimal."""
    value = float(value)
    if not math.isfinite(value):
        return NOTHING
    if name.endswith("_share"):
        return f"{100 * value:.2f}%"
    return f"{value:.1f}" if name.endswith("_ms") else f"{value:.4f}"


def signed(value: Number, name: str = "") -> str:
    """A value with its sign; a value that is rounded to 0 has none."""
    text = figure(value, name)
    if text == NOTHING or not text.strip("-0.%"):
        return text.lstrip("-") or text
    return text if text.startswith("-") else f"+{text}"


def interval(ends: Interval, name: str = "") -> str:
    """Both ends of an interval, such as ``+0.01 to +0.03``."""
    if not math.isfinite(float(ends.low)):
        return NOTHING
    return f"{signed(ends.low, name)} to {signed(ends.high, name)}"


def p_value(p: Number) -> str:
    """A p-value with three decimals, or ``<0.001``."""
    p = float(p)
    if not math.isfinite(p):
        return NOTHING
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def percent(share: Number, *, sign: bool = False) -> str:
    """A share in per cent with one decimal; ``sign`` writes a plus, too."""
    share = float(share)
    if not math.isfinite(share):
        return NOTHING
    text = f"{100 * share:.1f}%"
    if not text.strip("-0.%"):
        return text.lstrip("-")
    return f"+{text}" if sign and share > 0 else text


def moment(time: float) -> str:
    """A time in UTC, to the minute."""
    if not math.isfinite(time):
        return NOTHING
    return datetime.fromtimestamp(time, timezone.utc).strftime("%Y-%m-%d %H:%M")
