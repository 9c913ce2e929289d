# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Calibrations recover a distortion that is known, and their figures are those of the papers."""

from __future__ import annotations

from itertools import product
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from contract.calibration import METHODS, Calibration
from contract.errors import SetUpError
from train.evaluation.calibration import check_rows, cross_fitted, fit
from train.evaluation.reliability import (
    Bin,
    expected_calibration_error,
    plot,
    reliability,
    table,
)
from train.model_card import reliability_section, with_section

DRAW = np.random.default_rng(5)
TRUE = DRAW.normal(scale=2, size=40_000)
RELEVANT = DRAW.random(len(TRUE)) < 1 / (1 + np.exp(-TRUE))
FITTED_ON = {"rows": 40_000, "lists": 2000}


def fitted(method: str, margins: np.ndarray, relevant: np.ndarray) -> Calibration:
    return Calibration(method, fit(method, margins, relevant), {})


def error(scores: np.ndarray) -> float:
    return expected_calibration_error(reliability(scores, RELEVANT))


@pytest.mark.parametrize("factor", [0.2, 1.0, 7.0])
def test_temperature_is_the_factor_of_the_logits(factor: float) -> None:
    found = fit("temperature", TRUE * factor, RELEVANT)
    assert found["temperature"] == pytest.approx(factor, rel=0.03)


@pytest.mark.parametrize(("slope", "intercept"), [(0.25, 1.5), (4.0, -3.0), (1.0, 0.0)])
def test_platt_recovers_slope_and_intercept(slope: float, intercept: float) -> None:
    found = fit("platt", (TRUE - intercept) / slope, RELEVANT)
    assert found["slope"] == pytest.approx(slope, rel=0.03)
    assert found["intercept"] == pytest.approx(intercept, abs=0.06)


def test_platt_is_where_the_gradient_of_its_targets_is_0() -> None:
    margins, relevant = TRUE[:300] * 30 - 50, RELEVANT[:300]
    found = fit("platt", margins, relevant)
    positives = relevant.sum()
    target = np.where(relevant, (positives + 1) / (positives + 2), 1 / (302 - positives))
    left = 1 / (1 + np.exp(-found["slope"] * margins - found["intercept"])) - target
    assert abs(left.sum()) < 1e-6
    assert abs((left * margins).sum()) < 1e-4


@pytest.mark.parametrize("method", METHODS)
def test_scores_of_a_distorted_ranker_become_probabilities(method: str) -> None:
    """A cube of the logits is beyond what two parameters mend, but not beyond steps."""
    distorted = TRUE * 3 if method == "temperature" else TRUE**3 / 4 + TRUE + 2
    before = error(1 / (1 + np.exp(-distorted)))
    lists = np.arange(len(TRUE)) // 20
    after = error(cross_fitted(method, distorted, RELEVANT, lists, seed=3))
    assert before > 0.05
    assert after < {"temperature": 0.01, "platt": 0.05, "isotonic": 0.01}[method]
    assert after < before / 2


def test_isotonic_regression_has_the_least_squared_error() -> None:
    """Of all that do not fall: each choice of level steps, tried one by one."""
    draw = np.random.default_rng(1)
    for _ in range(20):
        margins = draw.permutation(8).astype(float)
        relevant = draw.random(8) < 0.5
        relevant[[margins.argmin(), margins.argmax()]] = False, True
        y = relevant[np.argsort(margins)].astype(float)
        best = np.inf
        for cuts in product([0, 1], repeat=7):
            borders = [0, *(i + 1 for i, cut in enumerate(cuts) if cut), 8]
            steps = np.concatenate(
                [np.full(b - a, y[a:b].mean()) for a, b in zip(borders, borders[1:])]
            )
            if (np.diff(steps) >= 0).all():
                best = min(best, ((steps - y) ** 2).sum())
        scores = fitted("isotonic", margins, relevant)(np.arange(8.0))
        assert ((scores - y) ** 2).sum() == pytest.approx(best, abs=1e-12)
        assert (np.diff(scores) >= 0).all()


def test_equal_logits_have_one_score_whatever_the_order_of_rows() -> None:
    margins = np.array([0.0, 0.0, 1.0, 1.0, 1.0, 2.0])
    relevant = np.array([1, 0, 0, 1, 1, 1], dtype=bool)
    found = fit("isotonic", margins, relevant)
    assert found == {"logits": [0.0, 1.0, 2.0], "scores": [0.5, pytest.approx(2 / 3), 1.0]}
    assert fit("isotonic", margins[::-1], relevant[::-1]) == found


