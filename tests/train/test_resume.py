# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A run can be repeated and continued bit for bit, and refuses to go on as another run."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import numpy as np
import pytest

from contract.text.rules import NEW_RULES, OF_OLDER_FILES
from train.model.checkpoint import (
    OPTIMIZER_FILE,
    PARAMETERS_FILE,
    RANKER_FILE,
    STATE_FILE,
    read_arrays,
    read_json,
    read_parameters,
    write_json,
)
from train.model.ranker import load_ranker

Train = Callable[..., int]


def parameters(directory: Path) -> dict[str, bytes]:
    return {k: v.tobytes() for k, v in read_parameters(directory / PARAMETERS_FILE).items()}


def moments(directory: Path) -> dict[str, bytes]:
    return {k: v.tobytes() for k, v in read_arrays(directory / OPTIMIZER_FILE).items()}


def test_same_seed_same_parameters(
    pairwise_run: Path, train_pairwise: Train, tmp_path: Path
) -> None:
    assert train_pairwise(tmp_path) == 0
    assert parameters(tmp_path / "last") == parameters(pairwise_run / "last")


def test_two_threads_repeat_too(train_ce: Train, tmp_path: Path) -> None:
    runs = [tmp_path / "first", tmp_path / "second"]
    for run in runs:
        assert train_ce(run, "--cpu_threads", 2, "--max_steps", 8) == 0
    assert parameters(runs[0] / "last") == parameters(runs[1] / "last")


def test_other_seed_other_parameters(
    pairwise_run: Path, train_pairwise: Train, tmp_path: Path
) -> None:
    assert train_pairwise(tmp_path, "--seed", 7) == 0
    assert parameters(tmp_path / "last") != parameters(pairwise_run / "last")


@pytest.mark.parametrize("as_file", [False, True])
def test_pairwise_10_then_10_steps_are_20(
    pairwise_run: Path, train_pairwise: Train, tmp_path: Path, as_file: bool
) -> None:
    half = pairwise_run / "model_10"
    source = half / PARAMETERS_FILE if as_file else half
    assert parameters(half) != parameters(pairwise_run / "model_20")
    assert train_pairwise(tmp_path, "--init_from_ckpt", source) == 0
    assert parameters(tmp_path / "model_20") == parameters(pairwise_run / "model_20")
    assert moments(tmp_path / "last") == moments(pairwise_run / "last")


def test_ce_10_then_10_steps_are_20(ce_run: Path, train_ce: Train, tmp_path: Path) -> None:
    """20 steps of 8 rows pass the end of the first epoch of 119 rows."""
    assert train_ce(tmp_path, "--init_from_ckpt", ce_run / "model_10", "--save_steps", 10) == 0
    assert parameters(tmp_path / "model_20") == parameters(ce_run / "model_20")
    state = read_json(tmp_path / "last" / "training_state.json")
    assert state["progress"]["epoch"] == 2
    assert state["progress"]["batch"] == 5
    assert state["learning_rate"]["last_lr"] == 0.0


def test_parameters_alone_start_at_step_0(
    pairwise_run: Path, train_pairwise: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = tmp_path / "bare.pdparams"
    bare.write_bytes((pairwise_run / "last" / PARAMETERS_FILE).read_bytes())
    assert train_pairwise(tmp_path / "run", "--init_from_ckpt", bare, "--max_steps", 1) == 0
    assert "training starts at step 0" in capsys.readouterr().out
    assert (tmp_path / "run" / "model_1").is_dir()


@pytest.mark.parametrize(
    ("flag", "value", "named"),
    [("--batch_size", 4, "batch_size"), ("--seed", 1, "seed"), ("--max_seq_length", 30, "max_seq")],
)
def test_resuming_another_run_is_refused(
    pairwise_run: Path,
    train_pairwise: Train,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    flag: str,
    value: int,
    named: str,
) -> None:
    status = train_pairwise(tmp_path, "--init_from_ckpt", pairwise_run / "model_10", flag, value)
    error = capsys.readouterr().err.strip()
    assert status == 2
    assert error.count("\n") == 0
    assert "init_from_ckpt" in error
    assert named in error


def test_rules_for_texts_are_stated_and_a_resumed_run_keeps_them(
    train_ce: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train_ce(tmp_path / "new", "--max_steps", 1) == 0
    about = read_json(tmp_path / "new" / "last" / RANKER_FILE)
    assert (about["truncation"], about["normalization"]) == ("longest_first", "nfkc")
    assert load_ranker(tmp_path / "new" / "last").encoder.rules == NEW_RULES
    rules = ("--truncation", "title_first", "--normalization", "none")
    started = (*rules, "--max_steps", 2, "--save_steps", 1)
    assert train_ce(tmp_path / "run", *started) == 0
    half = tmp_path / "run" / "model_1"
    for file, keys in ((RANKER_FILE, ()), (STATE_FILE, ("identity",))):
        # as checkpoints of an older release, which name no rule
        content = read_json(half / file)
        inner = content
        for key in keys:
            inner = inner[key]
        assert inner.pop("truncation") == "title_first"
        assert inner.pop("normalization") == "none"
        write_json(half / file, content)
    assert load_ranker(half).encoder.rules == OF_OLDER_FILES
    resumed = ("--init_from_ckpt", half, "--max_steps", 2)
    assert train_ce(tmp_path / "on", *resumed) == 0
    assert parameters(tmp_path / "on" / "last") == parameters(tmp_path / "run" / "last")
    capsys.readouterr()
    assert train_ce(tmp_path / "other", *resumed, "--truncation", "longest_first") == 2
    said = "the checkpoint has truncation title_first, this run has longest_first"
    assert said in capsys.readouterr().err


def test_other_ranker_cannot_be_resumed(
    pairwise_run: Path, train_ce: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train_ce(tmp_path, "--init_from_ckpt", pairwise_run / "last") == 2
    assert "ranker pairwise" in capsys.readouterr().err


def test_moments_are_named_by_the_model(pairwise_run: Path) -> None:
    names = set(read_arrays(pairwise_run / "last" / OPTIMIZER_FILE))
    assert "similarity.weight|_moment1_0" in names
    assert "ptm.embeddings.word_embeddings.weight|_beta1_pow_acc_0" in names
    assert all(
        np.isfinite(a).all() for a in read_arrays(pairwise_run / "last" / OPTIMIZER_FILE).values()
    )
