# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Click models: the published probabilities, seeds, stops; and exact ones beside thrown ones."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from experiments.readers.click_model import (
    CLICK_MODELS,
    DEPTH,
    INFORMATIONAL,
    NAVIGATIONAL,
    PERFECT,
    ClickModel,
)
from experiments.readers.click_probabilities import NO_DOCUMENT, click_difference, first_click

READS = 5_000
# four standard errors of a share of so many reads
CLOSE = 4 * 0.5 / READS**0.5


def read_often(model: ClickModel, grades: list[int]) -> list[list[int]]:
    return [model.read(grades, f"1:{number}") for number in range(READS)]


@pytest.mark.parametrize(
    ("name", "top_grade", "click", "stop"),
    [
        (PERFECT, 4, (0.0, 0.2, 0.4, 0.8, 1.0), (0.0,) * 5),
        (NAVIGATIONAL, 4, (0.05, 0.3, 0.5, 0.7, 0.95), (0.2, 0.3, 0.5, 0.7, 0.9)),
        (INFORMATIONAL, 4, (0.4, 0.6, 0.7, 0.8, 0.9), (0.1, 0.2, 0.3, 0.4, 0.5)),
        # as published for binary relevance
        (PERFECT, 1, (0.0, 1.0), (0.0, 0.0)),
        (NAVIGATIONAL, 1, (0.05, 0.95), (0.2, 0.9)),
        (INFORMATIONAL, 1, (0.4, 0.9), (0.1, 0.5)),
    ],
)
def test_the_published_probabilities(
    name: str, top_grade: int, click: tuple[float, ...], stop: tuple[float, ...]
) -> None:
    model = ClickModel.named(name, top_grade)
    assert model.click == pytest.approx(click)
    assert model.stop == pytest.approx(stop)


@pytest.mark.parametrize("name", CLICK_MODELS)
def test_a_document_is_clicked_as_often_as_its_grade_says(name: str) -> None:
    model = ClickModel.named(name, 4)
    for grade in range(5):
        clicked = sum(map(len, read_often(model, [grade])))
        assert clicked / READS == pytest.approx(model.click[grade], abs=CLOSE)


def test_the_same_seed_clicks_the_same_and_another_one_does_not() -> None:
    model = ClickModel.named(INFORMATIONAL, 4)
    grades = [2, 0, 1, 4, 0, 3, 1, 0, 0, 2]
    assert read_often(model, grades)[:100] == read_often(model, grades)[:100]
    # frozen: a stored run can be made again
    assert [model.read(grades, f"1:{n}") for n in range(3)] == [[1, 3], [1, 3, 5], [0]]
    assert len({tuple(clicked) for clicked in read_often(model, grades)[:100]}) > 20


def test_a_perfect_reader_clicks_all_of_the_best_and_none_of_the_irrelevant() -> None:
    model = ClickModel.named(PERFECT, 4)
    for clicked in read_often(model, [0, 4, 0, 4, 0])[:200]:
        assert clicked == [1, 3]


def test_a_reader_stops_after_a_click_only_and_at_the_page_end() -> None:
    stops = ClickModel((0.0, 1.0), (1.0, 1.0))
    assert stops.read([0, 0, 1, 1], "any") == [2]
    goes_on = ClickModel((0.0, 1.0), (0.0, 0.0))
    assert goes_on.read([1] * 15, "any") == list(range(DEPTH))
    assert goes_on.read([], "any") == []


@pytest.mark.parametrize("name", CLICK_MODELS)
def test_exact_probabilities_are_those_of_readers(name: str) -> None:
    model = ClickModel.named(name, 4)
    grades = [0, 2, 0, 3, 1]
    sessions = read_often(model, grades)
    shown = np.array([grades])
    first = Counter(clicked[0] if clicked else len(grades) for clicked in sessions)
    exact = first_click(shown, model)
    assert [first[p] / READS for p in range(6)] == pytest.approx(exact.tolist(), abs=CLOSE)
    teams = [0, 1, 1, 0, 0]
    ahead = Counter(sum(1 - 2 * teams[p] for p in clicked) for clicked in sessions)
    exact = click_difference(shown, np.array([teams]), model)
    assert [ahead[d] / READS for d in range(-5, 6)] == pytest.approx(exact.tolist(), abs=CLOSE)
    count = click_difference(shown, np.zeros_like(shown), model)[5:]
    expected = np.bincount([len(clicked) for clicked in sessions], minlength=6) / READS
    assert count.tolist() == pytest.approx(expected.tolist(), abs=CLOSE)


def test_exact_probabilities_are_a_mean_over_lists_and_pass_over_empty_places() -> None:
    model = ClickModel.named(NAVIGATIONAL, 4)
    short, long = np.array([[4, NO_DOCUMENT]]), np.array([[4, 0]])
    assert first_click(short, model).tolist() == pytest.approx([0.95, 0.0, 0.05])
    both = np.vstack([short, long])
    for measure in (first_click, lambda g, m: click_difference(g, np.zeros_like(g), m)):
        mean = (measure(short, model) + measure(long, model)) / 2
        assert measure(both, model).tolist() == pytest.approx(mean.tolist())
        assert measure(both, model).sum() == pytest.approx(1.0)
