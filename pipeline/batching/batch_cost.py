# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Learns from the times of batches what the next will cost: seconds = fixed + tokens x slope.

Engines differ: one call costs Paddle Inference as much as some hundred tokens, OpenVINO nearly
nothing. Whether two short batches beat a padded one depends on that.
"""

from __future__ import annotations

# the weight of a batch's time halves every 34 batches
_KEEP = 0.98
_START_TOKENS = 64.0
_LEAST_TOKENS, _MOST_TOKENS = 32.0, 512.0
# below this many batches, or with sizes all alike, a line through the points means nothing
_LEAST_WEIGHT = 8.0
_LEAST_SPREAD = 0.05


class BatchCost:
    """A line fitted to the latest batches by least squares with exponential forgetting."""

    def __init__(self) -> None:
        """Nothing known yet."""
        self._weight = self._x = self._y = self._xx = self._xy = 0.0

    def observe(self, tokens: int, seconds: float) -> None:
        """Learn what one batch took.

        Args:
            tokens: of the batch, padding included.
            seconds: from its start to its end.
        """
        self._weight = self._weight * _KEEP + 1.0
        self._x = self._x * _KEEP + tokens
        self._y = self._y * _KEEP + seconds
        self._xx = self._xx * _KEEP + tokens * tokens
        self._xy = self._xy * _KEEP + tokens * seconds

    @property
    def overhead_tokens(self) -> float:
        """How many tokens could be computed in the time that a call costs by itself."""
        variance = self._xx * self._weight - self._x * self._x
        if self._weight < _LEAST_WEIGHT or variance < _LEAST_SPREAD * self._x * self._x:
            return _START_TOKENS
        slope = (self._xy * self._weight - self._x * self._y) / variance
        fixed = (self._y - slope * self._x) / self._weight
        if slope <= 0.0:
            return _MOST_TOKENS
        return min(max(fixed / slope, _LEAST_TOKENS), _MOST_TOKENS)

    @property
    def tokens_per_s(self) -> float:
        """Of one engine, on average; 0 before the first batch."""
        return self._x / self._y if self._y > 0.0 else 0.0
