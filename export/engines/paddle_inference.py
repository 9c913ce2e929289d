# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Run a static graph in Paddle Inference, with options that are checked first.

An option that this machine or this Paddle cannot honour is refused in one line, not dropped.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.bundle.golden import RunFeed
from contract.bundle.graphs import JSON, GraphSpec, choose, format_of, paddle_reader
from contract.bundle.program_json import ProgramJson
from contract.environment.cpu import has_bf16
from contract.errors import BundleError, SetUpError
from contract.tensors import TensorSpec
from export.engines.tensors import Tensors

DEVICES = ("cpu", "gpu", "xpu")
PRECISIONS = ("fp32", "fp16", "int8", "bf16")

_GPU_MEMORY_MB = 100
_XPU_L3_BYTES = 8 * 1024 * 1024
_TENSORRT_WORKSPACE_BYTES = 1 << 30
_TENSORRT_MIN_SUBGRAPH = 5
# oneDNN keeps one set of compiled kernels for every shape it meets
_ONEDNN_SHAPES = 64


@dataclass(frozen=True)
class InferenceOptions:
    """How a graph is run.

    Attributes:
        device: ``cpu``, ``gpu`` or ``xpu``.
        precision: ``fp32``, ``fp16``, ``int8`` or ``bf16``.
        cpu_threads: threads of the math library.
        enable_mkldnn: run oneDNN's kernels on the CPU.
        use_tensorrt: compile the graph with TensorRT on the GPU.
        ir_optim: fuse operators; without it a graph runs several times slower.
        max_batch_size: rows TensorRT plans for.
        max_seq_length: tokens TensorRT plans for.
    """

    device: str = "cpu"
    precision: str = "fp32"
    cpu_threads: int = 1
    enable_mkldnn: bool = False
    use_tensorrt: bool = False
    ir_optim: bool = True
    max_batch_size: int = 32
    max_seq_length: int = 512


def available_options(options: InferenceOptions) -> InferenceOptions:
    """The options with a device that is there; an absent one becomes ``cpu``, said on stderr.

    Raises:
        SetUpError: the precision or TensorRT cannot be had on that device.
    """
    import paddle

    present = {
        "cpu": True,
        "gpu": paddle.is_compiled_with_cuda() and paddle.device.cuda.device_count() > 0,
        "xpu": paddle.is_compiled_with_xpu(),
    }
    if not present[options.device]:
        print(
            f"device {options.device}: this machine or this Paddle has none; using cpu",
            file=sys.stderr,
        )
        options = replace(options, device="cpu")
    _check_tensorrt(options)
    _check_precision(options)
    return options


def _check_tensorrt(options: InferenceOptions) -> None:
    import paddle.inference

    if not options.use_tensorrt:
        return
    if options.device != "gpu":
        raise SetUpError("needs a GPU; leave it out", field="use_tensorrt")
    if paddle.inference.get_trt_compile_version() == (0, 0, 0):
        raise SetUpError(
            "this PaddlePaddle is built without TensorRT; leave --use_tensorrt out",
            field="use_tensorrt",
        )


def _check_precision(options: InferenceOptions) -> None:
    if options.precision == "bf16" and not (options.device == "cpu" and has_bf16()):
        raise SetUpError(
            "bf16 needs a CPU with AVX-512 (avx512bw, avx512vl, avx512dq); use fp32",
            field="precision",
        )
    if options.precision == "fp16" and options.device == "cpu":
        raise SetUpError("fp16 needs a GPU; use fp32", field="precision")
    if options.precision == "int8" and not options.use_tensorrt:
        raise SetUpError("int8 needs a GPU and --use_tensorrt True; use fp32", field="precision")


