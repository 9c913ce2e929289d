# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A ranker that is sure of every title is measured, chosen and printed in the order it serves."""

from __future__ import annotations

import ast
import json
import shutil
from pathlib import Path
from typing import Any, Callable

import numpy as np
import paddle
import pytest

from contract.encoding import PairEncoder
from tests.train.conftest import CHARACTERS, Files, write_rows
from train import evaluate, predict_ce, predict_pairwise
from train.data.dataset import LabelledPairs, encode, read_labelled_pairs, read_unlabelled_pairs
from train.evaluation.dev_set import AUC, DevSet
from train.evaluation.metrics import MRR, NDCG
from train.model.backbone import find_backbone
from train.model.checkpoint import PARAMETERS_FILE, read_parameters
from train.model.inference import logits
from train.model.ranker import load_ranker, make_encoder

Train = Callable[..., int]

SATURATED = (24.30, 24.32, 23.74, 24.13)
# a float64 holds no other score than 1.0 for these
BEYOND = tuple(logit + 16 for logit in SATURATED)
FUNCTIONS = pytest.mark.parametrize(
    ("function", "width"), [("sigmoid", 1), ("softmax_positive", 2)]
)
CASES = pytest.mark.parametrize("run", ["pairwise_run", "ce_run"])


class ByTitle(paddle.nn.Layer):
    """A model of one logit for each title, all of one character: [CLS] query [SEP] title [SEP]."""

    def __init__(self, of_token: dict[int, float], width: int) -> None:
        super().__init__()
        self._of_token, self._width = of_token, width

    def forward(self, ids: Any, types: Any) -> Any:
        found = [[0.0, self._of_token[int(row[3])]] for row in ids.numpy()]
        return paddle.to_tensor(np.array(found, dtype=np.float32)[:, -self._width :])


def dev_set(
    files: Files, folder: Path, relevant: int, logits: tuple[float, ...], width: int
) -> tuple[LabelledPairs, PairEncoder, ByTitle]:
    """One list, whose titles have these logits."""
    titles = list(CHARACTERS[1 : 1 + len(logits)])
    rows = [("天", title, int(i == relevant)) for i, title in enumerate(titles)]
    path = write_rows(folder / "dev", ("query", "title", "label"), *rows)
    encoder = make_encoder(find_backbone(str(files.model)), 32)
    tokens = [int(row.input_ids[3]) for row in encoder.encode("天", titles)]
    assert len(set(tokens)) == len(titles)
    return read_labelled_pairs(str(path)), encoder, ByTitle(dict(zip(tokens, logits)), width)


@FUNCTIONS
@pytest.mark.parametrize("logits", [SATURATED, BEYOND])
def test_figures_are_of_the_order_of_the_logits(
    files: Files, tmp_path: Path, function: str, width: int, logits: tuple[float, ...]
) -> None:
    pairs, encoder, model = dev_set(files, tmp_path, 1, logits, width)
    measured = DevSet(pairs, encoder, function, 2).evaluate(model)
    assert measured.figures == {AUC: 1.0, NDCG: 1.0, MRR: 1.0}
    assert measured.cautions == []


@FUNCTIONS
def test_the_loss_of_a_sure_mistake_is_its_logit(
    files: Files, tmp_path: Path, function: str, width: int
) -> None:
    pairs, encoder, model = dev_set(files, tmp_path, -1, SATURATED, width)
    loss = DevSet(pairs, encoder, function, 2).sampled_loss(model)
    assert loss == pytest.approx(np.mean(SATURATED), rel=1e-6)


def raised(run: Path, to: Path, by: float) -> Path:
    """A copy of a checkpoint whose logits are so much larger.

    They lie further apart, too: a float32 of 40 has no room for what tells an untrained
    cross-encoder's rows apart.
    """
    shutil.copytree(run / "last", to)
    values = read_parameters(to / PARAMETERS_FILE)
    (head,) = {"similarity", "classifier"} & {name.split(".")[0] for name in values}
    values[f"{head}.weight"] *= 1000.0 if head == "classifier" else 1.0
    bias = values[f"{head}.bias"]
    values[f"{head}.bias"] = bias + np.array([0.0, by], dtype=np.float32)[-len(bias) :]
    tensors = {key: paddle.to_tensor(value) for key, value in values.items()}
    paddle.save(tensors, str(to / PARAMETERS_FILE))
    return to


