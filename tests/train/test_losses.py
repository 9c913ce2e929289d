# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The losses are the formulas they claim, and the teacher's part is weighed in."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS
from contract.scoring import SCORE_FUNCTIONS
from tests.train.conftest import Files
from train.data.dataset import read_labelled_pairs, read_triples
from train.model.ranker import load_ranker
from train.training import losses
from train.training.objective import CrossEncoderObjective, PairwiseObjective, Teacher

DRAW = np.random.default_rng(0)
POSITIVE, NEGATIVE = (DRAW.normal(size=(6, 1)).astype("float32") for _ in range(2))
LOGITS, SOFT = DRAW.normal(size=(6, 2)).astype("float32"), DRAW.random(6).astype("float32")


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def test_margin_ranking() -> None:
    value = losses.margin_ranking(paddle.to_tensor(POSITIVE), paddle.to_tensor(NEGATIVE), 0.2)
    expected = np.maximum(0, 0.2 - sigmoid(POSITIVE) + sigmoid(NEGATIVE)).mean()
    assert float(value) == pytest.approx(expected, abs=1e-6)


def test_margin_mse() -> None:
    value = losses.margin_mse(*map(paddle.to_tensor, (POSITIVE, NEGATIVE, SOFT)))
    assert float(value) == pytest.approx(
        ((POSITIVE - NEGATIVE)[:, 0] - SOFT).__pow__(2).mean(), abs=1e-6
    )


def test_teacher_entropy_is_least_at_the_teachers_score() -> None:
    value = losses.teacher_entropy(paddle.to_tensor(LOGITS), paddle.to_tensor(SOFT))
    score = SCORE_FUNCTIONS["softmax_positive"](LOGITS).astype(np.float64)
    expected = -(SOFT * np.log(score) + (1 - SOFT) * np.log(1 - score)).mean()
    assert float(value) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("teacher_run", ["ce_run", "pairwise_run"])
def test_pairwise_learns_margins(
    files: Files, teacher_run: str, pairwise_run, request: pytest.FixtureRequest
) -> None:
    """With the whole weight on the teacher, a student that is the teacher has no loss left."""
    teacher = load_ranker(request.getfixturevalue(teacher_run) / "last")
    student = load_ranker(pairwise_run / "last")
    triples, rows = read_triples(files.triples), np.arange(7)
    objective = PairwiseObjective(triples, student.encoder, 0.2, Teacher(teacher, 1.0, 8))
    value = float(objective.loss(student.model, rows).value)

    def margins(ranker) -> np.ndarray:
        logits = []
        for titles in (triples.titles, triples.neg_titles):
            pairs = [(triples.texts[triples.queries[i]], triples.texts[titles[i]]) for i in rows]
            feed = ranker.encoder.pad(ranker.encoder.encode_pairs(pairs))
            tensors = [paddle.to_tensor(feed[name]) for name in (INPUT_IDS, TOKEN_TYPE_IDS)]
            out = ranker.model(*tensors).numpy()
            logits.append(out[:, -1] - (out[:, 0] if out.shape[1] == 2 else 0))
        return logits[0] - logits[1]

    expected = ((margins(student) - margins(teacher)) ** 2).mean()
    assert value == pytest.approx(expected, abs=1e-6)
    assert (value < 1e-9) == (teacher_run == "pairwise_run")


def test_weight_mixes_own_loss_and_teachers(files: Files, ce_run, pairwise_run) -> None:
    student, teacher = load_ranker(ce_run / "last"), load_ranker(pairwise_run / "last")
    pairs, rows = read_labelled_pairs(files.pairs), np.arange(9)

    def loss(taught) -> float:
        return float(
            CrossEncoderObjective(pairs, student.encoder, taught).loss(student.model, rows).value
        )

    own, taught = loss(None), loss(Teacher(teacher, 1.0, 8))
    assert own != taught
    assert loss(Teacher(teacher, 0.25, 8)) == pytest.approx(0.75 * own + 0.25 * taught, abs=1e-6)


def test_teacher_is_left_as_it_was(files: Files, ce_run, train_pairwise, tmp_path) -> None:
    before = (ce_run / "last" / "model_state.pdparams").read_bytes()
    flags = ("--teacher_ckpt", ce_run / "last", "--distill_weight", 0.5, "--max_steps", 3)
    assert train_pairwise(tmp_path, *flags) == 0
    assert (ce_run / "last" / "model_state.pdparams").read_bytes() == before
