# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A bundle in Hugging Face's format: its names, shapes and configuration, and its scores."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from benchmarks.hf_export import bert_tensors
from benchmarks.measure import Outcome, compare
from benchmarks.own_systems import open_in_process
from benchmarks.peer_systems import PEERS_PYTHON, open_cross_encoder
from benchmarks.workload import Workload
from contract.bundle import Bundle
from contract.encoding import VOCAB_FILE
from contract.errors import BundleError
from contract.rankers import RANKERS
from tests.bundles import MAX_SEQ_LENGTH, build_checkpoint
from tests.sets import skip_unless_card
from train.model.checkpoint import read_parameters


@pytest.fixture(scope="module", params=RANKERS)
def exported(
    request: pytest.FixtureRequest,
    repository: Path,
    bundles: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[str, Path]:
    """A ranker's name, and its bundle exported by the command."""
    skip_unless_card()
    output = tmp_path_factory.mktemp("hf") / request.param
    arguments = ["--bundle", str(bundles / request.param), "--output", str(output)]
    subprocess.run(
        [sys.executable, "-m", "benchmarks.hf_export", *arguments], cwd=repository, check=True
    )
    return request.param, output


def test_every_parameter_has_its_name_and_its_weights(
    exported: tuple[str, Path], tmp_path: Path
) -> None:
    ranker, output = exported
    checkpoint = build_checkpoint(tmp_path, ranker)
    ours = read_parameters(checkpoint / "model_state.pdparams")
    prefix = "ptm" if ranker == "pairwise" else "ernie"
    tensors = load_file(str(output / "model.safetensors"))
    assert len(tensors) == len(ours)
    layer, of = "bert.encoder.layer.1.", f"{prefix}.encoder.layers.1."
    same = {
        "bert.embeddings.word_embeddings.weight": f"{prefix}.embeddings.word_embeddings.weight",
        "bert.embeddings.LayerNorm.weight": f"{prefix}.embeddings.layer_norm.weight",
        f"{layer}attention.output.LayerNorm.bias": f"{of}norm1.bias",
        f"{layer}output.LayerNorm.weight": f"{of}norm2.weight",
        f"{layer}attention.self.key.bias": f"{of}self_attn.k_proj.bias",
    }
    turned = {
        f"{layer}attention.self.query.weight": f"{of}self_attn.q_proj.weight",
        f"{layer}attention.self.value.weight": f"{of}self_attn.v_proj.weight",
        f"{layer}attention.output.dense.weight": f"{of}self_attn.out_proj.weight",
        f"{layer}intermediate.dense.weight": f"{of}linear1.weight",
        f"{layer}output.dense.weight": f"{of}linear2.weight",
        "bert.pooler.dense.weight": f"{prefix}.pooler.dense.weight",
    }
    for name, own in same.items():
        np.testing.assert_array_equal(tensors[name], ours[own])
    for name, own in turned.items():
        np.testing.assert_array_equal(tensors[name], ours[own].T)
    assert tensors["classifier.weight"].shape == (1, 32)


def test_the_configuration_is_that_of_the_graph(exported: tuple[str, Path], bundles: Path) -> None:
    ranker, output = exported
    config = json.loads((output / "config.json").read_text(encoding="utf-8"))
    expected = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "max_position_embeddings": MAX_SEQ_LENGTH,
        "layer_norm_eps": 1e-12,
        "num_labels": 1,
    }
    assert expected.items() <= config.items()
    tokenizer = json.loads((output / "tokenizer_config.json").read_text(encoding="utf-8"))
    assert tokenizer["model_max_length"] == MAX_SEQ_LENGTH
    vocabulary = bundles / ranker / "tokenizer" / VOCAB_FILE
    assert (output / VOCAB_FILE).read_bytes() == vocabulary.read_bytes()


def test_the_task_type_row_goes_into_every_token_type() -> None:
    parameters = {
        "embedding_8.w_0": np.ones((3, 2), np.float32),
        "embedding_9.w_0": np.ones((5, 2), np.float32),
        "embedding_10.w_0": np.array([[1, 2], [3, 4]], np.float32),
        "embedding_11.w_0": np.array([[10, 20], [7, 7]], np.float32),
    }
    for number in range(3):
        parameters[f"layer_norm_{number}.w_0"] = np.ones(2, np.float32)
        parameters[f"layer_norm_{number}.b_0"] = np.zeros(2, np.float32)
    for number in range(8):
        width = 2 if number == 7 else 4
        parameters[f"linear_{number}.w_0"] = np.arange(2 * width, dtype=np.float32).reshape(
            2, width
        )
        parameters[f"linear_{number}.b_0"] = np.arange(width, dtype=np.float32)
    tensors = bert_tensors(parameters)
    types = tensors["bert.embeddings.token_type_embeddings.weight"]
    assert types.tolist() == [[11, 22], [13, 24]]
    # the difference of the two logits
    assert tensors["classifier.weight"].tolist() == [[1, 1]]
    assert tensors["classifier.bias"].tolist() == [1]


def test_parameters_of_another_model_are_refused() -> None:
    with pytest.raises(BundleError, match="not those of an ERNIE encoder"):
        bert_tensors({"linear_0.w_0": np.ones((2, 2), np.float32)})


@pytest.mark.skipif(not PEERS_PYTHON.is_file(), reason="make setup-peers has not been run")
def test_sentence_transformers_gives_the_same_ids_and_scores(
    exported: tuple[str, Path], bundles: Path, workload: Workload, tmp_path: Path
) -> None:
    ranker, output = exported
    with ExitStack() as stack:
        ours = open_in_process("openvino-fp32", bundles, ranker, tmp_path, stack)
        peer, worker = open_cross_encoder("st-fp32", output, tmp_path, stack)
        rows = [
            row.input_ids.tolist()
            for call in workload.calls
            for row in Bundle.open(bundles / ranker).encoder().encode(call.query, call.documents)
        ]
        assert worker.input_ids(workload.calls) == rows
        outcome = Outcome()
        compared = compare([ours, peer], workload, outcome)
    assert outcome.left_out == []
    assert [one.candidate.system for one in compared] == ["openvino-fp32", "st-fp32"]
