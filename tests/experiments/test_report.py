# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The report as a command on written records, with figures that were worked out by hand."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract.experiments.records import Record
from experiments.presentation.tables import _COUNTS
from tests.experiments.records import (
    START,
    Reported,
    exposure,
    feedback,
    real_command,
    report,
    shadow,
    write,
)

FEW = ("--min_units", "2")
DAY = 86_400.0


def split_of(rates: dict[str, float], units: int, **fields: Any) -> Iterator[Record]:
    """So many units of each variant over ten days, two requests each, clicked at a rate."""
    coin, number = random.Random(1), 0
    for unit in range(units):
        for variant, rate in rates.items():
            for _ in range(2):
                number += 1
                time = START + 10 * DAY * unit / units
                unit_id = f"{variant}-{unit}"
                yield exposure(number, variant, unit=unit_id, time=time, **fields)
                if coin.random() < rate:
                    yield feedback(number, coin.randrange(3))


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    """Three units of a with five requests, two of b with two."""
    shown = (4, 3, 2, 1, 0)
    records = [
        exposure(1, "a", unit="a1", order=shown),
        exposure(2, "a", unit="a1", order=shown),
        exposure(3, "a", unit="a2", order=shown, latency_ms=20.0),
        exposure(4, "a", unit="a3", order=shown),
        exposure(5, "a", unit="a3", err_no=51, order=(), served_ranker="", served_bundle=""),
        exposure(6, "b", unit="b1", order=shown, served_ranker="a"),
        exposure(7, "b", unit="b2", order=shown),
        # the second place twice and the fourth, in two records, and one that was not shown
        feedback(1, 3, 1),
        feedback(1, 3, 9),
        # beyond the places that count
        feedback(3, 0),
        feedback(5, 1),
        feedback(6, 4, grades=((4, 1.0), (3, 2.0))),
        feedback(7, 2, grades=((4, 0.0),)),
        feedback(99, 1),
    ]
    return report(write(tmp_path_factory.mktemp("by-hand"), records), "--k", "4", *FEW)


def test_click_metrics_by_hand(by_hand: Reported) -> None:
    a, b = by_hand.values("a"), by_hand.values("b")
    second, fourth, third = 1 / math.log2(3), 1 / math.log2(5), 1 / math.log2(4)
    # of four answered requests of a, one has clicks among four places
    assert (a["click_through"], a["clicks"], a["mrr"]) == (0.25, 0.5, 0.125)
    assert a["ndcg"] == pytest.approx((second + fourth) / (1 + second) / 4)
    assert (b["click_through"], b["clicks"]) == (1.0, 1.0)
    assert b["mrr"] == pytest.approx((1 + 1 / 3) / 2)
    assert b["ndcg"] == pytest.approx((1 + third) / 2)
    # grades 1 and 2 at the first two places; a list without a grade above 0 is no part of it
    assert b["graded_ndcg"] == pytest.approx((1 + 2 * second) / (2 + second))
    assert a["graded_ndcg"] is None


def test_guardrails_by_hand(by_hand: Reported) -> None:
    a, b = by_hand.values("a"), by_hand.values("b")
    assert (a["error_share"], b["error_share"]) == (0.2, 0.0)
    assert (a["fallback_share"], b["fallback_share"]) == (0.0, 0.5)
    assert (a["latency_p50_ms"], a["latency_p99_ms"]) == (10.0, 20.0)


def test_the_difference_and_its_error_by_hand(by_hand: Reported) -> None:
    found = by_hand.difference("click_through")
    # a: clicked 1, 0, 0 of 2, 1, 1 answered requests; residuals 0.5, -0.25, -0.25
    variance_a = (0.25 + 0.0625 + 0.0625) / 2 * 3 / 16
    assert found["difference"] == 0.75
    assert found["standard_error"] == pytest.approx(math.sqrt(variance_a))
    assert found["fixed"]["low"] == pytest.approx(0.75 - 1.959964 * math.sqrt(variance_a))


def test_counts_by_hand(by_hand: Reported) -> None:
    counts = by_hand.json["analysis"]["counts"]
    assert counts["requests"] == counts["by_bucket"] == 7
    assert counts["requests_with_feedback"] == 5
    assert counts["unknown_feedback"] == 1
    assert counts["clicks_outside"] == 2, "document 9, and a click on a refusal"
    assert set(_COUNTS) - set(counts) == {"comparisons"}


