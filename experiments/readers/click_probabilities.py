# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Exact probabilities of what one simulated reader does with a list.

A dependent click model is a small Markov chain, so the probabilities are computed and no dice are
thrown. A list is drawn from the rows evenly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.readers.click_model import ClickModel

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# in an array of grades: the list has no document at this place
NO_DOCUMENT = -1


def first_click(grades: IntArray, model: ClickModel) -> FloatArray:
    """Probability of each place to be clicked first, and last of no click at all.

    Args:
        grades: ``[lists, depth]`` as shown, best place first.
        model: the reader.
    """
    click, _ = _probabilities(grades, model)
    passed = np.cumprod(1.0 - click, axis=1)
    before = np.hstack([np.ones((len(grades), 1)), passed[:, :-1]])
    return np.asarray(np.hstack([before * click, passed[:, -1:]]).mean(axis=0))


def click_difference(grades: IntArray, teams: IntArray, model: ClickModel) -> FloatArray:
    """Probabilities that team 0 gets -depth, ..., depth clicks more than team 1.

    Args:
        grades: ``[lists, depth]`` as shown, best place first.
        teams: 0 or 1 for each place; with all of them 0, the difference is the number of clicks.
        model: the reader.
    """
    click, stop = _probabilities(grades, model)
    depth = grades.shape[1]
    reading = np.zeros((len(grades), 2 * depth + 1))
    reading[:, depth] = 1.0
    stopped = np.zeros_like(reading)
    for place in range(depth):
        clicked = reading * click[:, place, None]
        up = np.roll(clicked, 1, axis=1)
        down = np.roll(clicked, -1, axis=1)
        clicked = np.where(teams[:, place, None] == 0, up, down)
        reading = reading * (1.0 - click[:, place, None])
        stopped += clicked * stop[:, place, None]
        reading += clicked * (1.0 - stop[:, place, None])
    return np.asarray((reading + stopped).mean(axis=0))


def _probabilities(grades: IntArray, model: ClickModel) -> tuple[FloatArray, FloatArray]:
    """Of a click and of a stop at each place; without a document there, 0."""
    # the index of NO_DOCUMENT is the last one
    click, stop = (np.array((*by_grade, 0.0)) for by_grade in (model.click, model.stop))
    return click[grades], stop[grades]
