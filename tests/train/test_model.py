# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Rankers are built, warm-started and loaded from every source, or refused with one line."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import numpy as np
import paddle
import pytest

from contract.errors import SetUpError
from contract.scoring import SCORE_FUNCTIONS
from tests.train.conftest import CHARACTERS, Files, write_model
from train.data.dataset import encode, read_unlabelled_pairs
from train.model.backbone import find_backbone, known_models
from train.model.checkpoint import PARAMETERS_FILE, find_parameters, read_parameters, sha256
from train.model.inference import logits, margins
from train.model.layers import build_model
from train.model.parameters import load_parameters
from train.model.ranker import initialise, load_ranker, make_encoder


@pytest.mark.parametrize(
    ("run", "ranker", "width", "function"),
    [
        ("pairwise_run", "pairwise", 1, "sigmoid"),
        ("ce_run", "cross_encoder", 2, "softmax_positive"),
    ],
)
def test_load_ranker(
    request: pytest.FixtureRequest, run: str, ranker: str, width: int, function: str
) -> None:
    last: Path = request.getfixturevalue(run) / "last"
    loaded, from_file = load_ranker(last), load_ranker(str(last / PARAMETERS_FILE))
    assert (loaded.ranker, loaded.score_function, loaded.max_seq_length) == (ranker, function, 32)
    assert loaded.encoder.max_seq_length == 32
    assert loaded.tokenizer_dir == last
    assert loaded.checkpoint_sha256 == sha256(last / PARAMETERS_FILE)
    assert not loaded.model.training
    ids = paddle.to_tensor([[1, 7, 2, 8, 2], [1, 9, 2, 2, 0]])
    types = paddle.to_tensor([[0, 0, 0, 1, 1], [0, 0, 0, 1, 0]])
    output = loaded.model(ids, types)
    assert output.shape == [2, width]
    assert output.dtype == paddle.float32
    named = from_file.model(input_ids=ids, token_type_ids=types)
    assert (output.numpy() == named.numpy()).all()


@pytest.mark.parametrize("run", ["pairwise_run", "ce_run"])
def test_score_does_not_depend_on_the_batch(
    request: pytest.FixtureRequest, files: Files, run: str
) -> None:
    ranker = load_ranker(request.getfixturevalue(run) / "last")
    pairs = read_unlabelled_pairs(files.unlabelled)
    encoded = encode(ranker.encoder, pairs.texts, pairs.queries, pairs.titles)
    alone, together = (logits(ranker.model, ranker.encoder, encoded, size) for size in (1, 33))
    assert np.abs(alone - together).max() < 1e-5
    by_function = margins(ranker.model, ranker.encoder, encoded, 33, ranker.score_function)
    assert (by_function == SCORE_FUNCTIONS[ranker.score_function].margins(together)).all()


@pytest.mark.parametrize("run", ["pairwise_run", "ce_run"])
def test_bare_parameter_file_needs_its_backbone(
    request: pytest.FixtureRequest, files: Files, tmp_path: Path, run: str
) -> None:
    """As upstream's checkpoints: the ranker is told from the names of the parameters."""
    last = request.getfixturevalue(run) / "last"
    bare = tmp_path / "model_900" / PARAMETERS_FILE
    bare.parent.mkdir()
    shutil.copy(last / PARAMETERS_FILE, bare)
    with pytest.raises(SetUpError, match="model_name_or_path"):
        load_ranker(bare)
    with pytest.raises(SetUpError, match="64 positions"):
        load_ranker(bare, str(files.model), max_seq_length=65)
    loaded = load_ranker(bare, str(files.model))
    assert loaded.ranker == load_ranker(last).ranker
    assert loaded.max_seq_length == 64, "128 where the model has room for it"


def test_checkpoint_directory_of_upstream_brings_its_config(ce_run: Path, tmp_path: Path) -> None:
    """``save_pretrained`` wrote it: config and vocabulary, but no ranker.json."""
    for name in (PARAMETERS_FILE, "config.json", "vocab.txt", "tokenizer_config.json"):
        shutil.copy(ce_run / "last" / name, tmp_path)
    loaded = load_ranker(tmp_path, "ernie-3.0-medium-zh")
    assert (loaded.ranker, loaded.max_seq_length) == ("cross_encoder", 64)