def test_units_and_shares_by_hand(by_hand: Reported) -> None:
    first, second = by_hand.json["analysis"]["variants"]
    assert (first["units"], second["units"]) == (3, 2)
    assert first["share_of_requests"] == pytest.approx(5 / 7)
    assert by_hand.check("sample_ratio")["value"] == pytest.approx(0.6547, abs=1e-4)


def test_two_equal_variants_keep_running(tmp_path: Path) -> None:
    done = report(write(tmp_path, split_of({"a": 0.3, "b": 0.3}, 300)))
    assert done.status == 0, done.text
    assert done.text.splitlines()[-3] == "KEEP"
    assert done.json["verdict"]["decision"] == "keep"
    assert len(done.json["analysis"]["looks"]) == 10


@pytest.mark.parametrize(("rate", "winner"), [(0.55, "b"), (0.1, "a")])
def test_an_established_difference_stops(tmp_path: Path, rate: float, winner: str) -> None:
    done = report(write(tmp_path, split_of({"a": 0.3, "b": rate}, 300)))
    assert done.status == 3, done.text
    assert done.json["verdict"]["recommended"] == winner
    assert f"go on with {winner}" in done.text
    assert "click_through of 'b' is" in done.text


def test_a_process_ends_with_the_status_and_prints_the_same(tmp_path: Path) -> None:
    folder = write(tmp_path, split_of({"a": 0.3, "b": 0.6}, 200))
    inputs = ("--exposures", str(folder), "--feedback", str(folder))
    done = real_command(*inputs)
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout == report(folder).text
    done = real_command("--exposures", str(folder / "none"))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_the_bootstrap_says_the_same(tmp_path: Path) -> None:
    folder = write(tmp_path, split_of({"a": 0.3, "b": 0.4}, 300))
    delta = report(folder).difference("mrr")
    options = ("--interval", "bootstrap", "--seed", "3")
    bootstrap = report(folder, *options).difference("mrr")
    assert bootstrap["difference"] == delta["difference"]
    assert bootstrap["standard_error"] == pytest.approx(delta["standard_error"], rel=0.1)
    assert report(folder, *options).difference("mrr") == bootstrap


def test_the_control_may_be_named(tmp_path: Path) -> None:
    done = report(write(tmp_path, split_of({"a": 0.3, "b": 0.55}, 300)), "--control", "b")
    assert done.difference("click_through")["variant"] == "a"
    assert (done.status, done.json["verdict"]["recommended"]) == (3, "b")


def test_each_of_three_variants_is_compared_with_the_control(tmp_path: Path) -> None:
    done = report(write(tmp_path, split_of({"a": 0.3, "b": 0.3, "c": 0.6}, 200)))
    compared = [d["variant"] for d in done.json["analysis"]["metrics"] if d["metric"] == "mrr"]
    assert compared == ["b", "c"]
    assert (done.status, done.json["verdict"]["recommended"]) == (3, "c")


def test_few_units_decide_nothing(tmp_path: Path) -> None:
    done = report(write(tmp_path, split_of({"a": 0.1, "b": 0.9}, 50)))
    assert done.status == 0
    assert "nothing is decided below 100" in done.text


@pytest.mark.parametrize(
    ("fields", "rail"),
    [
        ({"err_no": 9000, "order": (), "served_ranker": ""}, "error_share"),
        ({"served_ranker": "other"}, "fallback_share"),
        ({"latency_ms": 15.0}, "latency_p50_ms"),
    ],
)
def test_a_breached_guardrail_stops(tmp_path: Path, fields: dict[str, Any], rail: str) -> None:
    # b clicks better, and still must not win
    good = split_of({"a": 0.3}, 400)
    bad = (
        exposure(10_000 + i, "b", time=START + i, **(fields if i % 2 == 0 or "lat" in rail else {}))
        for i in range(400)
    )
    clicks = (feedback(10_000 + i, 0) for i in range(1, 400, 2))
    done = report(write(tmp_path, [*good, *bad, *clicks]))
    assert done.status == 3, done.text
    assert done.json["verdict"]["recommended"] == "a"
    assert f"guardrail {rail} of 'b' is breached" in done.text


