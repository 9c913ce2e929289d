# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Paddle Inference behind the Engine protocol, configured by local_service_conf.

Reads a bundle's .pdmodel, and its .json where this is Paddle 3. The graph is loaded by Paddle
Serving's LocalPredictor, so that every key keeps its meaning (but see paddle_gpu), and run by name
and position: LocalPredictor's own fetch by alias returns the graph's first output under any alias
that is not a variable of the graph.
"""

from __future__ import annotations

import logging
import os
from typing import Any

import numpy as np

from contract.bundle import Bundle
from contract.bundle.graphs import JSON, GraphFiles, paddle_reader
from contract.bundle.program_json import ProgramJson
from contract.environment.cpu import has_bf16, prepare_math_library
from contract.environment.serving_packages import make_importable
from contract.errors import BundleError, ConfigError
from pipeline.engines.engine import Feed, Logits
from pipeline.engines.feeds import arrays_of
from pipeline.engines.paddle_gpu import gpu_predictor
from pipeline.settings.service import LocalServiceConfig

# device_type of local_service_conf to the switches of LocalPredictor
_SWITCHES: dict[int, dict[str, bool]] = {
    0: {},
    1: {"use_gpu": True},
    2: {"use_gpu": True, "use_trt": True},
    3: {"use_lite": True},
    4: {"use_lite": True, "use_xpu": True},
    5: {"use_lite": True, "use_ascend_cl": True},
    6: {"use_ascend_cl": True},
}
CPU, GPU = 0, 1
_TENSORRT, _XPU = 2, 4
# what really runs; for the rest LocalPredictor would say nothing and run fp32
_PRECISIONS = {CPU: ("fp32", "bf16"), GPU: ("fp32", "fp16", "bf16")}


class PaddleEngine:
    """One Paddle Inference predictor."""

    def __init__(
        self, bundle: Bundle, conf: LocalServiceConfig, where: str, index: int = 0
    ) -> None:
        """Load the bundle's graph.

        Args:
            bundle: whose graph.
            conf: device, threads, precision and graph optimisation.
            where: yaml path of ``conf``, for errors.
            index: number of this engine among those of its op; picks one of ``conf.devices``.

        Raises:
            ConfigError: the machine or this build of PaddlePaddle cannot do what ``conf`` asks.
            BundleError: the bundle holds no graph that this Paddle reads, or that graph does not
                load or is not what the manifest says.
        """
        device_type = device_type_of(conf)
        _check_precision(conf.precision, device_type, where)
        # before Paddle is imported
        graph = bundle.graph(paddle_reader())
        prepare_math_library()
        # below errors, PaddlePaddle's C++ writes what it is doing to the terminal
        os.environ.setdefault("GLOG_minloglevel", "2")
        device = _device(conf, device_type, index, where)
        _check_graph(graph)
        try:
            if device_type == GPU:
                predictor = gpu_predictor(graph, conf, device)
            else:
                predictor = _local_predictor(bundle, graph, conf, device_type, device)
        except Exception as error:
            reason = str(error).strip().split("\n")[-1]
            raise BundleError(
                f"Paddle Inference cannot load the graph ({reason}); export the bundle again",
                field=str(graph.model),
            ) from error
        self._bind(predictor, bundle)

    def _bind(self, predictor: Any, bundle: Bundle) -> None:
        """Find the graph's inputs by name and its logits by position."""
        manifest = bundle.manifest
        inputs, outputs = predictor.get_input_names(), predictor.get_output_names()
        if {spec.name for spec in manifest.feeds} != set(inputs) or len(outputs) != len(
            manifest.fetches
        ):
            raise BundleError(
                f"the graph takes {inputs} and returns {outputs}, which is not what the bundle "
                "declares; export the bundle again",
                field=str(bundle.server_dir),
            )
        position = [spec.alias for spec in manifest.fetches].index(manifest.logits)
        self._predictor = predictor
        self._specs = manifest.feeds
        self._inputs = [predictor.get_input_handle(spec.name) for spec in manifest.feeds]
        self._logits = predictor.get_output_handle(outputs[position])

    def run(self, feed: Feed) -> Logits:
        """Run one batch; see :class:`pipeline.engines.engine.Engine`."""
        for handle, array in zip(self._inputs, arrays_of(feed, self._specs)):
            handle.copy_from_cpu(array)
        self._predictor.run()
        return np.asarray(self._logits.copy_to_cpu(), dtype=np.float32)

    def close(self) -> None:
        """Drop the predictor."""
        self._inputs, self._logits, self._predictor = [], None, None


class PaddleSource:
    """Opens one Paddle engine, which uses all threads; see :class:`EngineSource`."""

    count = 1

    def __init__(
        self, bundle: Bundle, conf: LocalServiceConfig, where: str, index: int = 0
    ) -> None:
        """Bind the arguments of :class:`PaddleEngine`."""
        self._arguments = (bundle, conf, where, index)

    def open(self) -> PaddleEngine:
        """Load the graph."""
        return PaddleEngine(*self._arguments)