def build_config(model_file: Path, params_file: Path, options: InferenceOptions) -> Any:
    """The ``paddle.inference.Config`` that :class:`GraphPredictor` runs."""
    import paddle.inference as paddle_infer

    config = paddle_infer.Config(str(model_file), str(params_file))
    config.disable_glog_info()
    config.switch_ir_optim(options.ir_optim)
    if format_of(model_file) == JSON:
        # without it Paddle 3.3 refuses memory optimisation
        config.enable_new_executor(True)
    config.enable_memory_optim()
    if options.device == "gpu":
        half = options.precision == "fp16" and not options.use_tensorrt
        precision = paddle_infer.PrecisionType
        config.enable_use_gpu(_GPU_MEMORY_MB, 0, precision.Half if half else precision.Float32)
        if options.use_tensorrt:
            _enable_tensorrt(config, options)
        return config
    config.disable_gpu()
    if options.device == "xpu":
        config.enable_xpu(_XPU_L3_BYTES)
        return config
    config.set_cpu_math_library_num_threads(options.cpu_threads)
    if options.enable_mkldnn or options.precision == "bf16":
        config.enable_mkldnn()
        config.set_mkldnn_cache_capacity(_ONEDNN_SHAPES)
    else:
        # PaddlePaddle 2.6 has it on unless it is told otherwise
        config.disable_mkldnn()
    if options.precision == "bf16":
        config.enable_mkldnn_bfloat16()
    return config


def _enable_tensorrt(config: Any, options: InferenceOptions) -> None:
    from paddle.inference import PrecisionType

    from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS

    kinds = {
        "fp32": PrecisionType.Float32,
        "fp16": PrecisionType.Half,
        "int8": PrecisionType.Int8,
    }
    config.enable_tensorrt_engine(
        workspace_size=_TENSORRT_WORKSPACE_BYTES,
        max_batch_size=options.max_batch_size,
        min_subgraph_size=_TENSORRT_MIN_SUBGRAPH,
        precision_mode=kinds[options.precision],
        use_static=False,
        use_calib_mode=options.precision == "int8",
    )
    names = (INPUT_IDS, TOKEN_TYPE_IDS)
    largest = [options.max_batch_size, options.max_seq_length]
    config.set_trt_dynamic_shape_info(
        {name: [1, 1] for name in names},
        dict.fromkeys(names, largest),
        dict.fromkeys(names, largest),
    )


class GraphPredictor:
    """One Paddle Inference predictor; not for use by two threads at once."""

    def __init__(
        self, model_file: Path, params_file: Path, options: InferenceOptions = InferenceOptions()
    ) -> None:
        """Load the graph.

        Raises:
            BundleError: a file is missing or damaged, or this Paddle does not read its format.
        """
        # before Paddle is imported: Paddle 2 does not survive a .json
        spec = GraphSpec(format_of(model_file), model_file.name, params_file.name)
        choose([spec], paddle_reader(), str(model_file.parent))
        from paddle.inference import create_predictor

        for path in (model_file, params_file):
            if not path.is_file():
                raise BundleError("no such file; run export_model again", field=str(path))
        if spec.format == JSON:
            ProgramJson(model_file)
        try:
            self._predictor = create_predictor(build_config(model_file, params_file, options))
        except (RuntimeError, ValueError, MemoryError) as error:
            raise BundleError(
                f"Paddle Inference cannot load it ({_reason(error)}); run export_model again",
                field=str(model_file),
            ) from error
        self.output_names: tuple[str, ...] = tuple(self._predictor.get_output_names())

    def __call__(self, feed: Tensors) -> dict[str, NDArray[np.float32]]:
        """Run ``{name: array}``; returns every output by its name in the graph."""
        for name in self._predictor.get_input_names():
            self._predictor.get_input_handle(name).copy_from_cpu(np.ascontiguousarray(feed[name]))
        self._predictor.run()
        return {n: self._predictor.get_output_handle(n).copy_to_cpu() for n in self.output_names}


def _reason(error: Exception) -> str:
    """The line of Paddle's message that says what is wrong; a C++ stack stands above it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if re.match(r"\w*Error: ", line)]
    return (telling or lines or [type(error).__name__])[0 if telling else -1]


def logits_of(predictor: GraphPredictor, fetches: tuple[TensorSpec, ...], logits: str) -> RunFeed:
    """``predictor`` cut down to one output, given by its alias."""
    names: Mapping[str, str] = {spec.alias: spec.name for spec in fetches}
    return lambda feed: predictor(feed)[names[logits]]
