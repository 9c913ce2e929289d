# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""How often the report's statistics are wrong and right, over a thousand simulated experiments."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments.simulate import main
from experiments.simulation.error_rates import detection_rates, mismatches_found, with_power
from experiments.simulation.simulated_experiments import Design, simulated_days, standard_error
from experiments.statistics.delta_method import difference, ratio
from tests.experiments.records import report

EXPERIMENTS = 1000


def noise(rate: float) -> float:
    """Three standard deviations of a share of so many experiments."""
    return 3.0 * math.sqrt(rate * (1.0 - rate) / EXPERIMENTS)


@pytest.mark.parametrize(
    "design",
    [Design(), Design(all_at_once=True), Design(units=300, days=40, spread=0.01)],
    ids=["arriving", "all-at-once", "forty-days"],
)
def test_a_difference_that_is_none_is_called_in_five_per_cent_at_most(design: Design) -> None:
    rates = detection_rates(design, EXPERIMENTS, seed=11)
    assert 0.05 - noise(0.05) <= rates.fixed_once <= 0.05 + noise(0.05)
    assert rates.sequential_daily <= 0.05
    # the reason for the sequential interval, and that this test would see a wrong one
    assert rates.fixed_daily > 0.10


def test_a_planted_difference_is_found_at_its_design_power() -> None:
    design = with_power(Design(), 0.8)
    rates = detection_rates(design, EXPERIMENTS, seed=12)
    assert abs(rates.fixed_once - 0.8) <= noise(0.8)
    assert 0.3 < rates.sequential_daily < rates.fixed_daily
    large = detection_rates(replace(design, lift=2.0 * design.lift), EXPERIMENTS, seed=13)
    assert large.sequential_daily > 0.95


def test_the_planned_error_is_the_one_that_the_delta_method_finds() -> None:
    design = Design(units=2000, days=5, lift=0.02)
    *_, (treated, control) = simulated_days(design, 200, np.random.default_rng(14))
    estimate = difference(
        ratio(treated.clicks, treated.requests), ratio(control.clicks, control.requests)
    )
    assert np.mean(estimate.variance) == pytest.approx(standard_error(design) ** 2, rel=0.01)
    assert np.std(estimate.value) == pytest.approx(standard_error(design), rel=0.15)


def test_requests_taken_as_independent_would_err_more_often() -> None:
    """What units are for: units that come back and differ, taken request by request."""
    design = Design(days=20, spread=0.3)
    *_, (treated, control) = simulated_days(design, EXPERIMENTS, np.random.default_rng(15))
    rates = [s.clicks.sum(axis=1) / s.requests.sum(axis=1) for s in (treated, control)]
    errors = [r * (1 - r) / s.requests.sum(axis=1) for r, s in zip(rates, (treated, control))]
    z = (rates[0] - rates[1]) / np.sqrt(errors[0] + errors[1])
    assert np.mean(np.abs(z) > 1.96) > 0.2


def test_a_planted_mismatch_of_the_split_is_flagged() -> None:
    assert mismatches_found(0.48, 20_000, EXPERIMENTS, seed=16) > 0.97
    assert mismatches_found(0.5, 20_000, EXPERIMENTS, seed=17) <= 0.001 + noise(0.001)


def test_the_command_prints_its_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--experiments", "10"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "10 experiments" in lines[0]
    assert sum(line.startswith(("A/A", "planted")) for line in lines) == 6


def test_it_writes_records_that_the_report_reads(tmp_path: Path) -> None:
    assert main(["--write", str(tmp_path), "--requests", "3000", "--lift", "0.2"]) == 0
    done = report(tmp_path)
    assert (done.status, done.json["verdict"]["recommended"]) == (3, "b")
    assert done.difference("click_through")["difference"] == pytest.approx(0.2, abs=0.06)
