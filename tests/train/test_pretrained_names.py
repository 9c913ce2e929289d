# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Names of PaddleNLP bring all of their file, the head included, and the log says so.

The files lie in PaddleNLP's own cache, ``PPNLP_HOME/models/NAME``, so no network is asked. They
hold random numbers under the names that PaddleNLP's models save.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Optional

import numpy as np
import paddle
import pytest

from contract.errors import SetUpError
from tests.train.conftest import CHARACTERS, Files
from train.model.backbone import find_backbone
from train.model.checkpoint import PARAMETERS_FILE
from train.model.layers import build_model
from train.model.paddlenlp_models import known_models
from train.model.ranker import initialise, load_ranker

CROSS_ENCODERS = [name for name in known_models() if name.endswith("cross-encoder")]
TOKENS = ["[PAD]", "[CLS]", "[SEP]", "[MASK]", "[UNK]", *CHARACTERS]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """PaddleNLP's folder of models; it reads ``PPNLP_HOME`` but once, when it is imported."""
    monkeypatch.setattr(
        sys.modules["paddlenlp.utils.download.bos_download"], "MODEL_HOME", tmp_path
    )
    return tmp_path


def small_config(name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """PaddleNLP's own configuration of a name with less of everything."""
    from paddlenlp.transformers import ErnieConfig

    table = ErnieConfig.pretrained_init_configuration
    small = {"hidden_size": 24, "intermediate_size": 48, "num_hidden_layers": 2, "vocab_size": 100}
    monkeypatch.setitem(table, name, {**table[name], **small, "num_attention_heads": 2})
    return dict(table[name])


def fill(
    cache: Path, name: str, config: dict[str, Any], labels: Optional[int] = 2, **more: Any
) -> dict[str, Any]:
    """A name's two files as PaddleNLP stores what it downloads; ``labels`` is the head's width."""
    from paddlenlp.transformers import (
        ErnieConfig,
        ErnieForSequenceClassification,
        ErnieModel,
        ErnieTokenizer,
    )

    made = ErnieConfig(**config, **({} if labels is None else {"num_labels": labels}))
    model = ErnieModel(made) if labels is None else ErnieForSequenceClassification(made)
    folder = cache / name
    folder.mkdir(parents=True)
    paddle.save({**model.state_dict(), **more}, str(folder / PARAMETERS_FILE))
    url = ErnieTokenizer.pretrained_resource_files_map["vocab_file"][name]
    (folder / url.rsplit("/", 1)[1]).write_text("\n".join(TOKENS) + "\n", encoding="utf-8")
    return {key: np.asarray(value) for key, value in model.state_dict().items()}


@pytest.mark.parametrize("name", CROSS_ENCODERS)
def test_a_cross_encoder_keeps_its_head(
    name: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = fill(cache, name, small_config(name, monkeypatch))
    backbone = find_backbone(name)
    model = build_model("cross_encoder", backbone)
    said = initialise(model, backbone, "default", 0)
    assert said == f"{name}: {len(wanted)} parameters loaded; new: none; not used: none"
    for key, value in model.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), wanted[key])
    ready = load_ranker(name)
    np.testing.assert_array_equal(ready.model.classifier.weight, wanted["classifier.weight"])


def test_eight_names_are_tested() -> None:
    assert len(CROSS_ENCODERS) == 8


def test_the_pair_wise_ranker_leaves_the_head(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "rocketqa-nano-cross-encoder"
    fill(cache, name, small_config(name, monkeypatch))
    backbone = find_backbone(name)
    said = initialise(build_model("pairwise", backbone), backbone, "default", 0)
    assert "new: similarity.bias, similarity.weight; not used: classifier.bias" in said


def test_an_encoder_has_no_head_to_keep(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Upstream's ERNIE files hold the heads of pretraining besides."""
    name = "ernie-3.0-nano-zh"
    extra = {"cls.predictions.bias": paddle.zeros([3])}
    fill(cache, name, small_config(name, monkeypatch), None, **extra)
    backbone = find_backbone(name)
    said = initialise(build_model("cross_encoder", backbone), backbone, "default", 0)
    assert "new: classifier.bias, classifier.weight; not used: cls.predictions.bias" in said


def test_a_head_of_another_width_is_new(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "rocketqa-micro-cross-encoder"
    wanted = fill(cache, name, small_config(name, monkeypatch), labels=3)
    backbone = find_backbone(name)
    model = build_model("cross_encoder", backbone)
    said = initialise(model, backbone, "default", 0)
    assert f"{len(wanted) - 2} parameters loaded; new: classifier.bias, classifier.weight;" in said
    assert said.endswith("not used: classifier.bias, classifier.weight")
    with pytest.raises(SetUpError, match=r"classifier.bias has shape \[3\]"):
        load_ranker(name)


def test_training_begins_with_the_head(files: Files, tmp_path: Path, repository: Path) -> None:
    """The command itself, of the real size, with PaddleNLP's own folder of models."""
    from paddlenlp.transformers import ErnieConfig

    name = "rocketqa-nano-cross-encoder"
    config = ErnieConfig.pretrained_init_configuration[name]
    wanted = fill(tmp_path / "home" / "models", name, dict(config))
    command = [
        *(sys.executable, "-m", "train.train_ce", "--train_set", files.pairs, "--device", "cpu"),
        *("--test_file", files.dev, "--model_name_or_path", name, "--max_steps", 1),
        *("--learning_rate", 0, "--max_seq_length", 16, "--save_dir", tmp_path / "run"),
    ]
    run = subprocess.run(
        [str(word) for word in command],
        cwd=repository,
        env={**os.environ, "PPNLP_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert run.returncode == 0, run.stderr
    assert f"{name}: 74 parameters loaded; new: none; not used: none\n" in run.stdout
    saved = load_ranker(tmp_path / "run" / "last").model
    np.testing.assert_array_equal(saved.classifier.weight, wanted["classifier.weight"])
    about = json.loads((tmp_path / "run" / "last" / "ranker.json").read_text())
    assert about["model_name_or_path"] == name
