# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Directories go both ways between us and PaddleNLP: its old ones load, and it reads ours."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from paddlenlp.transformers import AutoTokenizer, ErnieTokenizer

from contract.encoding import PairEncoder
from contract.errors import SetUpError
from tests.train.conftest import CHARACTERS, Files, write_model
from train.model.backbone import find_backbone
from train.model.checkpoint import PARAMETERS_FILE
from train.model.ranker import load_ranker
from train.model.tokenizer_files import SPECIAL_TOKENS_FILE, copy_tokenizer

PAIR = ("天地玄黄", "宇宙洪荒")


def make_old(directory: Path, head: str = "ErnieForSequenceClassification") -> Path:
    """Rename a directory's configuration as PaddleNLP before 2.5 has it, and nest it alike."""
    file = directory / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    for name in ("model_type", "architectures", "num_labels", "paddlenlp_version", "dtype"):
        config.pop(name, None)
    base = {**config, "init_class": head.replace("ForSequenceClassification", "Model")}
    old = {"init_args": [base], "init_class": head}
    if head.endswith("Classification"):
        old["num_classes"] = 2
    (directory / "model_config.json").write_text(json.dumps(old))
    file.unlink()
    return directory


def test_a_checkpoint_of_paddlenlp_before_2_5_loads(ce_run: Path, tmp_path: Path) -> None:
    for name in (PARAMETERS_FILE, "config.json", "vocab.txt"):
        shutil.copy(ce_run / "last" / name, tmp_path)
    old, new = load_ranker(make_old(tmp_path)), load_ranker(ce_run / "last")
    assert old.ranker == "cross_encoder"
    np.testing.assert_array_equal(old.model.classifier.weight, new.model.classifier.weight)
    for name, value in new.model.state_dict().items():
        np.testing.assert_array_equal(old.model.state_dict()[name], value)


def test_training_begins_from_a_directory_of_paddlenlp_before_2_5(
    ce_run: Path, train_ce: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "old"
    source.mkdir()
    for name in (PARAMETERS_FILE, "config.json", "vocab.txt"):
        shutil.copy(ce_run / "last" / name, source)
    flags = ("--model_name_or_path", make_old(source), "--max_steps", 1)
    assert train_ce(tmp_path / "run", *flags) == 0
    assert "41 parameters loaded; new: none; not used: none" in capsys.readouterr().out
    config = json.loads((tmp_path / "run" / "last" / "config.json").read_text())
    assert (config["model_type"], config["hidden_size"]) == ("ernie", 32)
    assert load_ranker(tmp_path / "run" / "last").ranker == "cross_encoder"


@pytest.mark.parametrize(
    ("head", "family"),
    [
        ("ErnieModel", "ernie"),
        ("ErnieForQuestionAnswering", "ernie"),
        ("ErnieGramModel", "ernie_gram"),
        ("ErnieGramForSequenceClassification", "ernie_gram"),
    ],
)
def test_the_old_class_tells_the_family(tmp_path: Path, head: str, family: str) -> None:
    backbone = find_backbone(str(make_old(write_model(tmp_path / "model"), head)))
    assert backbone.family.prefix == family
    assert backbone.config.hidden_size == 32


@pytest.mark.parametrize("head", ["BertModel", "ErnieMModel", "ErnieCtmModel", "ErnieDocModel"])
def test_another_old_class_is_refused(tmp_path: Path, head: str) -> None:
    with pytest.raises(SetUpError, match=f"init_class '{head}' is not supported"):
        find_backbone(str(make_old(write_model(tmp_path / "model"), head)))


def test_paddlenlp_reads_the_tokenizer_of_a_checkpoint(ce_run: Path) -> None:
    last = ce_run / "last"
    theirs = AutoTokenizer.from_pretrained(str(last))
    assert isinstance(theirs, ErnieTokenizer)
    row = PairEncoder.load(last, 32).encode_pairs([PAIR])[0]
    assert theirs(*PAIR)["input_ids"] == row.input_ids.tolist()
    assert theirs(*PAIR)["token_type_ids"] == row.token_type_ids.tolist()


def test_special_tokens_are_written_as_paddlenlp_writes_them(ce_run: Path, tmp_path: Path) -> None:
    ErnieTokenizer.from_pretrained(str(ce_run / "last")).save_pretrained(str(tmp_path))
    ours, theirs = (folder / SPECIAL_TOKENS_FILE for folder in (ce_run / "last", tmp_path))
    assert ours.read_text() == theirs.read_text()


def test_a_tokenizer_is_copied_with_what_it_says_itself(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "vocab.txt").write_text("\n".join(["[PAD]", "[CLS]", "[SEP]", "[UNK]", *CHARACTERS]))
    copy_tokenizer(source, tmp_path / "bare")
    made = json.loads((tmp_path / "bare" / SPECIAL_TOKENS_FILE).read_text())
    assert made["mask_token"] == "[MASK]"
    assert isinstance(AutoTokenizer.from_pretrained(str(tmp_path / "bare")), ErnieTokenizer)
    (source / "tokenizer_config.json").write_text('{"mask_token": "[M]", "do_lower_case": false}')
    copy_tokenizer(source, tmp_path / "said")
    made = json.loads((tmp_path / "said" / SPECIAL_TOKENS_FILE).read_text())
    assert (made["mask_token"], made["pad_token"]) == ("[M]", "[PAD]")
    (source / SPECIAL_TOKENS_FILE).write_text('{"pad_token": "[PAD]"}')
    copy_tokenizer(source, tmp_path / "own")
    assert (tmp_path / "own" / SPECIAL_TOKENS_FILE).read_text() == '{"pad_token": "[PAD]"}'


def test_a_tokenizer_configuration_that_is_none_is_named(files: Files, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(files.model, source)
    (source / "tokenizer_config.json").write_text("[]")
    with pytest.raises(SetUpError, match="is not a JSON object"):
        copy_tokenizer(source, tmp_path / "target")
