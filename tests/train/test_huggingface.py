# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Models in Hugging Face's format have transformers' token ids and its logits, to 1e-5.

The fixtures are what transformers saved and computed, see tests/make_huggingface_fixtures.py.
"""

from __future__ import annotations

import json
import pickle
import shutil
import zipfile
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from contract.errors import SetUpError
from contract.scoring import SCORE_FUNCTIONS
from contract.text.rules import UPSTREAM_RULES
from export.proof.parity import run_dynamic
from tests.train.conftest import Files
from train.model.backbone import find_backbone
from train.model.layers import build_model
from train.model.ranker import initialise, load_ranker, make_encoder
from train.train_ce import main as train_ce

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "huggingface"
LOGITS = {"bert": 1, "ernie": 2, "xlm-roberta": 1, "roberta": 2}


def expected(name: str) -> tuple[int, list[dict[str, Any]]]:
    """The longest row, and the pairs with what transformers makes of each."""
    lines = (FIXTURES / name / "expected.jsonl").read_text(encoding="utf-8").splitlines()
    about, *rows = map(json.loads, lines)
    return about["max_seq_length"], rows


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[str], Path]:
    """A copy of a fixture that the test may damage."""
    return lambda name: Path(shutil.copytree(FIXTURES / name, tmp_path / name))


def edit(file: Path, **changes: Any) -> None:
    """Change keys of a JSON object; ``None`` removes one."""
    content = {**json.loads(file.read_text(encoding="utf-8")), **changes}
    kept = {key: value for key, value in content.items() if value is not None}
    file.write_text(json.dumps(kept), encoding="utf-8")


@pytest.mark.parametrize("name", LOGITS)
def test_ids_and_logits_are_those_of_transformers(name: str) -> None:
    length, rows = expected(name)
    loaded = load_ranker(FIXTURES / name, max_seq_length=length)
    encoded = loaded.encoder.encode_pairs([(row["query"], row["title"]) for row in rows])
    assert [row.input_ids.tolist() for row in encoded] == [row["input_ids"] for row in rows]
    types = [row.token_type_ids.tolist() for row in encoded]
    assert types == [row["token_type_ids"] for row in rows]
    # alone, and padded beside longer ones
    run, wanted = run_dynamic(loaded.model), np.array([row["logits"] for row in rows])
    alone = np.concatenate([run(loaded.encoder.pad([row])) for row in encoded])
    assert np.abs(alone - wanted).max() < 1e-5
    assert np.abs(run(loaded.encoder.pad(encoded)) - wanted).max() < 1e-5
    assert np.ptp(wanted[:, -1]) > 0.01


@pytest.mark.parametrize("name", LOGITS)
def test_the_score_follows_the_number_of_logits(name: str) -> None:
    loaded = load_ranker(FIXTURES / name)
    assert loaded.ranker == "cross_encoder"
    assert SCORE_FUNCTIONS[loaded.score_function].width == LOGITS[name]


def test_a_head_of_one_logit_becomes_two_with_the_same_scores() -> None:
    """What train_ce begins with; train_pairwise takes the head as it is."""
    length, rows = expected("bert")
    wanted = 1 / (1 + np.exp(-np.array([row["logits"][0] for row in rows])))
    backbone = find_backbone(str(FIXTURES / "bert"))
    encoder = make_encoder(backbone, length, UPSTREAM_RULES)
    feed = encoder.pad(encoder.encode_pairs([(row["query"], row["title"]) for row in rows]))
    for ranker, score in (("cross_encoder", "softmax_positive"), ("pairwise", "sigmoid")):
        model = build_model(ranker, backbone)
        assert "new: none; not used: none" in initialise(model, backbone, "default", 0)
        model.eval()
        scores = SCORE_FUNCTIONS[score](run_dynamic(model)(feed))
        assert np.abs(scores - wanted).max() < 1e-6


def test_an_encoder_alone_gets_a_new_head(copied: Callable[[str], Path]) -> None:
    """As of a model for masked words; its own head has no place."""
    folder = copied("bert")
    weights = load_file(folder / "model.safetensors")
    kept = {name: value for name, value in weights.items() if "classifier" not in name}
    save_file({**kept, "cls.predictions.bias": np.zeros(3, "f4")}, folder / "model.safetensors")
    edit(folder / "config.json", architectures=["BertForMaskedLM"])
    backbone = find_backbone(str(folder))
    said = initialise(build_model("cross_encoder", backbone), backbone, "default", 0)
    assert "new: classifier.bias, classifier.weight; not used: cls.predictions.bias" in said
    with pytest.raises(SetUpError, match="no trained head; train it first"):
        load_ranker(folder)


def test_what_the_config_does_not_say_is_as_in_transformers(copied: Callable[[str], Path]) -> None:
    folder = copied("xlm-roberta")
    edit(folder / "config.json", hidden_act=None, pad_token_id=None, vocab_size=None)
    length, rows = expected("xlm-roberta")
    loaded = load_ranker(folder, max_seq_length=length)
    encoded = loaded.encoder.encode_pairs([(row["query"], row["title"]) for row in rows])
    logits = run_dynamic(loaded.model)(loaded.encoder.pad(encoded))
    assert np.abs(logits - np.array([row["logits"] for row in rows])).max() < 1e-5


WRONG_CONFIGS: dict[str, tuple[dict[str, Any], str]] = {
    "another architecture": ({"model_type": "deberta-v2"}, "model_type 'deberta-v2' is not one"),
    "relative positions": (
        {"position_embedding_type": "relative_key"},
        "position_embedding_type is 'relative_key', but only 'absolute'",
    ),
    "a decoder": ({"is_decoder": True}, "is_decoder is True"),
    "another activation": ({"hidden_act": "gelu_new"}, "hidden_act 'gelu_new' is not one of gelu"),
}


@pytest.mark.parametrize("case", WRONG_CONFIGS)
def test_what_would_score_otherwise_is_refused(case: str, copied: Callable[[str], Path]) -> None:
    folder = copied("bert")
    changes, message = WRONG_CONFIGS[case]
    edit(folder / "config.json", **changes)
    with pytest.raises(SetUpError, match=message):
        find_backbone(str(folder))


def test_more_and_fewer_parameters_are_named(copied: Callable[[str], Path]) -> None:
    folder = copied("bert")
    weights = load_file(folder / "model.safetensors")
    name = "bert.encoder.layer.1.output.dense.bias"
    less = {key: value for key, value in weights.items() if key != name}
    save_file(less, folder / "model.safetensors")
    with pytest.raises(SetUpError, match=r"lacks encoder.layer.1.output.dense.bias"):
        find_backbone(str(folder))
    more = {**weights, "bert.encoder.layer.0.adapter.weight": np.zeros((2, 2), "f4")}
    save_file(more, folder / "model.safetensors")
    with pytest.raises(SetUpError, match=r"has encoder.layer.0.adapter.weight"):
        find_backbone(str(folder))


def test_weights_that_cannot_be_read_never_train_from_random_ones(
    copied: Callable[[str], Path], files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copied("bert")
    for found, said in (("tf_model.h5", "has tf_model.h5, but none"), (None, "has no weights")):
        (folder / "model.safetensors").unlink(missing_ok=True)
        if found:
            (folder / found).write_bytes(b"x")
        options = ("--train_set", files.pairs, "--test_file", files.dev, "--device", "cpu")
        code = train_ce([*map(str, options), "--model_name_or_path", str(folder)])
        assert code == 2
        error = capsys.readouterr().err
        assert said in error
        assert "model.safetensors" in error
        (folder / "tf_model.h5").unlink(missing_ok=True)
        edit(folder / "config.json", transformers_version="5.0")


def test_a_pickle_that_would_run_code_is_refused(copied: Callable[[str], Path]) -> None:
    folder = copied("ernie")
    ran = folder / "ran"
    with zipfile.ZipFile(folder / "pytorch_model.bin", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(_Touch(str(ran))))
    with pytest.raises(SetUpError, match=r"has no place among weights.*model\.safetensors"):
        find_backbone(str(folder))
    assert not ran.exists()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(SetUpError, match=r"not in the format of torch 1.6"):
        find_backbone(str(folder))


class _Touch:
    """Makes a file where a pickle of it is read carelessly."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (open, (self.path, "w"))


def test_quantized_weights_are_refused(copied: Callable[[str], Path]) -> None:
    folder = copied("bert")
    weights = load_file(folder / "model.safetensors")
    weights["bert.pooler.dense.weight"] = weights["bert.pooler.dense.weight"].astype("i1")
    save_file(weights, folder / "model.safetensors")
    with pytest.raises(SetUpError, match=r"bert.pooler.dense.weight is of I8"):
        find_backbone(str(folder))


@pytest.mark.parametrize("name", ["bert", "xlm-roberta"])
def test_training_begins_with_the_weights_and_publishes(
    name: str, files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--train_set", files.pairs, "--test_file", files.dev, "--device", "cpu")
    small = ("--max_seq_length", 32, "--max_steps", 2, "--eval_step", 2, "--save_dir", tmp_path)
    source = ("--model_name_or_path", FIXTURES / name)
    assert train_ce([str(x) for x in (*options, *small, *source)]) == 0
    assert "new: none; not used: none" in capsys.readouterr().out
    loaded = load_ranker(tmp_path / "last")
    assert loaded.score_function == "softmax_positive"
    assert loaded.encoder.layout.special == (3 if name == "bert" else 4)
