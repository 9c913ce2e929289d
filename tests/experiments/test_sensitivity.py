# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""How many queries a split and interleaving need: tests, power, methods, and the command."""

from __future__ import annotations

import json
from math import comb
from pathlib import Path

import numpy as np
import pytest

from contract.experiments.interleaving import team_draft
from experiments import sensitivity
from experiments.lists.scored_lists import ScoredList
from experiments.power.methods import INTERLEAVING, METHODS, queries_needed, wins
from experiments.power.queries_needed import (
    LIMIT,
    by_sign_test,
    by_split,
    sign_prefers,
    smallest_wins,
    t_limit,
)
from experiments.power.ranker_pairs import DEGRADED, Duel, degraded
from experiments.readers.click_model import CLICK_MODELS, INFORMATIONAL, ClickModel

# (z of 97.5 % + z of 80 %) squared
EFFECT = (1.959964 + 0.841621) ** 2


def random_lists(count: int = 150, noise: float = 0.4) -> list[ScoredList]:
    """Twenty documents each; ``a`` scores by grade with noise, ``b`` with a quarter more."""
    rng = np.random.default_rng(3)
    lists = []
    for number in range(count):
        grades = rng.choice(5, 20, p=(0.7, 0.1, 0.1, 0.05, 0.05))
        grades[0] = 3
        scores = {
            name: tuple((grades / 4 + sigma * rng.standard_normal(20)).tolist())
            for name, sigma in (("a", noise), ("b", 1.25 * noise))
        }
        lists.append(ScoredList(f"q{number}", tuple(grades.tolist()), scores))
    return lists


def written(tmp_path: Path, lists: list[ScoredList]) -> Path:
    path = tmp_path / "scored.jsonl"
    lines = [json.dumps({"query": s.query, "labels": s.labels, "scores": s.scores}) for s in lists]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_the_sign_test_is_the_binomial_test() -> None:
    limits = smallest_wins()
    for n in (*range(1, 30), 100, len(limits) - 1):
        upper = [2 * sum(comb(n, k) for k in range(w, n + 1)) / 2**n for w in range(n + 1)]
        smallest = next((w for w, p in enumerate(upper) if p < 0.05), n + 1)
        assert limits[n] == smallest


def test_beyond_the_table_the_sign_test_goes_on_without_a_jump() -> None:
    n = 1001
    prefers = sign_prefers(np.arange(n + 1), n - np.arange(n + 1), smallest_wins())
    first = int(np.argmax(prefers))
    assert prefers[first:].all()
    exact = [2 * sum(comb(n, k) for k in range(w, n + 1)) / 2**n for w in (first - 1, first)]
    assert exact[1] < 0.05
    # the correction for continuity errs to the careful side, and by little
    assert exact[0] > 0.0495


def test_the_limit_of_t() -> None:
    # of the usual table
    expected = {4: 2.776, 5: 2.571, 10: 2.228, 30: 2.042, 100: 1.984}
    found = t_limit(np.array(list(expected), dtype=float))
    assert found.tolist() == pytest.approx(list(expected.values()), abs=0.01)


def test_a_split_needs_what_the_formula_says() -> None:
    """Of two proportions; power by simulation against the normal approximation."""
    rng = np.random.default_rng(1)
    better, worse = np.array([0.46, 0.54]), np.array([0.5, 0.5])
    needed = by_split(np.array([0.0, 1.0]), better, worse, rng, 4000).queries
    formula = 2 * EFFECT * (0.54 * 0.46 + 0.25) / 0.04**2
    assert needed == pytest.approx(formula, rel=0.05)


def test_a_sign_test_needs_what_the_formula_says() -> None:
    rng = np.random.default_rng(1)
    needed = by_sign_test(np.array([0.3, 0.25, 0.45]), rng, 4000).queries
    assert needed == pytest.approx(EFFECT * 0.55 / 0.05**2, rel=0.07)


