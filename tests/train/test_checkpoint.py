# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What a training run leaves on disk: whole files or none."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from train.model.checkpoint import atomic_directory, link_directory, read_json

_FILES = {
    *("config.json", "model_state.pdparams", "optimizer.npz", "ranker.json"),
    *("special_tokens_map.json", "tokenizer_config.json", "training_state.json", "vocab.txt"),
}


# what a run leaves beside its checkpoints
_RECORDS = {"curves.svg", "logs", "run.json"}


def checkpoints(directory: Path) -> list[str]:
    """Names of a run's checkpoints; its records have to lie beside them."""
    names = {path.name for path in directory.iterdir()}
    assert names >= _RECORDS
    return sorted(names - _RECORDS)


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_run_keeps_steps_last_and_best(ce_run: Path) -> None:
    names = checkpoints(ce_run)
    assert names == ["best", "last", "model_10", "model_20"]
    assert all(set(contents(ce_run / name)) == _FILES for name in names)
    assert contents(ce_run / "last") == contents(ce_run / "model_20")


def test_ranker_json(pairwise_run: Path, files) -> None:
    about = read_json(pairwise_run / "best" / "ranker.json")
    assert about.pop("metrics").keys() == {"AUC", "NDCG@10", "MRR@10"}
    assert about == {
        "format": 1,
        "ranker": "pairwise",
        "score_function": "sigmoid",
        "max_seq_length": 32,
        "truncation": "longest_first",
        "normalization": "nfkc",
        "step": 20,
        "epoch": 2,
        "model_name_or_path": str(files.model),
        "seed": 1000,
        "version": about["version"],
    }


def test_final_step_is_saved_though_no_save_step_divides_it(
    train_pairwise: Callable[..., int], tmp_path: Path
) -> None:
    assert train_pairwise(tmp_path, "--max_steps", 3) == 0
    assert checkpoints(tmp_path) == ["best", "last", "model_3"]


def test_best_is_the_highest_ndcg(
    train_ce: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train_ce(tmp_path, "--eval_step", 2, "--max_steps", 13, "--learning_rate", 0.02) == 0
    lines = capsys.readouterr().out.splitlines()
    seen = [float(x.split("NDCG@10: ")[1][:6]) for x in lines if "NDCG@10" in x]
    assert len(seen) == 7, "six at even steps and one at the end"
    best = read_json(tmp_path / "best" / "ranker.json")
    assert best["metrics"]["NDCG@10"] == pytest.approx(max(seen), abs=1e-4)
    step = [2, 4, 6, 8, 10, 12, 13][seen.index(max(seen))]
    assert best["step"] == step


def test_failed_write_leaves_the_old_directory(tmp_path: Path) -> None:
    target = tmp_path / "last"
    with atomic_directory(target) as work:
        (work / "file").write_text("old")
    with pytest.raises(OSError, match="disk full"), atomic_directory(target) as work:
        (work / "file").write_text("half")
        raise OSError("disk full")
    assert contents(target) == {"file": b"old"}
    with atomic_directory(target) as work:
        (work / "other").write_text("new")
    assert contents(target) == {"other": b"new"}
    link_directory(target, tmp_path / "copy")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "last"]
    assert contents(tmp_path / "copy") == {"other": b"new"}