def report(checkpoint: Path, files: Files, to: Path) -> dict[str, Any]:
    """What ``evaluate`` writes."""
    arguments = ["--test_file", files.dev, "--init_from_ckpt", checkpoint, "--device", "cpu"]
    assert evaluate.main([str(a) for a in (*arguments, "--json", to)]) == 0
    found: dict[str, Any] = json.loads(to.read_text(encoding="utf-8"))
    return found


@CASES
def test_the_report_does_not_depend_on_how_sure_a_ranker_is(
    request: pytest.FixtureRequest, run: str, files: Files, tmp_path: Path
) -> None:
    plain: Path = request.getfixturevalue(run)
    sure, unsure = (raised(plain, tmp_path / str(by), by) for by in (40.0, 0.0))
    before = report(unsure, files, tmp_path / "before")
    after = report(sure, files, tmp_path / "after")
    assert after["warnings"] == []
    assert (after["auc"], after["tied_pairs"]) == (before["auc"], before["tied_pairs"])
    assert after["metrics"] == before["metrics"]


@pytest.mark.parametrize(
    ("run", "train"), [("pairwise_run", "train_pairwise"), ("ce_run", "train_ce")]
)
def test_best_is_chosen_by_the_logits(
    request: pytest.FixtureRequest, run: str, train: str, files: Files, tmp_path: Path
) -> None:
    """Training that begins with a sure ranker, and learns nothing."""
    plain: Path = request.getfixturevalue(run)
    sure, unsure = (raised(plain, tmp_path / str(by), by) for by in (40.0, 0.0))
    flags = ("--model_name_or_path", sure, "--learning_rate", 0, "--max_steps", 1)
    assert request.getfixturevalue(train)(tmp_path / "run", *flags) == 0
    about = json.loads((tmp_path / "run" / "best" / "ranker.json").read_text(encoding="utf-8"))
    want = report(unsure, files, tmp_path / "report")["metrics"]["NDCG@10"]["ranker"][0]
    assert about["metrics"][NDCG] == pytest.approx(want, abs=1e-6)


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [ast.literal_eval(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("by", [24.0, 40.0])
def test_predict_ce_prints_the_best_logits_first(
    ce_run: Path, files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str], by: float
) -> None:
    orders = []
    for more in (0.0, by):
        checkpoint = raised(ce_run, tmp_path / str(more), more)
        capsys.readouterr()
        arguments = ["--test_set", str(files.unlabelled), "--params_path", str(checkpoint)]
        assert predict_ce.main([*arguments, "--device", "cpu", "--topk", "5"]) == 0
        orders.append([(row["text_a"], row["text_b"]) for row in printed(capsys)])
    assert orders[1] == orders[0]


def test_predict_pairwise_prints_scores_that_differ(
    pairwise_run: Path, files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a float32 each of them is 1.0."""
    columns = []
    for checkpoint in (pairwise_run / "last", raised(pairwise_run, tmp_path / "sure", 24.0)):
        capsys.readouterr()
        arguments = ["--input_file", str(files.unlabelled), "--params_path", str(checkpoint)]
        assert predict_pairwise.main([*arguments, "--device", "cpu"]) == 0
        columns.append([row["pred_prob"] for row in printed(capsys)])
    plain, sure = (np.array(column) for column in columns)
    assert (sure.astype(np.float32) == 1.0).all()
    assert (sure < 1.0).all()
    # logits this near to each other are one in a float32
    apart = np.abs(np.subtract.outer(plain, plain)) > 1e-4
    assert apart.any()
    assert (np.sign(np.subtract.outer(sure, sure)) == np.sign(np.subtract.outer(plain, plain)))[
        apart
    ].all()


@CASES
def test_equal_rows_have_one_logit(
    request: pytest.FixtureRequest, run: str, files: Files, tmp_path: Path
) -> None:
    """In batches of any size, and although their queries stand far apart in the file."""
    ranker = load_ranker(request.getfixturevalue(run) / "last")
    rows = [
        (q, t, 0.5) for _ in range(3) for q, t in (("天", "地玄"), ("宇宙", "洪荒日"), ("天", "地"))
    ]
    pairs = read_unlabelled_pairs(str(write_rows(tmp_path / "pairs", *rows)))
    encoded = encode(ranker.encoder, pairs.texts, pairs.queries, pairs.titles)
    firsts, place_of = encoded.distinct
    assert (firsts.tolist(), place_of.tolist()) == ([0, 1, 2], [0, 1, 2] * 3)
    for size in (1, 2, 9):
        got = logits(ranker.model, ranker.encoder, encoded, size)
        assert (got[:3] == got[3:6]).all() and (got[:3] == got[6:]).all()
