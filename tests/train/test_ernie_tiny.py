# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""ERNIE-tiny from PaddleNLP's files to a bundle: its words arrive as JSON, and no pickle does."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest

from contract.bundle import Bundle
from contract.encoding import PairEncoder
from contract.errors import SetUpError
from contract.text.sentence_pieces import PICKLED_WORDS_FILE, WORDS_FILE
from export import export_to_serving, publish
from tests.bundles import SENTENCES, build_export
from tests.tiny_tokenizer import TINY_TOKENIZER, as_paddlenlp
from tests.train.conftest import write_model
from tests.train.test_pretrained_names import cache, fill, small_config
from train.model.backbone import find_backbone
from train.model.checkpoint import PARAMETERS_FILE
from train.model.word_dictionary import read_pickled_words

__all__ = ["cache"]

WORDS = json.loads((TINY_TOKENIZER / WORDS_FILE).read_text(encoding="utf-8"))


def rows(directory: Path) -> list[list[int]]:
    encoder = PairEncoder.load(directory, 32)
    assert encoder.backend == "sentencepiece"
    return [row.input_ids.tolist() for row in encoder.encode(SENTENCES[0], SENTENCES)]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A local directory as PaddleNLP has it, without weights."""
    directory = write_model(tmp_path / "ernie-tiny", vocab_size=400)
    (directory / "tokenizer_config.json").unlink()
    return as_paddlenlp(directory)


def test_a_local_directory_is_trained_and_published(
    model: Path, train_ce: Any, tmp_path: Path
) -> None:
    flags = ("--model_name_or_path", model, "--max_steps", 1)
    assert train_ce(tmp_path / "run", *flags) == 0
    checkpoint = tmp_path / "run" / "last"
    assert not (checkpoint / PICKLED_WORDS_FILE).exists()
    assert rows(checkpoint) == rows(TINY_TOKENIZER)
    bundle = tmp_path / "bundle"
    assert publish.main(["--params_path", str(checkpoint), "--bundle", str(bundle)]) == 0
    opened = Bundle.open(bundle)
    assert rows(opened.tokenizer_dir) == rows(TINY_TOKENIZER)
    assert opened.manifest.text_rules == ("longest_first", "none")
    assert f"tokenizer/{WORDS_FILE}" in opened.manifest.files
    assert not list(bundle.rglob("*.pickle"))


def test_its_pieces_have_a_normalization_of_their_own(
    model: Path, train_ce: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ("--model_name_or_path", model, "--max_steps", 1, "--normalization", "nfkc")
    assert train_ce(tmp_path / "run", *flags) == 2
    said = capsys.readouterr().err
    assert "normalization: nfkc cannot be had with this tokenizer" in said


def test_the_name_brings_its_three_files(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from paddlenlp.transformers import ErnieTinyTokenizer

    name = "ernie-tiny"
    monkeypatch.setitem(
        ErnieTinyTokenizer.pretrained_init_configuration, name, {"do_lower_case": True}
    )
    fill(cache, name, small_config(name, monkeypatch), None)
    as_paddlenlp(cache / name)
    backbone = find_backbone(name)
    assert backbone.parameters
    assert rows(backbone.tokenizer_dir) == rows(TINY_TOKENIZER)


def test_a_graph_of_upstreams_gets_its_tokenizer(tmp_path: Path) -> None:
    """``export_to_serving --bundle --tokenizer``, which a service recommends for a pickle."""
    build_export(tmp_path / "exports", "pairwise")
    source = tmp_path / "exports" / "pairwise"
    shutil.rmtree(source / "tokenizer")
    for name in ("export.json", "golden.jsonl"):
        (source / name).unlink()
    (graph,) = source.glob("*.pdmodel")
    tokenizer = as_paddlenlp(tmp_path / "ernie-tiny")
    # the graph of the tests has fewer tokens than the tokenizer
    vocabulary = (tokenizer / "vocab.txt").read_text(encoding="utf-8").splitlines()[:150]
    (tokenizer / "vocab.txt").write_text("".join(f"{t}\n" for t in vocabulary), encoding="utf-8")
    arguments = ["--dirname", source, "--model_filename", graph.name, "--ranker", "pairwise"]
    arguments += ["--tokenizer", tokenizer, "--max_seq_length", 64]
    arguments += ["--bundle", tmp_path / "bundle"]
    assert export_to_serving.main([str(word) for word in arguments]) == 0
    assert Bundle.open(tmp_path / "bundle").encoder().backend == "sentencepiece"
    assert not list((tmp_path / "bundle").rglob("*.pickle"))


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("kind", [set, frozenset, list, tuple, dict.fromkeys])
def test_words_are_read_of_every_plain_kind(kind: Any, protocol: int, tmp_path: Path) -> None:
    path = tmp_path / PICKLED_WORDS_FILE
    path.write_bytes(pickle.dumps(kind(WORDS), protocol))
    assert read_pickled_words(path) == sorted(WORDS)


class _Runs:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, ("made-by-a-pickle",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps(_Runs()), "posix.mkdir has no place among words"),
        (pickle.dumps(OrderedDict(a=1)), "collections.OrderedDict has no place among words"),
        (pickle.dumps({1}), "holds 1 among its words"),
        (pickle.dumps("words"), "holds str, not words"),
        (pickle.dumps({"a"})[:-1], "is not a readable dictionary"),
        (b"", "is not a readable dictionary"),
        (b"words\n", "is not a readable dictionary"),
    ],
)
def test_a_pickle_of_anything_else_is_refused(
    content: bytes, message: str, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (model / PICKLED_WORDS_FILE).write_bytes(content)
    with pytest.raises(SetUpError, match=message) as caught:
        find_backbone(str(model))
    assert PICKLED_WORDS_FILE in str(caught.value)
    assert not (tmp_path / "made-by-a-pickle").exists()


def test_the_weights_are_not_needed(model: Path) -> None:
    assert not (model / PARAMETERS_FILE).exists()
    assert rows(find_backbone(str(model)).tokenizer_dir) == rows(TINY_TOKENIZER)
