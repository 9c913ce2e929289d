# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Engines on a bundle with several graphs: each runs the one it reads, and refuses the others."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from contract.bundle import Bundle
from contract.bundle.golden import read_golden
from contract.bundle.graphs import JSON, ONNX, PDMODEL, paddle_reader
from contract.errors import BundleError
from contract.rankers import PAIRWISE
from pipeline.engines.bundles import engine_source
from pipeline.engines.cache import EngineCache
from pipeline.engines.candidates import candidates
from pipeline.engines.engine import Engine
from pipeline.engines.golden import GoldenPairs
from pipeline.engines.openvino import OpenVinoEngine
from pipeline.engines.paddle import PaddleEngine
from pipeline.settings.service import LocalServiceConfig, OpConfig, ServiceConfig
from tests.bundles import strip_manifest
from tests.graph_files import (
    bundle_with,
    change_weights,
    graph_of,
    needs_paddle_2,
    needs_paddle_3,
)

CONF = LocalServiceConfig(thread_num=1, ir_optim=True)
WHERE = "op.ernie.local_service_conf"
NO_CACHE = EngineCache(None)


def openvino_of(root: Path, threads: int = 1) -> OpenVinoEngine:
    return OpenVinoEngine(Bundle.open(root), "fp32", threads, NO_CACHE, WHERE)


def paddle_of(root: Path, **changes: object) -> PaddleEngine:
    return PaddleEngine(Bundle.open(root), replace(CONF, **changes), WHERE)


def expect_golden(engine: Engine, root: Path) -> None:
    bundle = Bundle.open(root)
    said = GoldenPairs(bundle, bundle.encoder()).check(engine, "fp32")
    assert said.startswith("27 golden pairs agree within")
    pairs = read_golden(root / "golden.jsonl")
    rows = bundle.encoder().encode_pairs([(pair.query, pair.title) for pair in pairs])
    logits = engine.run(bundle.encoder().pad(rows))
    np.testing.assert_allclose(logits, [pair.logits for pair in pairs], atol=1e-4)


def names(root: Path, engine: str, **changes: object) -> list[str]:
    op = OpConfig(engine=engine, local_service_conf=replace(CONF, precision="fp32", **changes))
    return [c.name for c in candidates(Bundle.open(root), op, WHERE, 0, NO_CACHE)]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("formats", [(PDMODEL, JSON, ONNX), (JSON, ONNX), (ONNX,)])
def test_openvino_runs_the_graph_it_reads(
    tmp_path: Path, formats: tuple[str, ...], threads: int
) -> None:
    root = bundle_with(tmp_path, *formats)
    expect_golden(openvino_of(root, threads), root)


def test_paddle_runs_the_pdmodel_beside_other_graphs(tmp_path: Path) -> None:
    """LocalPredictor would take either .pdiparams if they lay in one directory."""
    root = bundle_with(tmp_path, PDMODEL, JSON, ONNX)
    for switches in ({}, {"ir_optim": False}, {"use_mkldnn": True}):
        expect_golden(paddle_of(root, **switches), root)


def test_paddle_runs_the_files_of_older_exports(tmp_path: Path) -> None:
    """``__model__`` and ``__params__``, as Paddle Serving wrote them before ``.pdmodel``."""
    root = bundle_with(tmp_path, PDMODEL)
    server, golden = root / "serving_server", read_golden(root / "golden.jsonl")
    # of the manifest, whose rule of cutting is not upstream's
    encoder = Bundle.open(root).encoder()
    (server / "inference.predict.pdmodel").rename(server / "__model__")
    (server / "inference.predict.pdiparams").rename(server / "__params__")
    bundle = Bundle.adopt(
        server,
        ranker=PAIRWISE,
        tokenizer_dir=root / "tokenizer",
        max_seq_length=64,
        score_function="identity",
    )
    engine = PaddleEngine(bundle, LocalServiceConfig(thread_num=1, precision="fp32"), WHERE)
    rows = encoder.encode_pairs([(pair.query, pair.title) for pair in golden])
    found = engine.run(encoder.pad(rows))[:, 0]
    np.testing.assert_allclose(found, [pair.score for pair in golden], atol=1e-5)
    with pytest.raises(BundleError, match="holds a graph for Paddle only"):
        OpenVinoEngine(bundle, "fp32", 1, NO_CACHE, WHERE)


@needs_paddle_3
@pytest.mark.parametrize("formats", [(JSON,), (JSON, ONNX)])
def test_paddle_3_runs_the_json(tmp_path: Path, formats: tuple[str, ...]) -> None:
    root = bundle_with(tmp_path, *formats)
    for switches in ({}, {"ir_optim": False}, {"use_mkldnn": True}, {"mem_optim": False}):
        expect_golden(paddle_of(root, **switches), root)


@needs_paddle_2
def test_a_json_never_reaches_paddle_2(tmp_path: Path) -> None:
    """Which would end this process by a segmentation fault."""
    (tmp_path / "both").mkdir()
    only, both = bundle_with(tmp_path, JSON), bundle_with(tmp_path / "both", JSON, ONNX)
    held = (
        r"holds a program of Paddle 3 \(inference\.predict\.json\), which Paddle 2\S+ cannot read"
    )
    with pytest.raises(BundleError, match=f"{held}; use the modern set"):
        paddle_of(only)
    with pytest.raises(BundleError, match=f"{held}; set engine to openvino, or use the modern set"):
        paddle_of(both)
    with pytest.raises(BundleError, match=f"{held}; use the modern set"):
        names(only, "auto")
    with pytest.raises(BundleError, match=f"{held}; set engine to openvino"):
        names(both, "auto", device_type=1, devices="0")