def test_no_difference_and_the_wrong_one_are_never_found() -> None:
    rng = np.random.default_rng(1)
    values, even, high = np.array([0.0, 1.0]), np.array([0.5, 0.5]), np.array([0.4, 0.6])
    same, wrong = by_split(values, even, even, rng, 100), by_split(values, even, high, rng, 100)
    assert (same.queries, same.wrong_way) == (None, False)
    assert (wrong.queries, wrong.wrong_way) == (None, True)
    same = by_sign_test(np.array([0.3, 0.3, 0.4]), rng, 100)
    wrong = by_sign_test(np.array([0.2, 0.3, 0.5]), rng, 100)
    assert (same.queries, same.wrong_way) == (None, False)
    assert (wrong.queries, wrong.wrong_way) == (None, True)
    hopeless = by_sign_test(np.array([0.30001, 0.3, 0.39999]), rng, 50)
    assert (hopeless.queries, hopeless.wrong_way) == (None, False)


def test_neither_test_prefers_equals_more_often_than_it_may() -> None:
    rng = np.random.default_rng(5)
    counts = rng.multinomial(120, [0.3, 0.3, 0.4], size=20_000)
    limits = smallest_wins()
    one_way = sign_prefers(counts[:, 0], counts[:, 1], limits).mean()
    other = sign_prefers(counts[:, 1], counts[:, 0], limits).mean()
    assert 0.01 < one_way <= 0.028
    assert 0.01 < other <= 0.028


def test_wins_are_those_of_readers_of_drafted_lists() -> None:
    duel = Duel.of(random_lists(40), "a", "b")
    model = ClickModel.named(INFORMATIONAL, 4)
    exact = wins(duel, model, 50, seed=1)
    assert exact.sum() == pytest.approx(1.0)
    thrown = np.zeros(3)
    for number, (grades, orders) in enumerate(zip(duel.grades, duel.orders)):
        for reader in range(150):
            drafted, teams = team_draft(orders, f"draft {number}:{reader}", 10)
            clicked = model.read([grades[index] for index in drafted], f"read {number}:{reader}")
            ahead = sum(1 - 2 * teams[place] for place in clicked)
            thrown[0 if ahead > 0 else 1 if ahead < 0 else 2] += 1
    assert exact.tolist() == pytest.approx((thrown / thrown.sum()).tolist(), abs=0.03)
    assert exact[0] > exact[1] + 0.05


def test_a_ranker_wins_against_itself_as_often_as_it_loses() -> None:
    duel = Duel.of([ScoredList(s.query, s.labels, {"a": s.scores["a"], "b": s.scores["a"]})
                    for s in random_lists()], "a", "b")  # fmt: skip
    won, lost, _ = wins(duel, ClickModel.named(INFORMATIONAL, 4), 200, seed=1)
    assert won == pytest.approx(lost, abs=0.01)


@pytest.mark.parametrize("clicks", CLICK_MODELS)
def test_interleaving_needs_fewer_queries_than_a_split(clicks: str) -> None:
    duel = Duel.of(random_lists(), "b", "a")
    assert (duel.better, duel.worse) == ("a", "b")
    found = queries_needed(duel, ClickModel.named(clicks, 4), drafts=20, runs=500, seed=1)
    assert tuple(found) == METHODS
    ours = found[INTERLEAVING].queries
    assert ours is not None
    others = [found[m].queries or LIMIT for m in METHODS if m != INTERLEAVING]
    assert 1.5 * ours < min(others)
    assert found == queries_needed(duel, ClickModel.named(clicks, 4), drafts=20, runs=500, seed=1)


def test_so_many_queries_of_readers_thrown_one_by_one_have_that_power() -> None:
    lists = random_lists()
    duel = Duel.of(lists, "a", "b")
    model = ClickModel.named("perfect", 4)
    needed = queries_needed(duel, model, drafts=50, runs=2000, seed=1)[INTERLEAVING].queries
    assert needed is not None
    rng = np.random.default_rng(9)
    limits = smallest_wins()
    tally = np.zeros((80, 2), np.int64)
    for experiment in range(len(tally)):
        for query, number in enumerate(rng.integers(0, len(lists), needed)):
            drafted, teams = team_draft(duel.orders[number], f"draft {experiment}/{query}", 10)
            grades = [duel.grades[number][index] for index in drafted]
            clicked = model.read(grades, f"read {experiment}/{query}")
            ahead = sum(1 - 2 * teams[place] for place in clicked)
            if ahead:
                tally[experiment, 0 if ahead > 0 else 1] += 1
    # three standard errors of 80 experiments
    assert sign_prefers(tally[:, 0], tally[:, 1], limits).mean() == pytest.approx(0.8, abs=0.134)


