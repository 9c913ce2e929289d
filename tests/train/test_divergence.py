# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A run that diverges ends with one line, and nothing of it is measured or saved."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Callable

import numpy as np
import paddle
import pytest

from contract.errors import SetUpError
from tests.train.conftest import Files
from train.data.dataset import read_labelled_pairs
from train.evaluation.dev_set import DevSet
from train.model.checkpoint import PARAMETERS_FILE, STATE_FILE, read_json, read_parameters
from train.model.ranker import load_ranker
from train.training.meter import Meter
from train.training.objective import Loss

Train = Callable[..., int]

_QUIET = ("--warmup_proportion", 0, "--logging_steps", 1000, "--save_steps", 1000)


def saved(save_dir: Path) -> list[str]:
    return sorted(path.parent.name for path in save_dir.glob(f"*/{PARAMETERS_FILE}"))


@pytest.mark.parametrize(
    "between", [(), ("--eval_step", 5), ("--save_steps", 5), ("--valid_steps", 5)]
)
def test_a_rate_far_too_high_ends_before_anything_is_kept(
    train_ce: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str], between: tuple[object, ...]
) -> None:
    """Without a log line, before whatever comes first."""
    flags = (*_QUIET, "--learning_rate", 1e30, "--max_steps", 8, *between)
    assert train_ce(tmp_path, *flags) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("train_ce: learning_rate: the loss is ")
    assert captured.err.count("\n") == 1
    assert "at step 2; lower the learning rate" in captured.err
    assert "NDCG" not in captured.out and "valid step" not in captured.out
    assert saved(tmp_path) == []
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["state"] == "failed"
    assert record["reason"] in captured.err


def test_the_first_step_that_went_wrong_is_named() -> None:
    meter = Meter()
    for step, value in ((3, 1.0), (4, float("inf")), (5, 1.0), (7, float("nan"))):
        meter.add(step, Loss(paddle.to_tensor(value)))
    assert meter.first_unsound() == 4
    meter = Meter()
    meter.add(1, Loss(paddle.to_tensor(1.0)))
    assert meter.first_unsound() is None


def spoilt(run: Path, to: Path, value: float) -> Path:
    """A copy of a checkpoint, to be trained on, with one weight that no loss shows."""
    shutil.copytree(run / "model_10", to)
    (to / STATE_FILE).unlink()
    values = read_parameters(to / PARAMETERS_FILE)
    name = next(key for key in values if key.endswith("word_embeddings.weight"))
    # a token that the vocabulary lacks, and so no row has
    values[name][-1, 0] = value
    paddle.save({k: paddle.to_tensor(v) for k, v in values.items()}, str(to / PARAMETERS_FILE))
    return to


def test_a_weight_that_no_loss_shows_is_not_saved(
    ce_run: Path, train_ce: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = spoilt(ce_run, tmp_path / "bad", float("inf"))
    flags = ("--model_name_or_path", bad, "--learning_rate", 0, "--max_steps", 1)
    assert train_ce(tmp_path / "run", *flags) == 2
    assert "weights are NaN or infinite after step 1, and are not saved" in capsys.readouterr().err
    assert saved(tmp_path / "run") == []


class Constant(paddle.nn.Layer):
    """A model that knows one answer."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self._value = value

    def forward(self, ids: Any, types: Any) -> Any:
        return paddle.to_tensor(np.full((len(ids), 1), self._value, dtype=np.float32))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_figures_of_logits_that_are_no_numbers_are_refused(
    pairwise_run: Path, files: Files, value: float
) -> None:
    encoder = load_ranker(pairwise_run / "last").encoder
    dev_set = DevSet(read_labelled_pairs(files.dev), encoder, "sigmoid", 8)
    with pytest.raises(SetUpError, match=r"^learning_rate: logits of dev rows are NaN or infinite"):
        dev_set.evaluate(Constant(value))
    assert dev_set.evaluate(Constant(1.0)).figures["AUC"] == 0.5


def test_best_of_an_older_run_that_had_no_value_is_replaced(
    ce_run: Path, train_ce: Train, tmp_path: Path
) -> None:
    """Older releases wrote NaN for AUC of one class, and nothing is larger than that."""
    shutil.copytree(ce_run, tmp_path / "run")
    half = tmp_path / "run" / "model_10"
    state = read_json(half / STATE_FILE)
    state["progress"]["best"] = float("nan")
    (half / STATE_FILE).write_text(json.dumps(state))
    assert train_ce(tmp_path / "run", "--init_from_ckpt", half, "--save_steps", 10) == 0
    progress = read_json(tmp_path / "run" / "best" / STATE_FILE)["progress"]
    assert (progress["best_step"], progress["step"]) == (20, 20)
    assert 0.0 <= progress["best"] <= 1.0
