# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""OpenVINO's CPU plugin behind the Engine protocol.

Reads a bundle's .pdmodel or .onnx, or the .xml of a quantized bundle. Every engine is a compiled
graph of its own (openvino_graph.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from contract.bundle import Bundle
from contract.bundle.files import content_digest
from contract.bundle.graphs import OPENVINO, OPENVINO_INT8, Reader
from contract.errors import ConfigError
from pipeline.engines.cache import EngineCache
from pipeline.engines.openvino_graph import (
    CompiledGraph,
    GraphEngine,
    Output,
    cpu_precisions,
    options_of,
)

# more engines than this share the threads between them, lest the weights fill the memory
_MOST_ENGINES = 4


class Share(NamedTuple):
    """How the threads of a ranker are divided: so many engines, so many threads for each."""

    engines: int
    threads: int


def share_of(thread_num: int) -> Share:
    """One thread for each engine, as long as there are not many."""
    engines = min(thread_num, _MOST_ENGINES)
    return Share(engines, thread_num // engines)


def reader_of(bundle: Bundle) -> Reader:
    """What OpenVINO takes first of this bundle: the .xml of a quantized one, else the .pdmodel."""
    return OPENVINO_INT8 if bundle.manifest.precision == "int8" else OPENVINO


def graph_of(bundle: Bundle) -> Path:
    """The file to read.

    Raises:
        BundleError: there is none, or more than one.
    """
    return bundle.graph(reader_of(bundle)).model


class OpenVinoEngine(GraphEngine):
    """The compiled graph of a bundle."""

    def __init__(
        self, bundle: Bundle, precision: str, threads: int, cache: EngineCache, where: str
    ) -> None:
        """Compile the bundle's graph, or load it compiled.

        Args:
            bundle: whose graph.
            precision: ``fp32``, ``bf16``, or ``int8`` for a quantized bundle, whose other parts
                stay in fp32.
            threads: of this engine.
            cache: where compiled graphs lie.
            where: yaml path of the op's local_service_conf, for errors.

        Raises:
            ConfigError: this processor does not multiply ``precision``.
            BundleError: the bundle holds no graph that OpenVINO reads, or that graph does not load
                or is not what the manifest says.
        """
        check_precision(bundle, precision, where)
        manifest = bundle.manifest
        place = [spec.alias for spec in manifest.fetches].index(manifest.logits)
        logits = Output(
            frozenset({manifest.fetches[place].name, manifest.fetches[place].alias}),
            place,
            len(manifest.fetches),
        )
        graph = CompiledGraph(
            graph_of(bundle),
            content_digest(manifest.files),
            [spec.name for spec in manifest.feeds],
            [logits],
            options_of(precision, threads),
            cache,
        )
        super().__init__(graph, manifest.feeds)


class OpenVinoSource:
    """Opens OpenVINO engines of one ranker; see :class:`pipeline.engines.engine.EngineSource`."""

    def __init__(
        self, bundle: Bundle, precision: str, thread_num: int, cache: EngineCache, where: str
    ) -> None:
        """Bind what every engine needs; ``thread_num`` is divided between them."""
        self._share = share_of(thread_num)
        self._arguments = (bundle, precision, self._share.threads, cache, where)

    @property
    def count(self) -> int:
        """How many engines to run side by side."""
        return self._share.engines

    def open(self) -> OpenVinoEngine:
        """Compile one, or load it compiled."""
        return OpenVinoEngine(*self._arguments)


def check_precision(bundle: Bundle, precision: str, where: str) -> None:
    """Refuse what this bundle or this processor cannot compute in.

    Raises:
        ConfigError: it cannot; ``where`` is the yaml path of the op's local_service_conf.
    """
    quantized = bundle.manifest.precision == "int8"
    if (precision == "int8") != quantized:
        raise ConfigError(
            "the bundle is quantized; use int8 or auto"
            if quantized
            else "the bundle is not quantized; use fp32 or auto, or quantize it",
            field=f"{where}.precision",
        )
    if precision not in cpu_precisions():
        raise ConfigError(
            f"OpenVINO does not multiply {precision} on this processor; use fp32 or auto",
            field=f"{where}.precision",
        )
