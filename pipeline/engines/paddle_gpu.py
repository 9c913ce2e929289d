# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A graph on an NVIDIA GPU without TensorRT, in the precision that is asked for (device_type 1).

LocalPredictor drops the precision on this way and runs fp32, so the predictor is made here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from contract.bundle.graphs import JSON, GraphFiles
from pipeline.settings.service import LocalServiceConfig

# what upstream sets aside at first; the pool grows
_MEMORY_POOL_MB = 100
# names of paddle.inference.PrecisionType
_PRECISION_TYPES = {"fp32": "Float32", "fp16": "Half", "bf16": "Bfloat16"}


class Switch(NamedTuple):
    """One call on ``paddle.inference.Config``; ``precision`` is passed last where it is given."""

    method: str
    arguments: tuple[Any, ...] = ()
    precision: str = ""


def gpu_switches(conf: LocalServiceConfig, device: int) -> list[Switch]:
    """What to call on a Config, in order.

    A precision below fp32 is a rewriting of the graph, which ir_optim would switch off: it is on
    then whatever ``conf`` says.
    """
    low = conf.precision != "fp32"
    switches = [
        Switch("enable_use_gpu", (_MEMORY_POOL_MB, device), _PRECISION_TYPES[conf.precision]),
        Switch("switch_ir_optim", (conf.ir_optim or low,)),
        Switch("set_cpu_math_library_num_threads", (conf.thread_num,)),
    ]
    if conf.mem_optim:
        switches.append(Switch("enable_memory_optim"))
    return switches


def gpu_predictor(graph: GraphFiles, conf: LocalServiceConfig, device: int) -> Any:
    """Load the graph.

    Args:
        graph: with its weights beside it, one that this Paddle reads.
        conf: precision and graph optimisation.
        device: number of the GPU.
    """
    import paddle.inference

    config = paddle.inference.Config(str(graph.model), str(graph.params))
    if graph.format == JSON:
        # without it Paddle 3.3 refuses memory optimisation
        config.enable_new_executor(True)
    for method, arguments, precision in gpu_switches(conf, device):
        kinds = (getattr(paddle.inference.PrecisionType, precision),) if precision else ()
        getattr(config, method)(*arguments, *kinds)
    return paddle.inference.create_predictor(config)
