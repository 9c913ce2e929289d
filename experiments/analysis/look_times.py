# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Chooses the times at which a report would have been looked at, for the curve over time."""

from __future__ import annotations

import numpy as np

from experiments.statistics.delta_method import FloatArray

DAY_S = 86_400.0
_LEAST_DAYS, _MOST_LOOKS, _PARTS = 3, 40, 10


def look_times(times: FloatArray) -> list[float]:
    """Ends of the days (UTC) of ascending times, or of tenths of the data of less than 3 days.

    The last one is the last record's time. Of more than 40 days, 40 evenly spaced ones are taken.
    """
    if not len(times):
        return []
    first, last = float(times[0]), float(times[-1])
    days = int(last // DAY_S - first // DAY_S) + 1
    if days < _LEAST_DAYS:
        places = np.maximum(np.arange(1, _PARTS + 1) * len(times) // _PARTS - 1, 0)
        return sorted({float(time) for time in times[places]})
    ends = (first // DAY_S + np.arange(1, days + 1)) * DAY_S
    ends[-1] = last
    if days > _MOST_LOOKS:
        ends = ends[np.linspace(0, days - 1, _MOST_LOOKS).round().astype(int)]
    return [float(end) for end in ends]