def test_backbone_of_another_size_is_refused(ce_run: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.pdparams"
    shutil.copy(ce_run / "last" / PARAMETERS_FILE, bare)
    wide = write_model(tmp_path / "wide", hidden_size=64)
    with pytest.raises(SetUpError, match=r"has shape \[\d+"):
        load_ranker(bare, str(wide))
    shallow = write_model(tmp_path / "shallow", num_hidden_layers=1)
    with pytest.raises(SetUpError, match=r"not used: ernie\.encoder\.layers\.1"):
        load_ranker(bare, str(shallow))


@pytest.mark.parametrize(
    ("run", "ranker", "new", "unused"),
    [
        ("ce_run", "pairwise", "similarity.bias, similarity.weight", "classifier.bias"),
        ("pairwise_run", "cross_encoder", "classifier.bias, classifier.weight", "similarity.bias"),
    ],
)
def test_other_ranker_warm_starts_the_encoder(
    request: pytest.FixtureRequest, run: str, ranker: str, new: str, unused: str
) -> None:
    last = request.getfixturevalue(run) / "last"
    backbone = find_backbone(str(last))
    model = build_model(ranker, backbone)
    said = initialise(model, backbone, "default", 0)
    assert f"39 parameters loaded; new: {new}; not used: {unused}" in said
    wanted = read_parameters(last / PARAMETERS_FILE)
    name = next(n for n in wanted if n.endswith("encoder.layers.1.linear1.weight"))
    inside = model.ptm if ranker == "pairwise" else model.ernie
    assert (inside.encoder.layers[1].linear1.weight.numpy() == wanted[name]).all()


def test_ernie_gram_is_another_family(tmp_path: Path) -> None:
    backbone = find_backbone(str(write_model(tmp_path / "gram", model_type="ernie_gram")))
    models = [build_model(ranker, backbone) for ranker in ("pairwise", "cross_encoder")]
    loaded = load_parameters(models[1], {n: v.numpy() for n, v in models[0].state_dict().items()})
    assert loaded.new == ["classifier.bias", "classifier.weight"]


def test_matching_initialisation(tmp_path: Path) -> None:
    wide = write_model(tmp_path / "wide", hidden_size=96, num_attention_heads=6)
    backbone = find_backbone(str(wide))
    tables = []
    for init in ("default", "matching", "matching"):
        paddle.seed(1)
        model = build_model("cross_encoder", backbone)
        assert "no weights there" in initialise(model, backbone, init, 1)
        tables.append(model.ernie.embeddings.word_embeddings.weight.numpy())
    assert (tables[0] != tables[1]).any()
    assert (tables[1] == tables[2]).all()
    narrow = find_backbone(str(write_model(tmp_path / "narrow")))
    with pytest.raises(SetUpError, match="init"):
        initialise(build_model("pairwise", narrow), narrow, "matching", 1)


def test_names_of_both_families_are_known() -> None:
    assert {
        *("ernie-1.0", "ernie-2.0-base-en", "ernie-3.0-medium-zh", "ernie-3.0-tiny-nano-v1-zh"),
        *("ernie-gram-zh", "rocketqa-base-cross-encoder", "rocketqa-zh-dureader-cross-encoder"),
        "ernie-tiny",
    } <= set(known_models())


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ernie-9.0", "neither a directory nor one of ernie-1.0, "),
        ("ernie-m-base", "no token types"),
    ],
)
def test_names_that_cannot_be_used(name: str, reason: str) -> None:
    with pytest.raises(SetUpError, match=reason) as caught:
        find_backbone(name)
    assert "\n" not in str(caught.value)


def test_pretrained_encoder_is_no_ranker() -> None:
    with pytest.raises(SetUpError, match="before training"):
        load_ranker("ernie-3.0-medium-zh")


def test_directories_that_cannot_be_used(files: Files, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SetUpError, match=r"config\.json"):
        find_backbone(str(tmp_path / "empty"))
    with pytest.raises(SetUpError, match="model_type 'bert'"):
        find_backbone(str(write_model(tmp_path / "bert", model_type="bert")))
    with pytest.raises(SetUpError, match="no token types"):
        find_backbone(str(write_model(tmp_path / "untyped", type_vocab_size=0)))
    bare = write_model(tmp_path / "bare")
    (bare / "vocab.txt").unlink()
    with pytest.raises(SetUpError, match=r"vocab\.txt"):
        find_backbone(str(bare))
    borrowed = find_backbone(str(bare), str(files.model))
    assert make_encoder(borrowed, 64).vocab_size == len(CHARACTERS) + 5
    by_file = find_backbone(str(bare / "config.json"), str(files.model))
    assert by_file.config.hidden_size == 32


def test_sizes_are_checked_against_the_model(tmp_path: Path) -> None:
    small = find_backbone(str(write_model(tmp_path / "small", vocab_size=50)))
    with pytest.raises(SetUpError, match=f"{len(CHARACTERS) + 5} tokens, but the model only 50"):
        make_encoder(small, 32)
    padded = find_backbone(str(write_model(tmp_path / "padded", pad_token_id=3)))
    with pytest.raises(SetUpError, match=r"\[PAD\] is token 0, but the model masks token 3"):
        make_encoder(padded, 32)


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_parameter_files_of_every_paddle_are_read(tmp_path: Path, protocol: int) -> None:
    """Paddle 2.0 wrote pickle's protocol 2, in which bytes are spelt as text."""
    file, wanted = tmp_path / PARAMETERS_FILE, np.arange(300, dtype=np.float32)
    file.write_bytes(pickle.dumps({"a": wanted}, protocol))
    np.testing.assert_array_equal(read_parameters(file)["a"], wanted)


class _Evil:
    def __reduce__(self):
        return print, ("executed",)


@pytest.mark.parametrize("content", [{"a": _Evil()}, {"a": "text"}, {}, [1]])
def test_parameter_file_can_hold_arrays_only(
    tmp_path: Path, content: object, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / PARAMETERS_FILE
    file.write_bytes(pickle.dumps(content))
    with pytest.raises(SetUpError, match="parameters"):
        read_parameters(file)
    assert "executed" not in capsys.readouterr().out


def test_damaged_parameter_file(tmp_path: Path, ce_run: Path) -> None:
    file = tmp_path / PARAMETERS_FILE
    file.write_bytes((ce_run / "last" / PARAMETERS_FILE).read_bytes()[:5000])
    with pytest.raises(SetUpError, match="not a readable file"):
        read_parameters(file)


def test_save_directory_itself_names_its_checkpoints(ce_run: Path) -> None:
    with pytest.raises(SetUpError, match="best, last, model_10, model_20"):
        find_parameters(ce_run)