def test_a_split_that_is_not_the_configured_one_is_broken(tmp_path: Path) -> None:
    records = [exposure(i, "a" if i % 100 < 40 else "b") for i in range(2000)]
    records += [feedback(i, 0) for i in range(2000)]
    folder = write(tmp_path, records)
    done = report(folder)
    assert done.status == 4
    assert done.check("sample_ratio")["alarm"]
    assert report(folder, "--weights", "a=40,b=60").status == 0
    assert report(folder, "--weights", "a=40,b=50,c=10").status == 4


def test_units_that_saw_both_are_left_out_and_alarm(tmp_path: Path) -> None:
    records = list(split_of({"a": 0.3, "b": 0.3}, 150))
    crossing = [exposure(9000 + i, "ab"[i % 2], unit=f"c-{i // 2}") for i in range(2 * 10)]
    folder = write(tmp_path, records + crossing)
    done = report(folder)
    assert done.status == 4
    assert done.check("crossed_units")["value"] == pytest.approx(10 / 310)
    assert [row["units"] for row in done.json["analysis"]["variants"]] == [150, 150]
    assert report(folder, "--max_crossed", "0.05").status == 0


def test_only_units_by_bucket_count(tmp_path: Path) -> None:
    listed = [exposure(9000 + i, "b", unit="tester", reason="allow_list") for i in range(50)]
    clicks = [feedback(9000 + i, 0) for i in range(50)]
    records = list(split_of({"a": 0.3, "b": 0.3}, 150))
    alone = report(write(tmp_path / "alone", records))
    beside = report(write(tmp_path / "beside", [*records, *listed, *clicks]))
    assert beside.json["analysis"]["metrics"] == alone.json["analysis"]["metrics"]
    assert beside.json["analysis"]["counts"]["by_allow_list"] == 50


def test_feedback_that_never_joins_is_broken(tmp_path: Path) -> None:
    records = [exposure(i, "ab"[i % 2]) for i in range(400)] + [feedback(999, 1)]
    done = report(write(tmp_path, records))
    assert done.status == 4
    assert "does the application send the request_id" in done.check("joined_feedback")["says"]


def test_a_request_id_that_comes_again_counts_once(tmp_path: Path) -> None:
    records = [exposure(1, "a"), exposure(1, "b", time=START + 60), exposure(2, "b")]
    done = report(write(tmp_path, records), *FEW)
    assert done.json["analysis"]["counts"]["duplicate_shown"] == 1
    assert [row["requests"] for row in done.json["analysis"]["variants"]] == [1, 1]


def votes(number: int, unit: str, winner: str) -> Iterator[Record]:
    """An interleaved request whose winner got the only click; nobody's for ``-``."""
    teams = ("a", "b", "b", "a")
    common = {"mode": "interleave", "unit": unit, "order": (7, 8, 9, 6), "teams": teams}
    yield exposure(number, "interleaved", **common)
    if winner != "-":
        yield feedback(number, 7 if winner == "a" else 9)


def test_interleaved_votes_by_hand(tmp_path: Path) -> None:
    outcomes = ["bbb", "b-", "ab", "a", "bb", "--"]
    records: list[Record] = []
    for unit, letters in enumerate(outcomes):
        for letter in letters:
            records += votes(len(records), f"u{unit}", letter)
    # two clicks on each side are a tie
    records += [*votes(500, "tie", "a"), feedback(500, 8)]
    done = report(write(tmp_path, records), *FEW)
    by_request, by_unit = done.json["analysis"]["sign_tests"]
    assert (by_request["wins"], by_request["losses"], by_request["ties"]) == (7, 2, 4)
    assert by_request["p"] == pytest.approx(2 * (1 + 9 + 36) / 2**9)
    assert (by_unit["wins"], by_unit["losses"], by_unit["ties"]) == (3, 1, 3)
    assert by_unit["p"] == pytest.approx(2 * 5 / 2**4)
    found = done.difference("win_rate")
    assert found["variant_value"] == pytest.approx(7 / 9)
    assert (found["difference"], found["units"]) == (pytest.approx(5 / 9), 5)
    # wins minus losses 3, 1, 0, -1, 2 of 3, 1, 2, 1, 2 decided ones
    residuals = [x - 5 / 9 * y for x, y in ((3, 3), (1, 1), (0, 2), (-1, 1), (2, 2))]
    variance = sum(r * r for r in residuals) / 4 * 5 / 81
    assert found["standard_error"] == pytest.approx(math.sqrt(variance))