@pytest.mark.parametrize("method", METHODS)
def test_a_ranker_that_is_wrong_is_not_turned_around(method: str) -> None:
    with pytest.raises(SetUpError, match="have no higher logits than others"):
        fit(method, -TRUE[:2000], RELEVANT[:2000])


def test_rows_that_are_told_without_an_error_have_no_temperature() -> None:
    margins = np.where(RELEVANT, 1.0, -1.0)
    with pytest.raises(SetUpError, match="take --method platt"):
        fit("temperature", margins, RELEVANT)
    assert fit("platt", margins, RELEVANT)["slope"] > 1


@pytest.mark.parametrize(
    ("method", "rows", "relevant", "said"),
    [
        ("platt", 99, 50, "platt needs 100 rows, and there are 99; name more lists$"),
        ("isotonic", 999, 50, "isotonic needs 1000 rows.*or take --method platt"),
        ("temperature", 200, 0, "0 of 200 rows are relevant"),
        ("temperature", 200, 195, "5 of 200 rows are irrelevant"),
    ],
)
def test_rows_that_would_fit_anything_are_refused(
    method: str, rows: int, relevant: int, said: str
) -> None:
    with pytest.raises(SetUpError, match=said) as refused:
        check_rows(method, np.arange(rows) < relevant, "dev.tsv")
    assert refused.value.field == "dev.tsv"


def test_no_row_is_scored_by_what_has_seen_its_list() -> None:
    """A list of its own kind, far from the others: what holds it out knows nothing of it."""
    margins = np.concatenate([TRUE[:2000], np.full(50, 30.0)])
    relevant = np.concatenate([RELEVANT[:2000], np.zeros(50, dtype=bool)])
    lists = np.concatenate([np.arange(2000) // 20, np.full(50, 100)])
    held_out = cross_fitted("isotonic", margins, relevant, lists, seed=1)[-50:]
    assert set(held_out.tolist()) == {1.0}
    assert fitted("isotonic", margins, relevant)(np.array([30.0])) < 0.9
    with pytest.raises(SetUpError, match="all rows of a kind are in one list"):
        cross_fitted("platt", margins, relevant, np.zeros(2050, dtype=np.int64), seed=1)


def test_calibration_error_by_hand() -> None:
    scores = np.array([0.05, 0.15, 0.15, 0.95, 1.0])
    relevant = np.array([0, 1, 0, 1, 1], dtype=bool)
    bins = reliability(scores, relevant)
    assert [b.rows for b in bins] == [1, 2, 2]
    expected = (1 * 0.05 + 2 * abs(0.15 - 0.5) + 2 * abs(0.975 - 1.0)) / 5
    assert expected_calibration_error(bins) == pytest.approx(expected)
    assert table(bins).splitlines()[2].split() == ["2", "0.150", "0.500"]


def test_the_plot_has_a_dot_for_each_bin() -> None:
    curves = {"without": [Bin(3, 0.0, 0.0), Bin(2, 1.0, 0.5)], "platt": [Bin(5, 0.5, 1.0)]}
    root = ElementTree.fromstring(plot(curves))
    dots = [d.attrib for d in root if d.tag.endswith("circle")]
    assert [(d["cx"], d["cy"]) for d in dots] == [
        ("36.0", "276.0"),
        ("276.0", "156.0"),
        ("156.0", "36.0"),
    ]
    assert [t.text for t in root if t.tag.endswith("text")][-2:] == ["without", "platt"]


def test_a_card_has_one_part_on_reliability() -> None:
    def section(method: str) -> str:
        return reliability_section(method, FITTED_ON, 0.2, 0.01, "reliability.svg")

    first = with_section("# pairwise\n\nA ranker.\n\n## Data\n\nSome.\n", section("platt"))
    assert first.endswith("![Part of relevant titles over mean score](reliability.svg)\n")
    assert "by platt on 40000 rows of 2000 lists" in first
    assert "error is 0.010 on lists held out of the fit; without calibration it is 0.200" in first
    again = with_section(first + "\n## More\n\nOf it.\n", section("isotonic"))
    assert again.count("## Reliability") == 1
    assert "platt" not in again
    assert again.index("## Data") < again.index("## More") < again.index("## Reliability")
    kept: Any = with_section("# a\n", section("platt"))
    assert kept.startswith("# a\n\n## Reliability\n")
