# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""All ways to run a workload give the same scores, and ways that do not are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.direct import DirectRanker
from benchmarks.rounds import (
    Measured,
    Round,
    System,
    check_agreement,
    padded,
    run_rounds,
    sorted_by_call,
    sorted_over_all,
)
from benchmarks.workload import RankCall, Workload
from contract.bundle import RANKERS, Bundle
from contract.errors import InferenceFailed
from contract.golden import FP32_TOLERANCE
from export.inference import InferenceOptions


@pytest.fixture(scope="module", params=RANKERS)
def direct(request: pytest.FixtureRequest, bundles: Path) -> DirectRanker:
    return DirectRanker(Bundle.open(bundles / request.param), InferenceOptions())


def test_direct_systems_agree_whatever_the_order_of_their_rows(
    direct: DirectRanker, workload: Workload
) -> None:
    systems = {
        "padded": padded(direct),
        "by call": sorted_by_call(direct),
        "over all": sorted_over_all(direct),
    }
    assert check_agreement(systems, workload, FP32_TOLERANCE) <= FP32_TOLERANCE
    scores = systems["over all"](workload).scores
    assert len({score for call in scores for score in call}) > 10, "scores must tell rows apart"


def test_a_system_with_other_scores_is_named_and_nothing_is_timed(
    direct: DirectRanker, workload: Workload
) -> None:
    def swapped(given: Workload) -> Round:
        done = padded(direct)(given)
        return Round(done.seconds, [scores[::-1] for scores in done.scores])

    def short(given: Workload) -> Round:
        return Round(1.0, padded(direct)(given).scores[:-1])

    for broken in (swapped, short):
        systems: dict[str, System] = {"good": padded(direct), "broken": broken}
        with pytest.raises(InferenceFailed, match="broken: its scores differ from those of good"):
            check_agreement(systems, workload, FP32_TOLERANCE)


def test_a_score_that_is_no_number_does_not_agree() -> None:
    workload = Workload("w", "", (RankCall("q", ("d",)),))
    nan: System = lambda _: Round(1.0, [[float("nan")]])  # noqa: E731
    with pytest.raises(InferenceFailed):
        check_agreement({"one": nan, "other": nan}, workload, FP32_TOLERANCE)


def test_systems_take_turns_in_another_order_each_round() -> None:
    order: list[str] = []

    def system(name: str) -> System:
        def run(_: Workload) -> Round:
            order.append(name)
            return Round(2.0, [], None, (0.5, 1.5))

        return run

    systems = {name: system(name) for name in "abc"}
    measured = run_rounds(systems, Workload("w", "", ()), rounds=3)
    assert "".join(order) == "abcbcacab"
    assert measured["a"].pairs_per_s(10) == [5.0, 5.0, 5.0]
    assert measured["a"].pairs_per_s(10, tokenizing=False) == []
    assert measured["a"].latency_ms(50) == pytest.approx(1000.0)


def test_a_system_without_single_calls_has_no_latency() -> None:
    assert Measured([Round(1.0, [], 0.5)]).latency_ms(99) is None
    assert Measured([Round(1.0, [], 0.5)]).pairs_per_s(4, tokenizing=False) == [8.0]