def _local_predictor(
    bundle: Bundle, graph: GraphFiles, conf: LocalServiceConfig, device_type: int, device: int
) -> Any:
    make_importable()
    from paddle_serving_app import local_predict

    logging.getLogger("LocalPredictor").setLevel(logging.ERROR)
    # on a failure LocalPredictor kills its whole process group, the caller's shell included
    local_predict.kill_stop_process_by_pid = _refuse_to_kill
    predictor = local_predict.LocalPredictor()
    # it would take the first files of a directory that end so, and knows no .json
    files = {"*.pdmodel": [str(graph.model)], "*.pdiparams": [str(graph.params)]}
    predictor.search_suffix_files = lambda _, pattern: files[pattern]
    predictor.load_model_config(
        str(bundle.server_dir),
        gpu_id=device,
        thread_num=conf.thread_num,
        # Paddle 3.3 does that to a .json in its new executor only, which LocalPredictor leaves off
        mem_optim=conf.mem_optim and graph.format != JSON,
        ir_optim=conf.ir_optim,
        precision=conf.precision,
        use_mkldnn=conf.use_mkldnn,
        mkldnn_cache_capacity=conf.mkldnn_cache_capacity,
        mkldnn_op_list=_as_set(conf.mkldnn_op_list),
        mkldnn_bf16_op_list=_as_set(conf.mkldnn_bf16_op_list),
        min_subgraph_size=conf.min_subgraph_size,
        use_calib=conf.use_calib,
        **_SWITCHES[device_type],
    )
    return predictor.predictor


def _check_graph(graph: GraphFiles) -> None:
    """Paddle Inference ends the process by a segmentation fault on a file that is no graph."""
    from google.protobuf.message import DecodeError
    from paddle.base.proto.framework_pb2 import ProgramDesc

    if graph.params is None:
        raise BundleError("has no .pdiparams; export the bundle again", field=str(graph.model))
    if graph.format == JSON:
        ProgramJson(graph.model)
        return
    data = graph.model.read_bytes()
    try:
        program = ProgramDesc.FromString(data)
        whole = program.ByteSize() == len(data) and all(block.ops for block in program.blocks)
    except DecodeError:
        whole = False
    if not whole or not program.blocks:
        raise BundleError("not a Paddle graph; export the bundle again", field=str(graph.model))


def device_type_of(conf: LocalServiceConfig) -> int:
    """-1, upstream's default, means a GPU when ``devices`` names one."""
    if conf.device_type >= 0:
        return conf.device_type
    return GPU if conf.devices else CPU


def _check_precision(precision: str, device_type: int, where: str) -> None:
    allowed = _PRECISIONS.get(device_type)
    if allowed is not None and precision not in allowed:
        raise ConfigError(
            f"device_type {device_type} runs {' or '.join(allowed)}, not {precision}",
            field=f"{where}.precision",
        )
    if device_type == CPU and precision == "bf16" and not has_bf16():
        raise ConfigError(
            "bf16 needs a processor with AVX-512, this one has none; use fp32",
            field=f"{where}.precision",
        )


def _device(conf: LocalServiceConfig, device_type: int, index: int, where: str) -> int:
    """The device number for engine ``index``; 0 where there is nothing to choose."""
    import paddle

    built_for = {
        GPU: (paddle.is_compiled_with_cuda, "a GPU"),
        _TENSORRT: (paddle.is_compiled_with_cuda, "a GPU"),
        _XPU: (paddle.is_compiled_with_xpu, "a Kunlun XPU"),
    }
    if device_type in built_for and not built_for[device_type][0]():
        raise ConfigError(
            f"{device_type} asks for {built_for[device_type][1]}, but this PaddlePaddle is built "
            "without it; set device_type to 0, or install the build for that device",
            field=f"{where}.device_type",
        )
    try:
        devices: list[int] = [int(name) for name in conf.devices.split(",") if name.strip()]
    except ValueError as error:
        raise ConfigError(
            f"must be device numbers with commas between, got {conf.devices!r}",
            field=f"{where}.devices",
        ) from error
    if device_type in (GPU, _TENSORRT):
        count = paddle.device.cuda.device_count()
        if not devices or not all(0 <= device < count for device in devices):
            raise ConfigError(
                f"must be among the {count} GPUs of this machine, got {conf.devices!r}",
                field=f"{where}.devices",
            )
    return devices[index % len(devices)] if devices and device_type != CPU else 0


def _as_set(names: Any) -> Any:
    return None if names is None else set(names)


def _refuse_to_kill(*_: Any) -> None:
    raise RuntimeError("Paddle Inference refused the graph or its options")