def test_a_program_of_paddle_3_alone_is_not_openvinos(tmp_path: Path) -> None:
    root = bundle_with(tmp_path, JSON)
    words = r"\(inference\.predict\.json\), which OpenVINO cannot read; set engine to paddle"
    with pytest.raises(BundleError, match=words):
        openvino_of(root)
    with pytest.raises(BundleError, match=words):
        names(root, "openvino")


def test_an_onnx_alone_is_not_paddles(tmp_path: Path) -> None:
    root = bundle_with(tmp_path, ONNX)
    words = (
        r"a graph for OpenVINO only \(inference\.predict\.onnx\); set engine to openvino or auto"
    )
    with pytest.raises(BundleError, match=words):
        paddle_of(root)
    with pytest.raises(BundleError, match=words):
        names(root, "auto", device_type=1, devices="0")


def test_auto_tries_the_engines_that_read_a_graph(tmp_path: Path) -> None:
    for number, (formats, openvino, paddle) in enumerate(
        (
            ((PDMODEL, JSON, ONNX), True, True),
            ((ONNX,), True, False),
            ((JSON, ONNX), True, JSON in paddle_reader().formats),
        )
    ):
        (tmp_path / str(number)).mkdir()
        found = names(bundle_with(tmp_path / str(number), *formats), "auto")
        assert ("openvino fp32" in found) == openvino
        assert ("paddle fp32" in found) == paddle


@needs_paddle_3
def test_auto_runs_a_json_by_paddle_3(tmp_path: Path) -> None:
    assert names(bundle_with(tmp_path, JSON), "auto") == ["paddle fp32", "paddle fp32 with oneDNN"]


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"\xff\xff not a graph", None], ids=["empty", "json", "bytes", "half"]
)
def test_a_damaged_onnx_is_refused(tmp_path: Path, content: bytes | None) -> None:
    root = bundle_with(tmp_path, ONNX)
    graph = graph_of(root, ONNX)
    graph.write_bytes(graph.read_bytes()[:20_000] if content is None else content)
    with pytest.raises(BundleError, match="its SHA-256 is not the manifest's"):
        Bundle.open(root)
    bundle = Bundle.open(root, verify=False)
    with pytest.raises(BundleError, match=r"OpenVINO cannot load the graph .*export the bundle"):
        OpenVinoEngine(bundle, "fp32", 1, NO_CACHE, WHERE)


@needs_paddle_3
@pytest.mark.parametrize("suffix", [".json", ".pdiparams"])
@pytest.mark.parametrize("size", [0, 1, 4000])
def test_a_damaged_program_is_refused(tmp_path: Path, suffix: str, size: int) -> None:
    root = bundle_with(tmp_path, JSON)
    graph_of(root, JSON).with_suffix(suffix).write_bytes(os.urandom(size))
    with pytest.raises(BundleError) as caught:
        PaddleEngine(Bundle.open(root, verify=False), CONF, WHERE)
    assert "\n" not in str(caught.value)
    assert str(root) in str(caught.value)


@needs_paddle_3
def test_an_operator_that_paddle_3_does_not_know_is_refused(tmp_path: Path) -> None:
    root = bundle_with(tmp_path, JSON)
    graph = graph_of(root, JSON)
    text = graph.read_text(encoding="utf-8")
    assert '"1.tanh"' in text
    graph.write_text(text.replace('"1.tanh"', '"1.nonsense"'), encoding="utf-8")
    with pytest.raises(
        BundleError, match=r"inference\.predict\.json: Paddle Inference cannot load"
    ):
        PaddleEngine(Bundle.open(root, verify=False), CONF, WHERE)


@pytest.mark.parametrize("formats", [(ONNX,), (JSON, ONNX)])
def test_a_graph_that_disagrees_with_the_others_does_not_start(
    tmp_path: Path, formats: tuple[str, ...]
) -> None:
    root = bundle_with(tmp_path, *formats)
    change_weights(root, ONNX)
    bundle = Bundle.open(root)
    op = OpConfig(engine="openvino", local_service_conf=replace(CONF, precision="fp32"))
    (candidate,) = candidates(bundle, op, WHERE, 0, NO_CACHE)
    golden = GoldenPairs(bundle, bundle.encoder())
    with pytest.raises(BundleError, match="scores differ from those at export"):
        golden.check(candidate.source.open(), candidate.precision)


def test_an_onnx_without_golden_pairs_is_openvinos_in_fp32(tmp_path: Path) -> None:
    root = strip_manifest(bundle_with(tmp_path, ONNX), tmp_path / "adopted")
    bundle = Bundle.adopt(
        root / "serving_server",
        ranker=PAIRWISE,
        tokenizer_dir=root / "tokenizer",
        max_seq_length=64,
        score_function="identity",
    )
    op = OpConfig(engine="auto", local_service_conf=replace(CONF, precision="auto"))
    config = ServiceConfig(rpc_port=1, op={"ernie": op}, engine_cache=str(tmp_path / "cache"))
    source = engine_source(config, PAIRWISE, bundle, bundle.encoder(), 0)
    source.open()
    assert source.summary.startswith("openvino fp32; no manifest")
