# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Bundles are loaded as the checkpoints that they were made from, or refused by name."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contract.bundle import Bundle
from contract.bundle.files import CONFIG_FILE, MANIFEST_FILE, PARAMETER_NAMES_FILE
from contract.errors import SetUpError
from contract.rankers import CROSS_ENCODER, PAIRWISE, RANKERS
from contract.text.rules import OF_OLDER_FILES
from tests.bundles import FIXTURES as OLDER
from tests.bundles import MAX_SEQ_LENGTH, build_bundle, build_checkpoint, rehash, relist
from tests.train.conftest import Files
from train.evaluate import main as evaluate
from train.model.backbone import find_backbone
from train.model.ranker import load_ranker
from train.train_ce import main as train_ce
from train.train_pairwise import main as train_pairwise


@pytest.fixture(params=RANKERS)
def ranker(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def bundle(tmp_path: Path, ranker: str) -> Path:
    """A new one, which holds what it was made from."""
    return build_bundle(tmp_path, ranker)


def parameters_of(model: Any) -> dict[str, Any]:
    return {name: value.numpy() for name, value in model.state_dict().items()}


def test_a_new_bundle_gives_the_checkpoint_back(bundle: Path, ranker: str, tmp_path: Path) -> None:
    made_from = load_ranker(build_checkpoint(tmp_path / "checkpoints", ranker))
    loaded = load_ranker(bundle)
    wanted, found = parameters_of(made_from.model), parameters_of(loaded.model)
    assert set(wanted) == set(found)
    for name, value in wanted.items():
        np.testing.assert_array_equal(found[name], value)
    for field in ("ranker", "score_function", "max_seq_length"):
        assert getattr(loaded, field) == getattr(made_from, field)
    assert loaded.encoder.rules == made_from.encoder.rules
    # its serving_server is the same bundle
    assert load_ranker(bundle / "serving_server").checkpoint_sha256 == loaded.checkpoint_sha256


def test_an_older_bundle_is_read_by_its_graph(ranker: str) -> None:
    """The kept ones hold no configuration; what they were made from has the same seed."""
    older = OLDER / "0" / ranker
    assert not (older / CONFIG_FILE).exists()
    assert load_ranker(older).max_seq_length == MAX_SEQ_LENGTH


def test_the_shipped_bundle_repeats_its_golden_logits(ranker: str, repository: Path) -> None:
    """Its last layer is cut to the first position; loading it compares the logits to 1e-5."""
    shipped = repository / "serving_models" / ranker
    loaded, manifest = load_ranker(shipped), Bundle.open(shipped).manifest
    assert (loaded.ranker, loaded.max_seq_length) == (ranker, manifest.max_seq_length)
    assert loaded.encoder.rules == manifest.text_rules
    assert loaded.encoder.rules != OF_OLDER_FILES, "as the manifest says, and not by default"


def test_parameters_in_other_places_are_refused(bundle: Path) -> None:
    """Two matrices of one shape, exchanged: only the golden logits tell."""
    file = bundle / PARAMETER_NAMES_FILE
    names = json.loads(file.read_text(encoding="utf-8"))
    one, other = (
        next(
            theirs for theirs, ours in names.items() if ours.endswith(f"0.self_attn.{part}.weight")
        )
        for part in ("q_proj", "v_proj")
    )
    names[one], names[other] = names[other], names[one]
    file.write_text(json.dumps(names), encoding="utf-8")
    rehash(bundle)
    with pytest.raises(SetUpError, match=r"is not the one it was made from: .*differ from those"):
        load_ranker(bundle)


def test_a_bundle_of_another_architecture_is_refused(bundle: Path) -> None:
    """As of a graph that Paddle made otherwise, whose names say nothing."""
    (bundle / CONFIG_FILE).unlink()
    names = bundle / PARAMETER_NAMES_FILE
    names.unlink()
    manifest = json.loads((bundle / MANIFEST_FILE).read_text(encoding="utf-8"))
    for name in (CONFIG_FILE, PARAMETER_NAMES_FILE):
        del manifest["files"][name]
    (bundle / MANIFEST_FILE).write_text(json.dumps(manifest), encoding="utf-8")
    relist(bundle)
    # by its graph alone it is the same ranker
    assert load_ranker(bundle).max_seq_length == MAX_SEQ_LENGTH
    model = next((bundle / "serving_server").glob("*.pdmodel"))
    renamed = re.sub(rb"embedding(_\d+\.w_0)", rb"encodding\1", model.read_bytes())
    model.write_bytes(renamed)
    rehash(bundle)
    with pytest.raises(SetUpError, match=r"cannot be loaded|are not those of an ERNIE ranker"):
        load_ranker(bundle)


def test_int8_and_graphs_without_weights_are_refused(bundle: Path, tmp_path: Path) -> None:
    quantized = Path(shutil.copytree(bundle, tmp_path / "int8"))
    manifest = json.loads((quantized / MANIFEST_FILE).read_text(encoding="utf-8"))
    source = {**manifest["source"], "quantized_from": "0123456789ab"}
    manifest.update(precision="int8", source=source)
    (quantized / MANIFEST_FILE).write_text(json.dumps(manifest), encoding="utf-8")
    rehash(quantized)
    with pytest.raises(
        SetUpError, match=r"is int8.*name the fp32 bundle 0123456789ab or the check"
    ):
        load_ranker(quantized)
    other = Path(shutil.copytree(OLDER.parent / "all_graphs", tmp_path / "onnx"))
    for file in (other / "serving_server").glob("*.pd*"):
        file.unlink()
    relist(other)
    with pytest.raises(SetUpError, match=r"has no \.pdmodel"):
        find_backbone(str(other))


def small(files: Files, save_dir: Path, *flags: object) -> list[str]:
    named = ("--test_file", files.dev, "--device", "cpu", "--cpu_threads", 1, "--max_steps", 1)
    return [str(x) for x in (*named, "--max_seq_length", 32, "--save_dir", save_dir, *flags)]


def test_both_commands_begin_with_the_cross_encoder_s_bundle(
    files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = build_bundle(tmp_path, CROSS_ENCODER)
    source = ("--model_name_or_path", bundle)
    flags = small(files, tmp_path / "ce", *source, "--train_set", files.pairs)
    assert train_ce(flags) == 0
    assert "new: none; not used: none" in capsys.readouterr().out
    flags = small(files, tmp_path / "pairwise", *source, "--train_file", files.triples)
    assert train_pairwise(flags) == 0
    assert "new: similarity.bias, similarity.weight; not used: class" in capsys.readouterr().out
    assert load_ranker(tmp_path / "pairwise" / "last").ranker == PAIRWISE


def test_a_bundle_is_evaluated_and_cannot_be_resumed(
    files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = build_bundle(tmp_path, CROSS_ENCODER)
    flags = ("--test_file", files.dev, "--init_from_ckpt", bundle, "--device", "cpu")
    assert evaluate([*map(str, flags), "--cpu_threads", "1"]) == 0
    assert "NDCG@10" in capsys.readouterr().out
    resumed = small(files, tmp_path / "ce", "--init_from_ckpt", bundle, "--train_set", files.pairs)
    assert train_ce(resumed) == 2
    assert "give it as --model_name_or_path" in capsys.readouterr().err