def test_an_interleaved_winner_stops(tmp_path: Path) -> None:
    coin = random.Random(2)
    records = [r for i in range(600) for r in votes(i, f"u{i % 200}", coin.choice("aabbbb-"))]
    done = report(write(tmp_path, records))
    assert (done.status, done.json["verdict"]["recommended"]) == (3, "b"), done.text


def test_a_shadow_by_hand(tmp_path: Path) -> None:
    records: list[Record] = []
    for i, tau in enumerate((1.0, 0.5, 0.0, -0.5)):
        records.append(exposure(i, "a", mode="shadow", unit=f"u{i // 2}"))
        records.append(shadow(i, documents=10, kendall_tau=tau, top1_same=i % 2, top10_overlap=0.5))
    records += [exposure(9, "a", mode="shadow", unit="u9"), shadow(9, err_no=6000)]
    done = report(write(tmp_path, records), *FEW)
    figures = {figure["name"]: figure for figure in done.json["analysis"]["agreement"]}
    assert figures["kendall_tau"]["mean"] == 0.25
    # two units with sums 1.5 and -0.5 of two requests each
    half = 1.959964 * math.sqrt((1.0 + 1.0) / 1 * 2 / 16)
    assert figures["kendall_tau"]["fixed"]["high"] == pytest.approx(0.25 + half)
    assert figures["top1_same"]["mean"] == 0.5
    assert figures["shadow_error_share"]["mean"] == 0.2
    assert done.status == 0
    assert "Kendall tau of requests" in done.html


def test_a_shadow_that_is_a_cascade(tmp_path: Path) -> None:
    records: list[Record] = []
    for i in range(8):
        late = i < 2
        records.append(exposure(i, "a", mode="shadow", unit=f"u{i}"))
        records.append(
            shadow(
                i, documents=10, kendall_tau=-1.0 if late else 0.5, score_difference=None,
                score_distance=None, incomplete=int(late),
            )
        )  # fmt: skip
    done = report(write(tmp_path, records), *FEW)
    figures = {figure["name"]: figure for figure in done.json["analysis"]["agreement"]}
    # what a dropped stage left says nothing of the cascade
    assert (figures["kendall_tau"]["mean"], figures["kendall_tau"]["requests"]) == (0.5, 6)
    assert figures["shadow_incomplete_share"]["mean"] == 0.25
    assert not {"score_difference", "score_distance"} & set(figures)
    assert done.status == 0
    assert "shadow_incomplete_share" in done.text


def test_a_shadow_that_fails_stops(tmp_path: Path) -> None:
    records: list[Record] = []
    for i in range(300):
        records += [exposure(i, "a", mode="shadow"), shadow(i, err_no=6000 if i % 5 == 0 else 0)]
    done = report(write(tmp_path, records))
    assert done.status == 3
    assert "guardrail shadow_error_share of shadow 'b' is breached" in done.text


def test_a_terminal_needs_a_hundred_columns_and_a_page_no_host(tmp_path: Path) -> None:
    done = report(write(tmp_path, split_of({"a-long-name": 0.3, "another-long-name": 0.3}, 150)))
    assert max(map(len, done.text.splitlines())) <= 100
    for outside in ("http:", "https:", "//", "@import", "url(", "<script", "src="):
        assert outside not in done.html
    assert done.html.count("<svg") == 3
    assert "prefers-color-scheme: dark" in done.html


def test_a_name_is_no_markup(tmp_path: Path) -> None:
    name = "<b>&'\""
    done = report(write(tmp_path, split_of({name: 0.3, "z": 0.3}, 20)), *FEW)
    assert done.status == 0
    assert name not in done.html
    assert "&lt;b&gt;&amp;" in done.html