def test_a_short_list_of_a_single_grade_scale_is_no_obstacle() -> None:
    lists = [ScoredList("q", (0, 1, 0), {"a": (0.1, 0.9, 0.2), "b": (0.9, 0.1, 0.2)})]
    found = queries_needed(
        Duel.of(lists, "a", "b"), ClickModel.named("perfect", 1), 50, 200, seed=1
    )
    assert found[INTERLEAVING].queries is not None


def test_a_file_with_the_relevant_first_rewards_no_ties() -> None:
    """One ranker scores all alike, the other at random; neither is better by the file's order."""
    rng = np.random.default_rng(9)
    labels = (4, 3, 2, 1, *[0] * 16)
    lists = [
        ScoredList(f"q{i}", labels, {"same": (0.5,) * 20, "random": tuple(rng.random(20).tolist())})
        for i in range(300)
    ]
    duel = Duel.of(lists, "same", "random")
    assert duel.difference[1] < 0.0 < duel.difference[2]
    same = 0 if duel.better == "same" else 1
    first = [grades[orders[same][0]] for grades, orders in zip(duel.grades, duel.orders)]
    assert np.mean(first) < 1.0
    assert all(sorted(orders[same]) == list(range(20)) for orders in duel.orders)


def test_more_noise_degrades_more_and_the_same_way_for_a_seed() -> None:
    lists = random_lists()
    gaps = [
        Duel.of(degraded(lists, "a", sigma, seed=1), "a", DEGRADED).difference[0]
        for sigma in (0.5, 1.0, 3.0)
    ]
    assert 0.0 < gaps[0] < gaps[1] < gaps[2]
    assert degraded(lists, "a", 1.0, 1) == degraded(lists, "a", 1.0, 1)


def test_the_command_prints_what_its_json_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ["--scores", str(written(tmp_path, random_lists())), "--drafts", "10", "--runs", "200"]
    assert sensitivity.main(args) == 0
    text = capsys.readouterr().out
    assert sensitivity.main([*args, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["better"], found["worse"], found["lists"]) == ("a", "b", 150)
    gap = found["ndcg_at_10"]["a"] - found["ndcg_at_10"]["b"]
    assert found["difference"][0] == pytest.approx(gap)
    for model in CLICK_MODELS:
        needed = found["queries_needed"][model]
        assert f" {float(format(needed[INTERLEAVING]['queries'], '.3g')):,.0f} " in text
        best = min(v["queries"] or LIMIT for m, v in needed.items() if m != INTERLEAVING)
        ratio = found["split_over_interleaving"][model]
        assert ratio == pytest.approx(best / needed[INTERLEAVING]["queries"])
        assert f"  {ratio:.1f}" in text
    assert "do not settle" not in text


def test_the_scale_of_labels_decides_what_readers_click(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ["--scores", str(written(tmp_path, random_lists())), "--drafts", "10", "--runs", "200"]
    needed = []
    for more in ([], ["--top_grade", "4"], ["--top_grade", "8"]):
        assert sensitivity.main([*args, "--json", "--clicks", "perfect", *more]) == 0
        found = json.loads(capsys.readouterr().out)
        needed.append(found["queries_needed"]["perfect"][INTERLEAVING]["queries"])
    # on the longer scale the same documents are less relevant, and clicks are fewer
    assert needed[0] == needed[1] < needed[2]


def test_the_command_says_when_the_lists_do_not_settle_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lists = [ScoredList(s.query, s.labels, {"a": s.scores["a"]}) for s in random_lists(30)]
    args = ["--scores", str(written(tmp_path, lists)), "--drafts", "5", "--runs", "50"]
    assert sensitivity.main([*args, "--degrade", "0.01"]) == 0
    assert "these lists do not settle which of the two is better" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (["--rankers", "a", "c"], "no scores of 'c', only of a, b"),
        (["--rankers", "a"], "--rankers: name two of a"),
        (["--degrade", "1"], "--degrade: takes one of --rankers, not 2"),
        (["--top_grade", "2"], "--top_grade: the file has labels of 4"),
    ],
)
def test_rankers_that_are_not_there_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], args: list[str], reason: str
) -> None:
    path = written(tmp_path, random_lists(3))
    assert sensitivity.main(["--scores", str(path), *args]) == 2
    assert reason in capsys.readouterr().err
