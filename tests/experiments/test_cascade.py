# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What a cascade loses and saves: the curve of made-up scores, and the command beside a server."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contract.list_metrics import Places, ndcg
from experiments import cascade
from experiments.cascades.curve import FEWEST_LISTS, Curve, Point, measure, proposed, usual_keeps
from experiments.cascades.stage_calls import StageScores, TwoStages
from experiments.cascades.table import proposal, table
from experiments.presentation.cascade_plot import plot as plot_of
from tests.experiments.stand_in_service import StandIn, serving


def two_stages(
    grades: list[int], cheap: list[float], dear: list[float], dear_s: float = 1.0
) -> TwoStages:
    return TwoStages(
        tuple(grades),
        StageScores(np.array(cheap), 0.1, 0.1),
        StageScores(np.array(dear), 0.8 * dear_s, dear_s, "b1"),
    )


def random_lists(count: int = 80, cheap_noise: float = 1.0) -> list[TwoStages]:
    rng = np.random.default_rng(5)
    lists = []
    for _ in range(count):
        grades = [2, 1, *[0] * 18]
        noise = rng.standard_normal((2, 20))
        cheap = np.array(grades) + cheap_noise * noise[0]
        lists.append(
            two_stages(grades, cheap.tolist(), (np.array(grades) + 0.3 * noise[1]).tolist())
        )
    return lists


def test_a_list_that_is_kept_whole_loses_nothing() -> None:
    curve = measure(random_lists(), [20], 1)
    (point,) = curve.points
    assert (point.loss, point.low, point.high) == (0.0, 0.0, 0.0)
    assert point.ndcg == curve.dear_ndcg
    assert point.within(0.01)


def test_kept_documents_are_the_dear_rankers_and_all_others_the_cheap_ones() -> None:
    # the cheap one keeps 1 and 2, of which the dear one prefers 2; 0 comes third
    one = two_stages([2, 0, 1], [0.1, 0.9, 0.8], [9.0, 3.0, 5.0])
    (point,) = measure([one], [2], 1).points
    assert point.ndcg == pytest.approx(ndcg(Places.of_order([2, 1, 0]), (2, 0, 1)))
    assert point.loss == pytest.approx(1.0 - point.ndcg)
    assert point.kept == 2.0


def test_more_documents_lose_less_and_take_longer() -> None:
    points = measure(random_lists(), [2, 5, 10, 20], 1).points
    assert points[0].loss > points[1].loss > points[2].loss > -0.01
    assert points[0].low < points[0].loss < points[0].high
    rates = [point.times_as_fast for point in points]
    assert rates == sorted(rates, reverse=True)


def test_the_cost_is_what_is_left_of_the_dear_ranker_and_the_cheap_one() -> None:
    # of a second 0.8 grow with the documents; a quarter of these, 0.2 that do not, 0.1 of the cheap
    one = two_stages([1, 0, 0, 0], [4.0, 3.0, 2.0, 1.0], [4.0, 3.0, 2.0, 1.0])
    (point,) = measure([one], [1], 1).points
    assert point.times_as_fast == pytest.approx(1.0 / (0.2 + 0.2 + 0.1))
    assert point.pairs_per_s == pytest.approx(4 / 0.5)


def test_intervals_hold_the_loss_of_the_population() -> None:
    population = random_lists(2000)
    true = measure(population, [5], 1).points[0].loss
    draw = np.random.default_rng(7)
    held = 0
    for _ in range(60):
        sample = [population[i] for i in draw.choice(len(population), 100, replace=False)]
        point = measure(sample, [5], 1).points[0]
        assert point.low < point.high
        held += point.low <= true <= point.high
    # of 60 intervals at 95 % 57 are expected; one over means, not over lists, holds far fewer
    assert 53 <= held <= 60
    assert true > 0.0


def test_intervals_are_wider_of_fewer_lists() -> None:
    losses = [measure(random_lists(60, n), [5], 1).points[0] for n in (0.5, 1.0, 2.0)]
    assert [point.loss for point in losses] == sorted(point.loss for point in losses)
    widths = [point.high - point.low for point in losses]
    narrow = measure(random_lists(600, 2.0), [5], 1).points[0]
    assert narrow.high - narrow.low < widths[-1] / 2


def test_a_share_keeps_fewer_where_the_cheap_stage_is_sure() -> None:
    sure = two_stages([1, 0, 0], [20.0, 0.0, 0.0], [1.0, 0.0, 0.0])
    unsure = two_stages([1, 0, 0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0])
    (point,) = measure([sure, unsure], [0.9], 1).points
    assert point.kept == 2.0


def curve_of(
    *points: tuple[float, float, float], lists: int = FEWEST_LISTS, filled_in: int = 0
) -> Curve:
    """Of points with so many kept and these ends of the interval."""
    made = [
        Point(int(k), k, 0.9, (low + high) / 2, low, high, 10.0, 2.0) for k, low, high in points
    ]
    return Curve(tuple(made), lists, 50.0, 60, filled_in, 0.9, 0.8, 5.0)


def test_the_fewest_within_the_bound_are_proposed() -> None:
    curve = curve_of((30, -0.001, 0.002), (10, 0.0, 0.009), (5, 0.0, 0.011))
    best = proposed(curve, 0.01)
    assert best is not None
    assert best.keep == 10
    assert "keep: 10}, {ranker: pairwise}" in proposal(curve, best, "bm25", "pairwise", 0.01)
    assert table(curve, "bm25", "pairwise", 0.01).count("*") == 2


