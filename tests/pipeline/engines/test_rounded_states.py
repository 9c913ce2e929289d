# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A split ranker that rounds its states is computed in fp32, or refused by name."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from contract.bundle import Bundle
from contract.bundle.split import Split
from contract.errors import ConfigError
from contract.rankers import CROSS_ENCODER
from pipeline.engines.bundles import engine_source
from pipeline.engines.cache import EngineCache
from pipeline.engines.candidates import candidates
from pipeline.engines.openvino_graph import cpu_precisions
from pipeline.settings.ops import SplitConfig
from pipeline.settings.service import LocalServiceConfig, OpConfig, ServiceConfig

WHERE = "op.rocketqa.local_service_conf"


def split_bundle(root: Path, state_type: str) -> Bundle:
    """Both graphs are the whole one: an engine that is not opened reads neither."""
    bundle = Bundle.open(root)
    graph = bundle.graphs[0]
    split = Split(1, 8, state_type, 0, graph, graph)
    return Bundle(replace(bundle.manifest, split=split), bundle.server_dir, bundle.tokenizer_dir)


def op_of(bundle: Bundle, engine: str, precision: str, device_type: int = 0) -> OpConfig:
    conf = LocalServiceConfig(
        model_config=str(bundle.server_dir),
        thread_num=1,
        precision=precision,
        device_type=device_type,
    )
    return OpConfig(engine=engine, local_service_conf=conf)


def found(bundle: Bundle, op: OpConfig) -> set[str]:
    return {one.precision for one in candidates(bundle, op, WHERE, 0, EngineCache(None))}


@pytest.mark.parametrize(
    ("engine", "precision"),
    [("openvino", "bf16"), ("auto", "bf16"), ("paddle", "bf16"), ("paddle", "fp16")],
)
def test_another_precision_is_refused_by_name(bundles: Path, engine: str, precision: str) -> None:
    bundle = split_bundle(bundles / CROSS_ENCODER, "fp16")
    config = ServiceConfig(rpc_port=1, op={"rocketqa": op_of(bundle, engine, precision)})
    said = f"{WHERE}.precision: this split ranker rounds its states to fp16.*--state_type fp32"
    with pytest.raises(ConfigError, match=said):
        engine_source(config, CROSS_ENCODER, bundle, bundle.encoder(), 0)


@pytest.mark.parametrize(("engine", "device"), [("openvino", 0), ("auto", 0), ("auto", 1)])
def test_auto_leaves_other_precisions_out_and_says_why(
    bundles: Path, engine: str, device: int, caplog: pytest.LogCaptureFixture
) -> None:
    bundle = split_bundle(bundles / CROSS_ENCODER, "fp16")
    with caplog.at_level(logging.INFO):
        assert found(bundle, op_of(bundle, engine, "auto", device)) == {"fp32"}
    lower = device or "bf16" in cpu_precisions()
    assert (f"{WHERE}.precision: without " in caplog.text) == bool(lower)
    assert ("rounds its states to fp16" in caplog.text) == bool(lower)


def test_auto_on_two_graphs_takes_fp32(bundles: Path) -> None:
    bundle = split_bundle(bundles / CROSS_ENCODER, "fp16")
    op = replace(op_of(bundle, "openvino", "auto"), split=SplitConfig(store_bytes=1 << 20))
    names = [one.name for one in candidates(bundle, op, WHERE, 0, EngineCache(None))]
    assert names == ["openvino fp32 on two graphs"]


def test_states_of_fp32_go_with_every_precision(bundles: Path) -> None:
    whole, split = (
        found(bundle, op_of(bundle, "auto", "auto", 1))
        for bundle in (
            Bundle.open(bundles / CROSS_ENCODER),
            split_bundle(bundles / CROSS_ENCODER, "fp32"),
        )
    )
    assert split == whole == {"fp16", "bf16", "fp32"}
