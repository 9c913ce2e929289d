# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A service that cannot start says so in one line on stderr, exits 2 and leaves no process."""

from __future__ import annotations

import json
import os
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest

from contract.rankers import CROSS_ENCODER, PAIRWISE
from tests.bundles import rehash, strip_manifest
from tests.pipeline.launch import failure
from tests.pipeline.settings.test_service import UPSTREAM


def use(config: dict[str, Any], op: str, model: Path, **keys: Any) -> dict[str, Any]:
    """The configuration with another model for one op."""
    config["op"][op]["local_service_conf"]["model_config"] = str(model)
    config["op"][op].update(keys)
    return config


def test_a_bad_key_is_named(config: dict[str, Any], tmp_path: Path) -> None:
    config["op"]["ernie"]["local_service_conf"]["thread_num"] = "two"
    line = failure(config, tmp_path)
    assert "op.ernie.local_service_conf.thread_num: must be a whole number >= 1, got 'two'" in line
    assert line.endswith("(in config_nlp.yml)")


def test_text_that_is_no_yaml(tmp_path: Path) -> None:
    assert "config_nlp.yml: not yaml" in failure("rpc_port: [", tmp_path)


@pytest.mark.parametrize("key", ["rpc_port", "http_port"])
@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_a_port_in_use(config: dict[str, Any], tmp_path: Path, key: str, address: str) -> None:
    with socket.create_server((address, config[key])):
        line = failure(config, tmp_path)
    assert f"{key}: {config[key]} cannot be bound (Address already in use)" in line
    assert "stop what listens there or choose another" in line


def test_a_bundle_that_is_not_there(config: dict[str, Any], tmp_path: Path) -> None:
    line = failure(use(config, "ernie", tmp_path / "nothing"), tmp_path)
    assert f"op.ernie.local_service_conf.model_config: no such directory {tmp_path}/nothing" in line


def test_the_bundle_of_the_other_ranker(
    config: dict[str, Any], bundles: Path, tmp_path: Path
) -> None:
    line = failure(use(config, "ernie", bundles / CROSS_ENCODER), tmp_path)
    assert "op.ernie.local_service_conf.model_config:" in line
    assert "is a cross_encoder bundle, not pairwise; name it as op.rocketqa" in line


def test_a_directory_that_is_no_bundle(config: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "no manifest.json in" in failure(use(config, "ernie", tmp_path / "empty"), tmp_path)


def test_a_damaged_bundle(config: dict[str, Any], bundles: Path, tmp_path: Path) -> None:
    damaged = shutil.copytree(bundles / PAIRWISE, tmp_path / "damaged")
    (params,) = (damaged / "serving_server").glob("*.pdiparams")
    data = bytearray(params.read_bytes())
    data[len(data) // 2] ^= 1
    params.write_bytes(data)
    line = failure(use(config, "ernie", damaged), tmp_path)
    assert f"{params}: damaged: its SHA-256 is not the manifest's" in line


def test_an_adopted_model_without_its_tokenizer(
    config: dict[str, Any], bundles: Path, tmp_path: Path
) -> None:
    model = strip_manifest(bundles / CROSS_ENCODER, tmp_path / "adopted") / "serving_server"
    shutil.rmtree(tmp_path / "adopted" / "tokenizer")
    line = failure(use(config, "rocketqa", model), tmp_path)
    assert "op.rocketqa.tokenizer:" in line
    assert "name the directory of its tokenizer" in line
    line = failure(use(config, "rocketqa", model, tokenizer="nowhere"), tmp_path)
    assert f"there is no vocab.txt in {tmp_path}/nowhere" in line


@pytest.mark.parametrize("engine", ["paddle", "openvino", "remote"])
def test_a_tokenizer_larger_than_its_graph(
    config: dict[str, Any], bundles: Path, tmp_path: Path, engine: str
) -> None:
    """Paddle Inference answered 500, or nonsense, to texts with one of the new tokens."""
    larger = shutil.copytree(bundles / PAIRWISE, tmp_path / "larger")
    vocabulary = larger / "tokenizer" / "vocab.txt"
    known = len(vocabulary.read_text(encoding="utf-8").splitlines())
    with vocabulary.open("a", encoding="utf-8") as file:
        file.write("新词\n")
    rehash(larger)
    keys: dict[str, Any] = {"engine": engine}
    if engine == "remote":
        keys["server_endpoints"] = ["127.0.0.1:9"]
    line = failure(use(config, "ernie", larger, **keys), tmp_path)
    assert f"the tokenizer has {known + 1} tokens, but the graph has {known} tokens" in line
    assert "use the vocab.txt that the graph was trained with" in line


def test_golden_pairs_that_score_differently(
    config: dict[str, Any], bundles: Path, tmp_path: Path
) -> None:
    changed = shutil.copytree(bundles / PAIRWISE, tmp_path / "changed")
    golden = changed / "golden.jsonl"
    lines = golden.read_text(encoding="utf-8").strip().split("\n")
    pair = json.loads(lines[3])
    lines[3] = json.dumps({**pair, "score": pair["score"] + 0.01}, ensure_ascii=False)
    golden.write_text("\n".join(lines) + "\n", encoding="utf-8")
    rehash(changed)
    line = failure(use(config, "ernie", changed), tmp_path)
    assert "scores differ from those at export by 1.00e-02, allowed 1e-05" in line
    assert str(golden) in line


@pytest.mark.parametrize("suffix", ["pdmodel", "pdiparams"])
def test_a_model_that_does_not_load(
    config: dict[str, Any], bundles: Path, tmp_path: Path, suffix: str
) -> None:
    """Paddle answers this by a segmentation fault, Paddle Serving by killing its process group."""
    del config["op"]["ernie"], config["default_ranker"]
    adopted = strip_manifest(bundles / CROSS_ENCODER, tmp_path / "adopted")
    (file,) = (adopted / "serving_server").glob(f"*.{suffix}")
    file.write_bytes(os.urandom(4000))
    line = failure(use(config, "rocketqa", adopted / "serving_server"), tmp_path)
    assert str(adopted / "serving_server") in line
    assert "export the bundle again" in line


def test_upstreams_file_without_a_gpu(bundles: Path, tmp_path: Path) -> None:
    """Its ops are processes, so the reason comes from one of them."""
    import paddle

    if paddle.is_compiled_with_cuda():
        pytest.skip("this PaddlePaddle is built for GPUs")
    strip_manifest(bundles / PAIRWISE, tmp_path / "model")
    deploy = tmp_path / "model" / "deploy" / "python"
    deploy.mkdir(parents=True)
    line = failure(UPSTREAM, deploy)
    assert "op.ernie.local_service_conf.device_type: 1 asks for a GPU" in line
    assert "set device_type to 0" in line
