# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Which engines could run a bundle on this machine, as the configuration's keys allow."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import NamedTuple

from contract.bundle import Bundle
from contract.bundle.graphs import paddle_reader, readable
from contract.bundle.split import refusal_of
from contract.environment.cpu import has_bf16
from contract.errors import ConfigError
from pipeline.engines.cache import EngineCache
from pipeline.engines.engine import EngineSource
from pipeline.engines.openvino import OpenVinoSource, reader_of
from pipeline.engines.openvino_graph import cpu_precisions
from pipeline.engines.paddle import CPU, GPU, PaddleSource, device_type_of
from pipeline.engines.split import SplitSource
from pipeline.settings.service import AUTO, LocalServiceConfig, OpConfig

_LOGGER = logging.getLogger(__name__)

# oneDNN keeps one set of kernels for every shape it meets
_ONEDNN_SHAPES = 64


class Candidate(NamedTuple):
    """An engine that could run a ranker.

    Attributes:
        name: engine and precision, for the log.
        precision: in which it computes.
        source: opens it.
    """

    name: str
    precision: str
    source: EngineSource


def candidates(
    bundle: Bundle, op: OpConfig, where: str, index: int, cache: EngineCache
) -> list[Candidate]:
    """What ``op.engine`` and its precision leave, the likely fastest first.

    Args:
        bundle: to be run.
        op: whose engine is ``auto`` or ``openvino``.
        where: yaml path of the op's local_service_conf, for errors.
        index: number of the op's process.
        cache: for compiled graphs.

    Raises:
        ConfigError: none is left.
        BundleError: none of them reads a graph that the bundle holds.
    """
    conf = op.local_service_conf
    device_type = device_type_of(conf)
    if device_type != CPU and op.engine == "openvino":
        raise ConfigError(
            "openvino runs on the CPU; set device_type to 0, or engine to auto or paddle",
            field=f"{where}.device_type",
        )
    if device_type == CPU:
        found = _on_cpu(bundle, op, where, index, cache)
    else:
        bundle.graph(paddle_reader())
        found = _paddle_device(bundle, conf, device_type, where, index)
    if conf.precision == AUTO:
        return _without_refused(bundle, found, where)
    left = [candidate for candidate in found if candidate.precision == conf.precision]
    if not left:
        can = ", ".join(dict.fromkeys(candidate.precision for candidate in found))
        raise ConfigError(
            f"{conf.precision} cannot be had from this bundle on this machine; use auto or {can}",
            field=f"{where}.precision",
        )
    return left


def check_rounding(bundle: Bundle, precision: str, where: str) -> None:
    """Refuse a precision in which a split ranker cannot be computed.

    Args:
        bundle: to be run.
        precision: that is asked for; ``auto`` leaves a choice.
        where: yaml path of the op's local_service_conf, for errors.

    Raises:
        ConfigError: it rounds its states, and the precision is not fp32.
    """
    reason = refusal_of(bundle.manifest.split, precision)
    if reason is not None and precision != AUTO:
        raise ConfigError(reason, field=f"{where}.precision")


def _without_refused(bundle: Bundle, found: list[Candidate], where: str) -> list[Candidate]:
    """Those in whose precision the ranker can be computed; of the others the log has the reason."""
    left = []
    for candidate in found:
        reason = refusal_of(bundle.manifest.split, candidate.precision)
        if reason is None:
            left.append(candidate)
        else:
            _LOGGER.info("%s.precision: without %s: %s", where, candidate.name, reason)
    return left


def _on_cpu(
    bundle: Bundle, op: OpConfig, where: str, index: int, cache: EngineCache
) -> list[Candidate]:
    """The engines that read a graph of the bundle; a quantized one is OpenVINO's alone."""
    conf, graphs = op.local_service_conf, bundle.graphs
    if op.split is not None:
        return _on_two_graphs(bundle, op, where, cache)
    found: list[Candidate] = []
    if readable(graphs, reader_of(bundle)):
        found += _openvino(bundle, conf, where, cache)
    may_be_paddle = op.engine == "auto" and bundle.manifest.precision != "int8"
    if may_be_paddle and readable(graphs, paddle_reader()):
        found += _paddle_cpu(bundle, conf, where, index)
    if not found:
        # says what is there and who reads it
        bundle.graph(paddle_reader() if may_be_paddle else reader_of(bundle))
    return found


def _on_two_graphs(bundle: Bundle, op: OpConfig, where: str, cache: EngineCache) -> list[Candidate]:
    """OpenVINO on the two graphs of a split ranker, each with a store of its own."""
    assert op.split is not None
    conf, of_op = op.local_service_conf, where.rpartition(".")[0]
    return [
        Candidate(
            f"openvino {precision} on two graphs",
            precision,
            SplitSource(bundle, precision, conf.thread_num, cache, op.split, of_op),
        )
        for precision in ("bf16", "fp32")
        if precision in cpu_precisions()
    ]


def _openvino(
    bundle: Bundle, conf: LocalServiceConfig, where: str, cache: EngineCache
) -> list[Candidate]:
    quantized = bundle.manifest.precision == "int8"
    precisions = ["int8"] if quantized else ["bf16", "fp32"]
    return [
        Candidate(
            f"openvino {precision}",
            precision,
            OpenVinoSource(bundle, precision, conf.thread_num, cache, where),
        )
        for precision in precisions
        if precision in cpu_precisions()
    ]


def _paddle_cpu(
    bundle: Bundle, conf: LocalServiceConfig, where: str, index: int
) -> list[Candidate]:
    """Paddle on the CPU with oneDNN and without, graph optimisation on."""
    plain = replace(conf, precision="fp32", ir_optim=True, use_mkldnn=False)
    onednn = replace(
        plain,
        use_mkldnn=True,
        mkldnn_cache_capacity=conf.mkldnn_cache_capacity or _ONEDNN_SHAPES,
    )
    confs = {"paddle fp32": plain, "paddle fp32 with oneDNN": onednn}
    if has_bf16():
        confs["paddle bf16"] = replace(onednn, precision="bf16")
    return _paddle(bundle, confs, where, index)


def _paddle_device(
    bundle: Bundle, conf: LocalServiceConfig, device_type: int, where: str, index: int
) -> list[Candidate]:
    """Paddle on another device, which alone knows its precisions unless it is a GPU."""
    precisions = ["fp16", "bf16", "fp32"] if device_type == GPU else [conf.precision]
    if precisions == ["auto"]:
        raise ConfigError(
            f"auto knows devices 0 and 1, not {device_type}; name a precision",
            field=f"{where}.precision",
        )
    confs = {
        f"paddle {precision} on device {device_type}": replace(
            conf, precision=precision, ir_optim=True
        )
        for precision in precisions
    }
    return _paddle(bundle, confs, where, index)


def _paddle(
    bundle: Bundle, confs: dict[str, LocalServiceConfig], where: str, index: int
) -> list[Candidate]:
    return [
        Candidate(name, conf.precision, PaddleSource(bundle, conf, where, index))
        for name, conf in confs.items()
    ]
