# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Bundles and checkpoints as teachers give the logits that are served."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contract.errors import SetUpError
from contract.scoring import SCORE_FUNCTIONS
from tests.conftest import REPOSITORY
from tests.sets import ON_CARD
from train.teachers.own_rankers import margins_of
from train.teachers.spec import open_bi_encoder, open_teacher
from train.teachers.teacher import Runtime

RUNTIME = Runtime(batch_size=3, threads=1)

on_card = pytest.mark.skipif(not ON_CARD, reason="a checkpoint needs PaddleNLP")


def golden(bundle: Path) -> list[dict[str, Any]]:
    lines = (bundle / "golden.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("ranker", ["pairwise", "cross_encoder"])
def test_a_bundle_gives_the_margins_of_its_golden_pairs(ranker: str) -> None:
    bundle = REPOSITORY / "serving_models" / ranker
    rows = golden(bundle)
    teacher = open_teacher(f"bundle:{bundle}", RUNTIME)
    scores = teacher.scores([(row["query"], row["title"]) for row in rows])
    logits = [row["logits"] for row in rows]
    wanted = [values[-1] - (values[0] if len(values) == 2 else 0) for values in logits]
    np.testing.assert_allclose(scores, wanted, atol=1e-4)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(teacher.relevance(scores), [row["score"] for row in rows], atol=1e-5)


def test_scores_without_logits_become_logits() -> None:
    scores = np.array([[0.5], [0.8], [1.0], [0.0]], dtype=np.float32)
    found = margins_of(SCORE_FUNCTIONS["identity"], scores, "x")
    np.testing.assert_allclose(found[:2], [0.0, np.log(4)], atol=1e-6)
    assert np.isfinite(found).all()
    assert found[2] > 10 > -10 > found[3]


def test_a_graph_that_gives_no_number_is_one_line() -> None:
    with pytest.raises(SetUpError, match="NaN") as raised:
        margins_of(SCORE_FUNCTIONS["sigmoid"], np.array([[np.nan]]), "bundle:x")
    assert raised.value.field == "bundle:x"


@on_card
def test_a_checkpoint_gives_the_logits_of_training(ce_run: Path, pairwise_run: Path) -> None:
    from train.data.dataset import encode
    from train.model.inference import margins
    from train.model.ranker import load_ranker

    pairs = [("天地", "玄黄宇宙"), ("日月", "盈昃"), ("天地", "洪荒")]
    for run in (ce_run, pairwise_run):
        ranker = load_ranker(run / "last")
        texts = [text for pair in pairs for text in pair]
        numbers = np.arange(6)
        rows = encode(ranker.encoder, texts, numbers[::2], numbers[1::2])
        wanted = margins(ranker.model, ranker.encoder, rows, 8, ranker.score_function)
        found = open_teacher(f"checkpoint:{run / 'last'}", RUNTIME).scores(pairs)
        np.testing.assert_allclose(found, wanted, atol=1e-5)


@on_card
def test_scores_of_a_checkpoint_that_are_known_need_no_model(
    ce_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import train.model.ranker

    pairs = [("天地", "玄黄"), ("日月", "盈昃")]
    spec = f"checkpoint:{ce_run / 'last'}"
    first = open_teacher(spec, RUNTIME, tmp_path).scores(pairs)
    monkeypatch.delattr(train.model.ranker, "load_ranker")
    np.testing.assert_array_equal(open_teacher(spec, RUNTIME, tmp_path).scores(pairs), first)
    with pytest.raises(SetUpError, match="export the checkpoint"):
        open_teacher(spec, RUNTIME, tmp_path).scores([("新", "的")])


@on_card
def test_other_lengths_and_checkpoints_have_other_digests(ce_run: Path) -> None:
    specs = [
        f"checkpoint:{ce_run / 'last'}",
        f"checkpoint:{ce_run / 'last'}?max_seq_length=16",
        f"checkpoint:{ce_run / 'model_100'}",
    ]
    places = [spec for spec in specs if Path(spec[11:].split("?")[0]).is_dir()]
    assert len({open_teacher(spec, RUNTIME).digest for spec in places}) == len(places) >= 2


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("oracle", "not one of checkpoint, bundle, hf-cross-encoder, hf-bi-encoder, e5, command"),
        ("bundle:", "names no directory: bundle:DIRECTORY"),
        ("bundle:/no/such", "no such directory"),
        ("bundle:x?max_seq_length=3", "has no option 'max_seq_length' (there are: none)"),
        ("checkpoint:/no/such", "has no model_state.pdparams"),
        ("checkpoint:x?length=3", "has no option 'length' (there are: max_seq_length)"),
        ("checkpoint:x?max_seq_length=long", "max_seq_length='long' is no number"),
        ("checkpoint:x?max_seq_length=0", "must be above 0"),
        ("hf-bi-encoder:/no/such", "has no config.json"),
        ("e5:/no/such", "holds no e5-small-q4.bin"),
    ],
)
def test_a_wrong_spec_is_one_line(spec: str, message: str) -> None:
    with pytest.raises(SetUpError) as raised:
        open_teacher(spec, RUNTIME)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_teacher_that_embeds_nothing_is_no_bi_encoder() -> None:
    with pytest.raises(SetUpError, match="embeds no text"):
        open_bi_encoder("command:cat", RUNTIME)
