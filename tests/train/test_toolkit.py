# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What a step can do beside upstream's: each does what its paper says, alone and with a resume."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any, Callable

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

from contract.environment.cpu import has_bf16
from tests.train.conftest import Files, write_model, write_rows
from train.model.backbone import find_backbone
from train.model.checkpoint import (
    OPTIMIZER_FILE,
    PARAMETERS_FILE,
    STATE_FILE,
    WEIGHTS_FILE,
    read_arrays,
    read_json,
    read_parameters,
)
from train.model.cpu_layers import quicken
from train.model.ranker import CROSS_ENCODER, PAIRWISE, build_model, encoder_of
from train.training import update
from train.training.adversarial import FastGradient
from train.training.averaging import AveragedWeights
from train.training.optimizer import Rates, layer_factors, make_optimizer
from train.training.rdrop import disagreement
from train.training.recomputing import recompute_layers

Train = Callable[..., int]
IDS = [[1, 7, 2, 8, 2], [1, 9, 2, 2, 0]]
TYPES = [[0, 0, 0, 1, 1], [0, 0, 0, 1, 0]]


def parameters(directory: Path) -> dict[str, Any]:
    return read_parameters(directory / PARAMETERS_FILE)


def largest_difference(one: dict[str, Any], other: dict[str, Any]) -> float:
    assert one.keys() == other.keys()
    return max(float(np.abs(one[name] - other[name]).max()) for name in one)


def small_model(files: Files, ranker: str = CROSS_ENCODER) -> Any:
    paddle.seed(3)
    return build_model(ranker, find_backbone(str(files.model)))


def loss_of(model: Any, seed: int = 5) -> Any:
    paddle.seed(seed)
    return model(paddle.to_tensor(IDS), paddle.to_tensor(TYPES)).square().sum()


def gradients(model: Any) -> dict[str, Any]:
    loss_of(model).backward()
    found = {name: p.grad.numpy() for name, p in model.named_parameters() if p.grad is not None}
    model.clear_gradients()
    return found


def without_dropout(folder: Path) -> Path:
    return write_model(folder, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)


