# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""How many queries a test needs to find the better ranker, given how probable each outcome is.

Experiments are simulated at growing sizes, many at once: outcomes are few, so that the queries
added between two sizes are one multinomial draw of how often each came. The test, two-sided at 5 %,
is made once at each size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp, lgamma, log
from typing import Callable, Optional

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Counts = NDArray[np.int64]

POWER = 0.8
LIMIT = 10_000_000
_ALPHA = 0.05
_Z = 1.959964
_SMALLEST, _STEP = 10, 1.06
# fewer decided queries than this: the binomial itself, not its normal approximation
_EXACT = 200
# a difference of probabilities below this is an error of summation
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Needed:
    """How many queries a test needs.

    Attributes:
        queries: of both variants together; ``None`` when :data:`LIMIT` is not enough.
        wrong_way: the test prefers the worse ranker, however many queries it gets.
    """

    queries: Optional[int]
    wrong_way: bool = False


def by_split(
    values: FloatArray, better: FloatArray, worse: FloatArray, rng: np.random.Generator, runs: int
) -> Needed:
    """Welch's t-test between two variants that get half of the queries each.

    Args:
        values: what a query's metric can be.
        better: probability of each value for the better ranker.
        worse: the same for the other one.
        rng: throws the dice.
        runs: experiments simulated.
    """
    difference = float((better - worse) @ values)
    if difference < _ROUNDING:
        return Needed(None, wrong_way=difference < -_ROUNDING)
    ours, theirs = (np.zeros((runs, len(values)), np.int64) for _ in range(2))

    def detected(added: int) -> BoolArray:
        for counts, probabilities in ((ours, better), (theirs, worse)):
            counts += rng.multinomial(added // 2, probabilities, size=runs)
        return _welch_prefers(values, ours, theirs)

    return _search(detected)


def by_sign_test(outcomes: FloatArray, rng: np.random.Generator, runs: int) -> Needed:
    """Sign test on interleaved queries, ties left out.

    Args:
        outcomes: probabilities that a query is won by the better ranker, lost by it, or tied.
        rng: throws the dice.
        runs: experiments simulated.
    """
    difference = float(outcomes[0] - outcomes[1])
    if difference < _ROUNDING:
        return Needed(None, wrong_way=difference < -_ROUNDING)
    counts = np.zeros((runs, 3), np.int64)
    limits = smallest_wins()

    def detected(added: int) -> BoolArray:
        nonlocal counts
        counts += rng.multinomial(added, outcomes, size=runs)
        return sign_prefers(counts[:, 0], counts[:, 1], limits)

    return _search(detected)


def _sizes() -> Iterator[tuple[int, int]]:
    """Even numbers of queries and by how many each exceeds the one before."""
    size, before = float(_SMALLEST), 0
    while size <= LIMIT:
        even = 2 * round(size / 2)
        yield even, even - before
        size, before = size * _STEP, even


def _search(detected: Callable[[int], BoolArray]) -> Needed:
    """The size at which the power is reached, interpolated between the two around it."""
    before, power_before = 0, 0.0
    for size, added in _sizes():
        power = float(detected(added).mean())
        if power >= POWER:
            share = (POWER - power_before) / (power - power_before)
            return Needed(max(round(before + share * (size - before)), _SMALLEST))
        before, power_before = size, power
    return Needed(None)


def _welch_prefers(values: FloatArray, ours: Counts, theirs: Counts) -> BoolArray:
    """Whether each experiment finds our mean the higher one."""
    n = ours.sum(axis=1)[0]
    means, errors = [], []
    for counts in (ours, theirs):
        mean = counts @ values / n
        means.append(mean)
        errors.append((counts @ values**2 / n - mean**2).clip(0.0) / (n - 1))
    squared = errors[0] + errors[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (means[0] - means[1]) / np.sqrt(squared)
        freedom = squared**2 * (n - 1) / (errors[0] ** 2 + errors[1] ** 2)
    return np.asarray(t > t_limit(freedom))


def t_limit(freedom: FloatArray) -> FloatArray:
    """97.5 % quantile of Student's t, by its expansion in 1 / degrees of freedom.

    Abramowitz and Stegun, 26.7.5; within 0.01 from 4 degrees of freedom on.
    """
    z = _Z
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return np.asarray(z + sum(term / freedom**power for power, term in enumerate(terms, 1)))


def smallest_wins() -> Counts:
    """For 0 to 200 decided queries, how many wins the two-sided sign test asks for."""
    limits = np.zeros(_EXACT + 1, np.int64)
    for n in range(_EXACT + 1):
        tail, wins = 0.0, n + 1
        while wins > 0:
            k = wins - 1
            tail += exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) - n * log(2))
            if 2 * tail >= _ALPHA:
                break
            wins = k
        limits[n] = wins
    return limits


def sign_prefers(wins: Counts, losses: Counts, limits: Counts) -> BoolArray:
    """Whether each experiment finds more wins than chance would give.

    Args:
        wins: of our ranker.
        losses: of our ranker.
        limits: :func:`smallest_wins`.
    """
    decided = wins + losses
    exact = wins >= limits[np.minimum(decided, _EXACT)]
    # beyond: the normal approximation with continuity correction
    normal = wins - losses - 1 > _Z * np.sqrt(decided)
    return np.where(decided <= _EXACT, exact, normal)