def test_nothing_is_proposed_where_all_lose_too_much() -> None:
    curve = curve_of((10, 0.0, 0.02))
    best = proposed(curve, 0.01)
    assert best is None
    assert "no number of documents" in proposal(curve, best, "bm25", "pairwise", 0.01)


def test_too_few_lists_propose_nothing() -> None:
    one = two_stages([2, 0], [0.9, 0.1], [0.9, 0.1])
    alike = measure([one], [1], 1)
    # one list that loses nothing has an interval of no width
    assert alike.points[0].low == alike.points[0].high == 0.0
    for curve in (alike, curve_of((10, 0.0, 0.001), lists=FEWEST_LISTS - 1)):
        assert proposed(curve, 0.01) is None
        assert "lists are too few" in proposal(curve, None, "bm25", "pairwise", 0.01)
        assert "*" not in table(curve, "bm25", "pairwise", 0.01)
        assert "too few lists" in plot_of(curve, 0.01)
    enough = curve_of((10, 0.0, 0.001))
    assert proposed(enough, 0.01) is not None
    assert "too few" not in plot_of(enough, 0.01)


def test_a_share_is_proposed_with_the_longest_list() -> None:
    lists = random_lists(80, cheap_noise=0.01)
    longest = two_stages([2, *[0] * 29], [9.0, *[0.0] * 29], [9.0, *[0.0] * 29])
    curve = measure([*lists, longest], [0.9], 1)
    best = proposed(curve, 1.0)
    assert "{ranker: bm25, keep: 30, keep_share: 0.9}" in proposal(
        curve, best, "bm25", "pairwise", 1.0
    )


def test_what_was_filled_in_is_told() -> None:
    curve = curve_of((10, 0.0, 0.001), lists=100, filled_in=1234)
    told = "1234 of 5000 documents were filled in"
    assert told in table(curve, "bm25", "pairwise", 0.01)
    assert told in plot_of(curve, 0.01)


def test_usual_numbers_end_with_the_list() -> None:
    assert usual_keeps(22) == [5, 10, 15, 20, 22]
    assert usual_keeps(3) == [3]


@pytest.fixture
def graded_file(tmp_path: Path) -> Path:
    path = tmp_path / "lists.tsv"
    rows = [f"词{q}\t词{q} 标题{g}\t{g}\n" for q in range(60) for g in (0, 2)]
    path.write_text("query\ttitle\tlabel\n" + "".join(rows), encoding="utf-8")
    return path


def test_the_command_asks_the_dear_ranker_and_prints_the_curve(
    tmp_path: Path, graded_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plot, pool = tmp_path / "curve.svg", tmp_path / "pool.txt"
    pool.write_text("别的 0\n", encoding="utf-8")
    args = ["--file", str(graded_file), "--pad_from", "6", "--plot", str(plot)]
    with serving(StandIn()) as service:
        args += ["--url", service.url, "--dear", "pairwise", "--pool", str(pool)]
        assert cascade.main([*args, "--keep", "2", "6", "--share", "0.9"]) == 0
        printed = capsys.readouterr().out
        assert cascade.main([*args, "--keep", "6", "--json"]) == 0
    assert all(body["model"] == "pairwise" for body in service.ranked)
    assert "60 lists of 6.0 documents: pairwise alone" in printed
    assert "240 of 360 documents were filled in" in printed
    assert "cascade: {stages: [{ranker: bm25, keep: " in printed
    assert "bundles: pairwise b1" in printed
    fields: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert fields["proposed"]["keep"] == 6
    assert fields["points"][0]["loss"] == 0.0
    assert (fields["filled_in"], fields["too_few_lists"]) == (240, False)
    circles = ET.fromstring(plot.read_text(encoding="utf-8")).iter(
        "{http://www.w3.org/2000/svg}circle"
    )
    assert len(list(circles)) == 1


def test_lists_are_as_they_are_unless_asked(
    graded_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(StandIn()) as service:
        args = ["--url", service.url, "--file", str(graded_file), "--lists", "9"]
        assert cascade.main(args) == 0
    printed = capsys.readouterr().out
    assert "9 lists of 2.0 documents" in printed
    assert "0 of 18 documents were filled in" in printed
    assert "9 lists are too few" in printed


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"[]", "not this service's JSON"),
        (
            json.dumps({"results": [], "timings_ms": {}, "bundle": "b"}).encode(),
            "no score for some",
        ),
    ],
)
def test_an_answer_of_another_kind_ends_it(
    graded_file: Path, capsys: pytest.CaptureFixture[str], answer: bytes, told: str
) -> None:
    with serving(StandIn(misbehave=lambda _: answer)) as service:
        assert cascade.main(["--url", service.url, "--file", str(graded_file)]) == 1
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [
        ["--cheap", "pairwise", "--dear", "pairwise"],
        ["--keep", "0"],
        ["--share", "1"],
        ["--lists", "0"],
        ["--max_loss", "0"],
        ["--pad_from", "-1"],
        ["--pool", "texts.txt"],
    ],
)
def test_wrong_options_are_refused(graded_file: Path, wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cascade.main(["--file", str(graded_file), *wrong])
    assert caught.value.code == 2


def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, graded_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    absent = str(tmp_path / "absent")
    assert cascade.main(["--file", absent]) == 2
    assert cascade.main(["--file", str(graded_file), "--pad_from", "9", "--pool", absent]) == 2
    assert [absent in line for line in capsys.readouterr().err.splitlines()] == [True, True]