def test_a_cpu_learns_what_paddles_own_layers_learn(
    train_ce: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = ("--model_name_or_path", without_dropout(tmp_path / "model"), "--max_steps", 5)
    assert train_ce(tmp_path / "quick", *flags) == 0
    monkeypatch.setattr(update, "quicken", lambda model: None)
    assert train_ce(tmp_path / "plain", *flags) == 0
    quick, plain = (parameters(tmp_path / name / "last") for name in ("quick", "plain"))
    assert 0 < largest_difference(quick, plain) < 2e-5


def test_small_batches_together_are_one_large_batch(train_ce: Train, tmp_path: Path) -> None:
    """119 rows are 14 batches of 8 and one of 7, or 59 of 2 and one of 1."""
    model = without_dropout(tmp_path / "model")
    flags = ("--model_name_or_path", model, "--no-length_bucketing", "--logging_steps", 1)
    assert train_ce(tmp_path / "large", *flags) == 0
    small = (*flags, "--batch_size", 2, "--gradient_accumulation_steps", 4)
    assert train_ce(tmp_path / "small", *small) == 0
    assert (
        largest_difference(*(parameters(tmp_path / x / "last") for x in ("large", "small"))) < 1e-5
    )
    progress = read_json(tmp_path / "small" / "last" / STATE_FILE)["progress"]
    assert (progress["step"], progress["epoch"], progress["batch"]) == (20, 2, 20)


@pytest.mark.parametrize("quick", [False, True])
def test_recomputed_layers_have_the_same_gradients(files: Files, quick: bool) -> None:
    """With dropout, which has to be drawn alike both times."""
    model = small_model(files)
    if quick:
        quicken(encoder_of(model))
    model.train()
    before = gradients(model)
    recompute_layers(model)
    after = gradients(model)
    assert before.keys() == after.keys()
    assert all((before[name] == after[name]).all() for name in before)
    assert float(np.abs(before["classifier.weight"]).max()) > 0


def test_recomputing_changes_no_weight_of_a_run(
    ce_run: Path, train_ce: Train, tmp_path: Path
) -> None:
    assert train_ce(tmp_path, "--gradient_checkpointing") == 0
    assert largest_difference(parameters(tmp_path / "last"), parameters(ce_run / "last")) == 0.0


def test_average_of_weights_follows_its_formula(files: Files) -> None:
    model = small_model(files)
    average = AveragedWeights(model, 0.5)
    name, weight = "classifier.bias", model.classifier.bias
    values = [weight.numpy().copy()]
    expected = values[0]
    for step, value in enumerate((2.0, -1.0, 4.0, 0.5, 3.0), start=1):
        paddle.assign(paddle.full_like(weight, value), output=weight)
        average.update(step)
        factor = min(0.5, (1 + step) / (10 + step))
        expected = factor * expected + (1 - factor) * value
    with average.in_place() as trained:
        assert weight.numpy() == pytest.approx(expected, rel=1e-6)
        assert (trained[name] == 3.0).all()
    assert (weight.numpy() == 3.0).all()


def test_averaged_weights_are_saved_and_resumed_to_the_bit(
    ce_run: Path, train_ce: Train, tmp_path: Path
) -> None:
    flags = ("--ema_decay", 0.8, "--save_steps", 10)
    assert train_ce(tmp_path / "whole", *flags) == 0
    whole = tmp_path / "whole" / "last"
    trained = read_arrays(whole / WEIGHTS_FILE)
    plain = parameters(ce_run / "last")
    assert all((trained[name] == plain[name]).all() for name in plain), "training is the same"
    assert largest_difference(parameters(whole), plain) > 1e-4
    assert train_ce(tmp_path / "on", *flags, "--init_from_ckpt", whole.parent / "model_10") == 0
    on = tmp_path / "on" / "last"
    assert largest_difference(parameters(on), parameters(whole)) == 0.0
    assert largest_difference(read_arrays(on / WEIGHTS_FILE), trained) == 0.0
    metrics = [read_json(x / "ranker.json")["metrics"] for x in (on, ce_run / "last")]
    assert metrics[0] != metrics[1], "the averaged weights are measured"


@pytest.mark.parametrize("width", [1, 2])
def test_disagreement_is_the_mean_of_both_divergences(width: int) -> None:
    draw = np.random.default_rng(1)
    first, second = (draw.normal(size=(6, width)).astype(np.float32) * 3 for _ in range(2))

    def probabilities(logits: Any) -> Any:
        both = np.concatenate([np.zeros_like(logits), logits], axis=1) if width == 1 else logits
        return F.softmax(paddle.to_tensor(both), axis=1).numpy().astype(np.float64)

    p, q = probabilities(first), probabilities(second)
    expected = ((p * np.log(p / q)).sum(1) + (q * np.log(q / p)).sum(1)).mean() / 2
    got = float(disagreement(paddle.to_tensor(first), paddle.to_tensor(second)))
    assert got == pytest.approx(expected, rel=1e-4)
    far = paddle.to_tensor(np.full((1, width), 1e4, dtype=np.float32))
    assert np.isfinite(float(disagreement(far, -far)))


def test_fgm_moves_embeddings_along_the_gradient_and_puts_them_back(files: Files) -> None:
    model = small_model(files)
    model.eval()
    words = encoder_of(model).embeddings.word_embeddings.weight
    kept = words.numpy().copy()
    adversary = FastGradient(words, 0.5)
    loss_of(model).backward()
    first = adversary.gradient()
    gradient = first.numpy()
    before = float(loss_of(model))
    with adversary.moved(None):
        moved = words.numpy() - kept
        assert float(loss_of(model)) > before
    assert (words.numpy() == kept).all()
    assert np.linalg.norm(moved) == pytest.approx(0.5, rel=1e-4)
    assert moved == pytest.approx(0.5 * gradient / np.linalg.norm(gradient), abs=1e-6)
    loss_of(model).backward()
    with adversary.moved(first):
        again = words.numpy() - kept
    assert again == pytest.approx(moved, abs=1e-6), "the gradient of the second batch alone"
    for spoilt in (0.0, float("inf")):
        paddle.assign(words.grad * spoilt, output=words.grad)
        with adversary.moved(None):
            assert (words.numpy() == kept).all()


@pytest.mark.parametrize("ranker", [CROSS_ENCODER, PAIRWISE])
def test_lower_layers_learn_slower(files: Files, ranker: str) -> None:
    model = small_model(files, ranker)
    factors = layer_factors([name for name, _ in model.named_parameters()], 0.5)
    inside = "ptm" if ranker == PAIRWISE else "ernie"
    head = "similarity" if ranker == PAIRWISE else "classifier"
    assert factors[f"{head}.weight"] == factors[f"{inside}.pooler.dense.weight"] == 1.0
    assert factors[f"{inside}.encoder.layers.1.linear1.weight"] == 0.5
    assert factors[f"{inside}.encoder.layers.0.norm1.bias"] == 0.25
    assert factors[f"{inside}.embeddings.word_embeddings.weight"] == 0.125

    before = {name: p.numpy().copy() for name, p in model.named_parameters()}
    optimizer, _ = make_optimizer(model, Rates(1e-2, 0.0, 0.0, 0.5), 10)
    loss_of(model).backward()
    optimizer.step()
    # Adam's first step is the rate, whatever the gradient
    steps = {name: np.abs(p.numpy() - before[name]).max() for name, p in model.named_parameters()}
    for name in (f"{head}.weight", f"{inside}.encoder.layers.0.linear1.weight"):
        assert steps[name] == pytest.approx(1e-2 * factors[name], rel=0.02)


_ALL = (
    *("--gradient_accumulation_steps", 2, "--gradient_checkpointing", "--ema_decay", 0.9),
    *("--rdrop", 0.5, "--fgm", 0.5, "--layer_decay", 0.8, "--batch_size", 4),
)


@pytest.mark.parametrize("command", ["train_ce", "train_pairwise"])
def test_all_of_it_together_resumes_to_the_bit(
    request: pytest.FixtureRequest, tmp_path: Path, command: str
) -> None:
    train: Train = request.getfixturevalue(command)
    flags = (*_ALL, "--max_steps", 8, "--save_steps", 4)
    assert train(tmp_path / "whole", *flags) == 0
    half = tmp_path / "whole" / "model_4"
    assert train(tmp_path / "on", *flags, "--init_from_ckpt", half) == 0
    for file, read in (
        (PARAMETERS_FILE, read_parameters),
        (WEIGHTS_FILE, read_arrays),
        (OPTIMIZER_FILE, read_arrays),
    ):
        ends = [read(tmp_path / run / "last" / file) for run in ("whole", "on")]
        assert largest_difference(*ends) == 0.0
        assert all(np.isfinite(value).all() for value in ends[0].values())
    assert largest_difference(parameters(half), parameters(tmp_path / "on" / "last")) > 0


def test_each_of_it_changes_what_is_learned(ce_run: Path, train_ce: Train, tmp_path: Path) -> None:
    plain = parameters(ce_run / "last")
    for number, flags in enumerate((("--rdrop", 1), ("--fgm", 1), ("--layer_decay", 0.5))):
        assert train_ce(tmp_path / str(number), *flags) == 0
        assert largest_difference(parameters(tmp_path / str(number) / "last"), plain) > 1e-5


@pytest.mark.skipif(not has_bf16(), reason="this processor has no bfloat16")
def test_all_of_it_runs_in_mixed_precision(train_ce: Train, tmp_path: Path) -> None:
    assert train_ce(tmp_path, *_ALL, "--max_steps", 4, "--use_amp") == 0
    values = parameters(tmp_path / "last")
    assert all(np.isfinite(value).all() and value.dtype == np.float32 for value in values.values())


def test_training_stops_when_nothing_is_gained(
    train_ce: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rate of 0: the first evaluation is the best for ever."""
    flags = ("--learning_rate", 0, "--eval_step", 2, "--early_stopping", 3, "--max_steps", 20)
    assert train_ce(tmp_path / "run", *flags) == 0
    out = capsys.readouterr().out
    said = "early stopping at step 8: no gain of NDCG@10 in 3 evaluations; best is step 2"
    assert said in out
    assert out.count("eval_dev auc") == 4
    assert read_json(tmp_path / "run" / "last" / STATE_FILE)["progress"]["step"] == 8
    assert read_json(tmp_path / "run" / "run.json")["state"] == "stopped early"
    # evaluations before the resume count: one more is enough
    shutil.rmtree(tmp_path / "run")
    early = (*flags[:4], "--early_stopping", 5, "--save_steps", 6, "--max_steps", 20)
    assert train_ce(tmp_path / "run", *early) == 0
    half = tmp_path / "run" / "model_6"
    capsys.readouterr()
    assert train_ce(tmp_path / "run", *flags, "--init_from_ckpt", half) == 0
    assert said in capsys.readouterr().out


def test_a_gain_starts_the_count_anew(
    train_ce: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ("--eval_step", 1, "--early_stopping", 19, "--max_steps", 20)
    assert train_ce(tmp_path, *flags) == 0
    figures = [float(x) for x in re.findall(r"NDCG@10: ([\d.]+)", capsys.readouterr().out)]
    progress = read_json(tmp_path / "last" / STATE_FILE)["progress"]
    assert progress["best_step"] == 1 + figures.index(max(figures))
    assert progress["without_gain"] == 20 - progress["best_step"]


def test_early_stopping_needs_a_figure_to_go_by(
    train_ce: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dev = write_rows(
        tmp_path / "dev", ("query", "title", "label"), ("天", "地", 0), ("玄", "黄", 0)
    )
    assert train_ce(tmp_path / "run", "--test_file", dev, "--early_stopping", 2) == 2
    error = capsys.readouterr().err
    assert "early_stopping: " in error and "rows of one class only" in error


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--ema_decay", "1.0"),
        ("--layer_decay", "0"),
        ("--rdrop", "-1"),
        ("--fgm", "nan"),
        ("--early_stopping", "0"),
        ("--save_total_limit", "-1"),
        ("--gradient_accumulation_steps", "0"),
        ("--learning_rate", "inf"),
    ],
)
def test_values_that_make_no_sense_are_refused(
    train_ce: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str], flag: str, value: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        train_ce(tmp_path, flag, value)
    assert ended.value.code == 2
    assert f"argument {flag}: must be" in capsys.readouterr().err
