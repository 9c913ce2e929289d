# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A search runs what is missing, and says how far its best run can be believed."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contract.errors import SetUpError
from tests.train.conftest import Files
from train import search
from train.searching.grid import Trial, read_grid, trials_of
from train.searching.results import Result, expected_best, report

_SMALL = (
    *("--device", "cpu", "--max_seq_length", 32, "--batch_size", 8, "--max_steps", 4),
    *("--cpu_threads", 1, "--eval_step", 2),
)


def write(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_a_search_runs_what_is_missing(
    files: Files, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    grid = write(tmp_path / "grid.json", {"learning_rate": [1e-3, 0.0]})
    arguments = [
        *("--grid", grid, "--save_dir", tmp_path / "found", "train_ce"),
        *("--train_set", files.pairs, "--test_file", files.dev),
        *("--model_name_or_path", files.model, *_SMALL),
    ]
    assert search.main([str(argument) for argument in arguments]) == 0
    out = capfd.readouterr().out
    assert "run 1 of 2: --learning_rate 0.001\n" in out
    assert out.count("global step") == 0 and out.count("eval_dev auc") == 4
    assert "looked at 4 times in 2 runs" in out
    runs = sorted((tmp_path / "found").iterdir())
    assert len(runs) == 2

    again = json.loads((runs[0] / "run.json").read_text())
    write(runs[0] / "run.json", {**again, "state": "running"})
    shutil.rmtree(runs[0] / "best")
    assert search.main([str(argument) for argument in arguments]) == 0
    out = capfd.readouterr().out
    assert f"{runs[1]}: finished before, not run again" in out
    assert "last/model_state.pdparams: " in out, "the other is resumed"
    assert json.loads((runs[0] / "run.json").read_text())["begun_at_step"] == 4


def test_a_search_whose_runs_all_fail_says_so(
    files: Files, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    grid = write(tmp_path / "grid.json", [{"max_steps": 4, "no_such_option": 1}])
    arguments = ["--grid", grid, "--save_dir", tmp_path / "found", "train_ce", "--train_set", "f"]
    assert search.main([*map(str, arguments), "--test_file", "f"]) == 2
    error = capfd.readouterr().err
    assert "unrecognized arguments: --no_such_option=1" in error
    assert error.strip().endswith("search: search: no run has a result; see the lines above")


def test_a_run_has_one_place_as_long_as_its_files_are_the_same(tmp_path: Path) -> None:
    file = tmp_path / "rows"
    file.write_text("a")
    rest = ["--train_set", str(file), "--epochs=3"]
    grid = [{"learning_rate": 0.1}, {"learning_rate": 0.2}, {"learning_rate": 0.1}]
    first = [trial.name for trial in trials_of(grid, rest)]
    assert len(set(first)) == len(first) == 2
    assert [trial.name for trial in trials_of(grid[::-1], rest)] == first
    file.write_text("b")
    assert not {trial.name for trial in trials_of(grid, rest)} & set(first)


def test_a_grid_is_all_combinations_or_a_list(tmp_path: Path) -> None:
    grid = read_grid(write(tmp_path / "g", {"a": [1, 2], "b": ["x", "y"]}))
    assert grid == [{"a": 1, "b": "x"}, {"a": 1, "b": "y"}, {"a": 2, "b": "x"}, {"a": 2, "b": "y"}]
    assert read_grid(write(tmp_path / "g", [{"a": 1}, {}])) == [{"a": 1}, {}]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"a": 3}, "a has no list of values"),
        ({"a": []}, "a has no list of values"),
        ([], "is neither an object of lists"),
        (3, "is neither an object of lists"),
        ([{"a": [1]}], "a has [1], which is no single value"),
        ({"save_dir": ["x"]}, "save_dir is the search's own"),
    ],
)
def test_what_is_no_grid_is_refused(tmp_path: Path, content: Any, said: str) -> None:
    path = write(tmp_path / "grid.json", content)
    with pytest.raises(SetUpError) as refused:
        read_grid(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert said in str(refused.value)


@pytest.mark.parametrize("rest", [["--margin", "0.1"], ["--margin=0.1"], ["--save_dir", "x"]])
def test_an_option_has_one_value(rest: list[str]) -> None:
    with pytest.raises(SetUpError, match="leave it out of the training options"):
        trials_of([{"margin": 0.2}], rest)


def result(name: str, lists: list[float], looks: int = 3) -> Result:
    values = np.array(lists)
    figures = {"NDCG@10": float(values.mean())} if lists else {}
    trial = Trial({"margin": name}, (name,))
    return Result(trial, Path(name), "finished", 10, figures, values, looks)


def test_the_report_puts_the_best_first_and_tells_its_luck() -> None:
    draw = np.random.default_rng(3)
    base = draw.uniform(0.2, 0.9, 200)
    noise = draw.normal(0, 0.05, 200)
    good, alike, bad = base, base + (noise - noise.mean()) - 0.001, base - 0.2
    failed = Result(Trial({"margin": "f"}, ("f",)), Path("f"), "failed", None, {}, np.array([]), 0)
    results = [failed, *(result(n, list(v)) for n, v in (("b", bad), ("g", good), ("a", alike)))]
    lines = report(results).splitlines()
    assert [line.split()[1] for line in lines[1:5]] == ["g", "a", "b", "f"]
    assert "0.2000 [+0.2000, +0.2000]" in lines[3]
    low, high = (float(x) for x in lines[2].split("[")[2].split("]")[0].split(", "))
    assert low < 0 < high
    assert "no value" in lines[4] and "(failed)" in lines[4]
    assert "looked at 9 times in 3 runs" in lines[5]
    error = base.std(ddof=1) / math.sqrt(200)
    assert f"standard error of {error:.4f} over 200 lists" in lines[6]
    assert "better by luck" in lines[6] and f"{expected_best(3) * error:.4f}" in lines[6]


def test_luck_is_the_largest_of_normal_draws() -> None:
    draw = np.random.default_rng(1)
    for runs in (2, 5, 20):
        drawn = draw.normal(size=(20_000, runs)).max(axis=1).mean()
        assert expected_best(runs) == pytest.approx(drawn, abs=0.05)
    assert expected_best(1) == 0.0
