# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Analyses an experiment of mode interleave: whose documents win more clicks.

A request is won by the team with more of its documents clicked; ties, most of them without a
click, are dropped. Requests of one unit are not independent, so wins minus losses of a unit over
its decided requests go into a ratio of sums over units, which is 0 when both are equally good:

    win_rate difference = (wins - losses) / (wins + losses)

The sign test over units counts who won more requests of each unit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import special

from contract.errors import DataError
from experiments.analysis import checks
from experiments.analysis.comparer import Comparer
from experiments.analysis.findings import (
    WIN_RATE,
    Analysis,
    Check,
    Difference,
    Look,
    SignTest,
)
from experiments.analysis.look_times import look_times
from experiments.analysis.variant_rows import variant_rows
from experiments.records.database import Records
from experiments.records.request_arrays import Requests
from experiments.settings.report_settings import Settings
from experiments.statistics.delta_method import FloatArray, sums_by_unit
from experiments.statistics.histogram import histograms


def analyse(records: Records, settings: Settings) -> Analysis:
    """Count the votes.

    Raises:
        DataError: there are not two teams, or the control is none of them.
    """
    requests = records.requests
    control, variant = _teams(requests, settings)
    # every request counts, and all are of the one variant "interleaved"
    every = np.ones(len(requests.unit), bool)
    comparer = Comparer(requests, every, settings, 1)
    votes = _votes(requests, control, variant)
    outcome = np.where(votes == 0, np.nan, np.sign(votes))
    times = requests.time
    return Analysis(
        records.experiment,
        records.mode,
        control,
        float(times[0]) if len(times) else math.nan,
        float(times[-1]) if len(times) else math.nan,
        WIN_RATE,
        records.counts,
        variants=variant_rows(requests, every, comparer, dict.fromkeys(requests.variants, 1.0)),
        metrics=_win_rate(comparer, outcome, control, variant),
        sign_tests=_sign_tests(requests, votes),
        looks=_looks(requests, comparer, outcome, variant),
        latency=histograms(
            dict.fromkeys(requests.variants, requests.latency_ms[~requests.error]),
            logarithmic=True,
        ),
        checks=_checks(records, settings),
    )


def sign_test(by: str, votes: FloatArray) -> SignTest:
    """Positive against negative votes, two-sided and exact."""
    wins, losses = int((votes > 0).sum()), int((votes < 0).sum())
    p = min(1.0, 2.0 * float(special.bdtr(min(wins, losses), wins + losses, 0.5)))
    return SignTest(by, wins, losses, len(votes) - wins - losses, p)


def _teams(requests: Requests, settings: Settings) -> tuple[str, str]:
    """The control, and the team that is compared with it."""
    teams = sorted(requests.votes)
    if not len(requests.unit):
        return "", ""
    if len(teams) != 2:
        raise DataError(
            f"two teams are needed to interleave, the records hold {len(teams)}: "
            f"{', '.join(teams) or 'none'}; were they renamed? take one period with --since "
            "and --until",
            field="teams",
        )
    control = teams[0] if settings.control is None else settings.control
    if control not in teams:
        raise DataError(f"{control!r} is no team; there are: {', '.join(teams)}", field="--control")
    return control, next(team for team in teams if team != control)


def _votes(requests: Requests, control: str, variant: str) -> FloatArray:
    """Of each request: clicks on the variant's documents minus those on the control's."""
    if not requests.votes:
        return np.zeros(0)
    return (requests.votes[variant] - requests.votes[control]).astype(np.float64)


def _sign_tests(requests: Requests, votes: FloatArray) -> list[SignTest]:
    by_unit = sums_by_unit(requests.unit, np.sign(votes), requests.units)
    return [sign_test("request", votes), sign_test("unit", by_unit)]


def _win_rate(
    comparer: Comparer, outcome: FloatArray, control: str, variant: str
) -> list[Difference]:
    """The share of decided requests that each won, and the difference of the two."""
    if not len(outcome):
        return []
    estimate = comparer.mean(outcome, 0)
    fixed, always_valid = comparer.intervals(estimate)
    lead = float(estimate.value)
    return [
        Difference(
            WIN_RATE,
            variant,
            control,
            (1.0 + lead) / 2.0,
            (1.0 - lead) / 2.0,
            lead,
            float(np.sqrt(estimate.variance)),
            int(estimate.units),
            fixed,
            always_valid,
        )
    ]


def _looks(requests: Requests, comparer: Comparer, outcome: FloatArray, variant: str) -> list[Look]:
    looks = []
    for until in look_times(requests.time):
        estimate = comparer.mean(outcome, 0, until)
        fixed, valid = comparer.intervals(estimate)
        looks.append(
            Look(until, variant, WIN_RATE, int(estimate.units), float(estimate.value), fixed, valid)
        )
    return looks


def _checks(records: Records, settings: Settings) -> Sequence[Check]:
    found = [checks.enough(len(records.requests.unit), "requests assigned by bucket")]
    if len(records.requests.unit):
        found.append(checks.joined(records.counts))
    found.append(checks.damaged(records.counts, records.damaged_at, settings.limits))
    found.append(checks.unknown_feedback(records.counts, settings.limits))
    return found
