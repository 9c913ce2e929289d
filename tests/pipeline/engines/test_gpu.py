# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of a GPU, tested without one: a precision is asked for, and never dropped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from contract.bundle import Bundle
from contract.errors import ConfigError
from contract.rankers import PAIRWISE
from pipeline.engines.cache import EngineCache
from pipeline.engines.candidates import candidates
from pipeline.engines.paddle_gpu import Switch, gpu_switches
from pipeline.settings.service import LocalServiceConfig, OpConfig

CONF = LocalServiceConfig(device_type=1, devices="0,1", thread_num=3)
WHERE = "op.ernie.local_service_conf"


@pytest.mark.parametrize(
    ("precision", "kind", "ir_optim"),
    [("fp32", "Float32", False), ("fp16", "Half", True), ("bf16", "Bfloat16", True)],
)
def test_the_precision_reaches_the_device(precision: str, kind: str, ir_optim: bool) -> None:
    assert gpu_switches(replace(CONF, precision=precision), 1) == [
        Switch("enable_use_gpu", (100, 1), kind),
        Switch("switch_ir_optim", (ir_optim,)),
        Switch("set_cpu_math_library_num_threads", (3,)),
        Switch("enable_memory_optim"),
    ]


def test_keys_reach_the_device() -> None:
    switches = gpu_switches(replace(CONF, ir_optim=True, mem_optim=False), 0)
    assert Switch("switch_ir_optim", (True,)) in switches
    assert Switch("enable_memory_optim") not in switches


@pytest.mark.parametrize("precision", ["fp32", "fp16", "bf16"])
def test_paddle_has_every_switch(precision: str) -> None:
    import paddle.inference

    for switch in gpu_switches(replace(CONF, precision=precision), 0):
        assert callable(getattr(paddle.inference.Config(), switch.method))
        if switch.precision:
            assert hasattr(paddle.inference.PrecisionType, switch.precision)


def test_auto_tries_what_a_gpu_can_and_nothing_of_the_cpu(bundles: Path) -> None:
    bundle = Bundle.open(bundles / PAIRWISE)

    def names(engine: str, precision: str) -> list[str]:
        op = OpConfig(engine=engine, local_service_conf=replace(CONF, precision=precision))
        found = candidates(bundle, op, WHERE, 0, EngineCache(None))
        return [candidate.name for candidate in found]

    assert names("auto", "auto") == [
        "paddle fp16 on device 1",
        "paddle bf16 on device 1",
        "paddle fp32 on device 1",
    ]
    assert names("auto", "bf16") == ["paddle bf16 on device 1"]
    with pytest.raises(ConfigError, match=f"{WHERE}.precision: int8 cannot be had"):
        names("auto", "int8")
    with pytest.raises(ConfigError, match=f"{WHERE}.device_type: openvino runs on the CPU"):
        names("openvino", "fp32")
