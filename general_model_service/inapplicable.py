# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Paddle Serving's serve flags that cannot apply to this service, and what is said of each.

Without one, the service does what was asked for all the same: a note says why it has no effect.
Where it would do something else, the flag is refused. Called by ``flags``.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any, Optional

from contract.errors import SetUpError
from general_model_service.flag_parser import FlagParser

_CPU = "this service computes on the CPU"
_NO_GPU = f"{_CPU}; with onnxruntime-gpu installed it computes on a GPU"
_TENSORRT = "this service computes without TensorRT"
_DEVICES = "only CPUs and NVIDIA's GPUs compute here"
_DISTRIBUTED = "it belongs to distributed models, which are not served here"
_BAIDU = "only Baidu's own builds of Paddle Serving read it"
_ONE_MODEL = "one service takes one model; start one for each, on a port of its own"

_SWITCHES = {
    "use_calib": _TENSORRT,
    "mem_optim_off": "the engine plans its memory itself",
    "use_trt": _TENSORRT,
    "use_lite": "OpenVINO computes on a CPU here",
    "use_xpu": _DEVICES,
    "use_ascend_cl": _DEVICES,
    "gpu_multi_stream": "--runtime_thread_num says how many batches are computed at once",
    "trt_use_static": _TENSORRT,
}
_VALUES = {
    "workdir": "this service writes no files",
    "encryption_rpc_port": "encrypted models are not served here",
    "product_name": _BAIDU,
    "container_id": _BAIDU,
    "min_subgraph_size": _TENSORRT,
    "gpu_memory_mb": "a GPU's memory is taken as batches need it",
    "trt_workspace_size": _TENSORRT,
    "dist_carrier_id": _DISTRIBUTED,
    "dist_cfg_file": _DISTRIBUTED,
    "dist_endpoints": _DISTRIBUTED,
    "dist_nranks": _DISTRIBUTED,
    "dist_subgraph_index": _DISTRIBUTED,
    "dist_worker_serving_endpoints": _DISTRIBUTED,
}
# switches that ask for what the engine always does
_ALWAYS_ON = {
    "use_mkl": "the engine always takes the fastest kernels of this CPU",
    "ir_optim": "the engine always optimizes the graph",
}
_REFUSED = {
    "use_encryption_model": "encrypted models are not served here; export the bundle in the clear",
    "use_dist_model": f"distributed models are not served here; {_ONE_MODEL}",
    "dist_master_serving": f"distributed models are not served here; {_ONE_MODEL}",
}
# the chain that upstream runs when no --op is given
_DEFAULT_OPS = frozenset({"GeneralReaderOp", "GeneralInferOp", "GeneralResponseOp"})
_START = "start"


def add_inapplicable(parser: FlagParser) -> None:
    """Let the parser accept them, as upstream's does."""
    parser.add_argument("server", nargs="?", metavar=_START, help="may be left out")
    for name in ("device", "op", *_VALUES):
        parser.add_argument(f"--{name}", nargs="+", metavar="VALUE", help=argparse.SUPPRESS)
    for name in (*_SWITCHES, *_ALWAYS_ON, *_REFUSED):
        parser.add_switch(f"--{name}", argparse.SUPPRESS)


def check(given: Mapping[str, Any]) -> None:
    """Refuse what this service does not do.

    Args:
        given: the flags that were given, by name.

    Raises:
        SetUpError: names the flag and the remedy.
    """
    server = given.get("server", _START)
    if server != _START:
        raise SetUpError(
            "only start is known here; to stop a service, send SIGTERM to its process", field=server
        )
    if "model" not in given:
        raise SetUpError("name the bundle, such as serving_models/pairwise", field="--model")
    for name in ("model", "runtime_thread_num", "batch_infer_size"):
        if len(given.get(name, [])) > 1:
            raise SetUpError(_ONE_MODEL, field=f"--{name}")
    for op in given.get("op", []):
        if op.split(":")[0] not in _DEFAULT_OPS:
            raise SetUpError(f"there is no {op} here; only GeneralInferOp is", field="--op")
    if given.get("engine") == "openvino" and gpu_of(given) is not None:
        raise SetUpError(
            "openvino computes on the CPU; leave it out, or leave --gpu_ids out", field="--engine"
        )
    for name, reason in _REFUSED.items():
        if given.get(name):
            raise SetUpError(reason, field=f"--{name}")


def gpu_of(given: Mapping[str, Any]) -> Optional[int]:
    """The GPU that the flags ask for, as upstream reads them; ``None``: the CPU.

    Raises:
        SetUpError: it is no number.
    """
    if given.get("device") == ["cpu"]:
        return None
    ids = [number for number in given.get("gpu_ids", []) if number not in ("", "-1")]
    if not ids:
        return 0 if given.get("device") == ["gpu"] else None
    # upstream takes "0,1" as well as "0 1"
    first = ids[0].split(",")[0]
    if not first.isdecimal():
        raise SetUpError(f"must be the number of a GPU, got {first!r}", field="--gpu_ids")
    return int(first)


def notes_on(given: Mapping[str, Any], gpu: Optional[int]) -> list[str]:
    """One line for each flag that was given and has no effect.

    Args:
        given: the flags that were given, by name.
        gpu: that computes; ``None``: the CPU does.
    """
    reasons = ((name, _reason(name, value, given, gpu)) for name, value in given.items())
    notes = [f"--{name} has no effect: {reason}" for name, reason in reasons if reason]
    several = len(",".join(given.get("gpu_ids", [])).split(",")) > 1
    if gpu is not None and several:
        notes.append(f"--gpu_ids: GPU {gpu} alone computes; start a service for each of the others")
    return notes


def _reason(name: str, value: Any, given: Mapping[str, Any], gpu: Optional[int]) -> Optional[str]:
    if name in _VALUES:
        return _VALUES[name]
    if name in _SWITCHES:
        return _SWITCHES[name] if value else None
    if name in _ALWAYS_ON:
        return None if value else _ALWAYS_ON[name]
    if gpu is not None and name in ("cpu_math_thread_num", "lone_threads"):
        return "a GPU computes"
    if name == "device" and value != ["cpu"] and gpu is None:
        return _NO_GPU
    if name == "gpu_ids" and not set(value) <= {"", "-1"} and gpu is None:
        return "--device cpu is given" if given.get("device") == ["cpu"] else _NO_GPU
    if name == "precision" and value == "fp16":
        if gpu is not None:
            return "what computes on a GPU here does it in fp32"
        return f"{_CPU}, which has no fp16; computing in fp32, take auto for bf16"
    if name == "prometheus_port" and not given.get("enable_prometheus"):
        return "it needs --enable_prometheus; /metrics is on --port as well"
    return None
