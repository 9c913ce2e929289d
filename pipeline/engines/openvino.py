# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""OpenVINO's CPU plugin behind the Engine protocol.

Reads a bundle's .pdmodel or .onnx, or the .xml of a quantized bundle. Every engine is a compiled
graph of its own with one stream, and computes in the thread that calls it when it has one thread
only (docs/decisions/engines.md has what that gains).
"""

from __future__ import annotations

import logging
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Optional

import numpy as np

from contract.bundle import Bundle
from contract.bundle.files import content_digest
from contract.bundle.graphs import OPENVINO, OPENVINO_INT8, Reader
from contract.environment.cpu import describe_cpu
from contract.errors import BundleError, ConfigError, InferenceFailed
from pipeline.engines.cache import EngineCache
from pipeline.engines.engine import Feed, Logits
from pipeline.engines.feeds import arrays_of

_LOGGER = logging.getLogger(__name__)

# more engines than this share the threads between them, lest the weights fill the memory
_MOST_ENGINES = 4
# entries of each engine's cache of kernels; a shape takes up to three, and 0.2 to 0.4 MB
_KERNELS_KEPT = 300
_HINTS = {"fp32": "f32", "int8": "f32", "bf16": "bf16"}

_making_core = threading.Lock()
# one graph after the other: compiling uses all threads, and a failed graph is cloned in there
_compiling = threading.Lock()
# what must not be freed, see OpenVinoEngine._compute_in_caller
_quarantine: list[Any] = []


class Share(NamedTuple):
    """How the threads of a ranker are divided: so many engines, so many threads for each."""

    engines: int
    threads: int


def share_of(thread_num: int) -> Share:
    """One thread for each engine, as long as there are not many."""
    engines = min(thread_num, _MOST_ENGINES)
    return Share(engines, thread_num // engines)


def _core() -> Any:
    """One for the process: its plugins and their threads are shared."""
    with _making_core:
        return _made_core()


@lru_cache(maxsize=1)
def _made_core() -> Any:
    import openvino

    # OpenVINO (2025.3, 2026.4) looks numpy up at its first array, and lets go of Python's lock
    # meanwhile: a second thread takes that lock, waits for the look-up, and both wait for ever
    openvino.Tensor(np.zeros((1, 1), dtype=np.int64), shared_memory=True)
    return openvino.Core()


def cpu_precisions() -> frozenset[str]:
    """Which of fp32, bf16 and int8 OpenVINO multiplies natively on this processor."""
    found = _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return frozenset({"fp32", "int8"} | ({"bf16"} & {name.lower() for name in found}))


def reader_of(bundle: Bundle) -> Reader:
    """What OpenVINO takes first of this bundle: the .xml of a quantized one, else the .pdmodel."""
    return OPENVINO_INT8 if bundle.manifest.precision == "int8" else OPENVINO


def graph_of(bundle: Bundle) -> Path:
    """The file to read.

    Raises:
        BundleError: there is none, or more than one.
    """
    return bundle.graph(reader_of(bundle)).model


class OpenVinoEngine:
    """One compiled graph and its infer request."""

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
        _check_precision(bundle, precision, where)
        self._graph = graph_of(bundle)
        self._specs = bundle.manifest.feeds
        self._manifest = bundle.manifest
        self._cache = cache
        self._options = {
            "NUM_STREAMS": 1,
            "INFERENCE_NUM_THREADS": threads,
            # pinned, a graph of one thread would not compute in the thread that calls it
            "ENABLE_CPU_PINNING": False,
            "INFERENCE_PRECISION_HINT": _HINTS[precision],
            "CPU_RUNTIME_CACHE_CAPACITY": _KERNELS_KEPT,
        }
        self._in_caller = threads == 1
        try:
            self._compile()
        except RuntimeError as error:
            raise BundleError(
                f"OpenVINO cannot load the graph ({_reason(error)}); export the bundle again",
                field=str(self._graph),
            ) from error

    def _compile(self) -> None:
        """Make the compiled graph and its request, and find its inputs by name."""
        with _compiling:
            compiled = self._load_compiled()
        names = [spec.name for spec in self._specs]
        places = {name: i for i, port in enumerate(compiled.inputs) for name in port.names}
        if len(compiled.inputs) != len(names) or not set(names) <= set(places):
            raise self._other_graph(compiled)
        self._inputs = [places[name] for name in names]
        self._output = self._find_logits(compiled)
        self._compiled, self._request = compiled, compiled.create_infer_request()

    def _load_compiled(self) -> Any:
        import openvino

        core = _core()
        facts = {
            "files": content_digest(self._manifest.files),
            "graph": self._graph.name,
            "options": {name: str(value) for name, value in self._options.items()},
            "openvino": openvino.get_version(),
            "cpu": describe_cpu(),
        }
        kept = self._cache.read("openvino", facts)
        if kept is not None:
            try:
                return core.import_model(kept, "CPU", self._options)
            except RuntimeError as error:
                _LOGGER.warning("a compiled graph cannot be read (%s)", _reason(error))
                self._cache.discard("openvino", facts)
        graph = core.read_model(str(self._graph))
        if not graph.outputs:  # an empty file is read as an empty graph
            raise RuntimeError("a graph without outputs")
        compiled = core.compile_model(graph, "CPU", self._options)
        self._cache.write("openvino", facts, compiled.export_model().getvalue())
        return compiled

    def _find_logits(self, compiled: Any) -> int:
        """The place of the logits: by a name if the graph knows one, else as declared."""
        fetches = self._manifest.fetches
        place = [spec.alias for spec in fetches].index(self._manifest.logits)
        known = {fetches[place].name, fetches[place].alias}
        named = [i for i, port in enumerate(compiled.outputs) if known & port.names]
        if len(named) != 1 and len(compiled.outputs) != len(fetches):
            raise self._other_graph(compiled)
        return named[0] if len(named) == 1 else place

    def _other_graph(self, compiled: Any) -> BundleError:
        inputs = sorted(name for port in compiled.inputs for name in port.names)
        outputs = sorted(name for port in compiled.outputs for name in port.names)
        return BundleError(
            f"the graph takes {inputs} and returns {outputs}, which is not what the bundle "
            "declares; export the bundle again",
            field=str(self._graph),
        )

    def run(self, feed: Feed) -> Logits:
        """Run one batch; see :class:`pipeline.engines.engine.Engine`."""
        return self._compute(dict(zip(self._inputs, arrays_of(feed, self._specs))))

    def _compute(self, inputs: dict[int, Any]) -> Logits:
        if self._in_caller:
            logits = self._compute_in_caller(inputs)
            if logits is not None:
                return logits
        try:
            self._request.start_async(inputs, share_inputs=True)
            self._request.wait()
        except RuntimeError as error:
            # some of the graph's nodes have the shapes of this run by now, others those of the run
            # before; it would fail, or worse, with good inputs too
            self._compile()
            raise InferenceFailed(f"OpenVINO failed on a batch ({_reason(error)})") from error
        return self._logits()

    def _compute_in_caller(self, inputs: dict[int, Any]) -> Optional[Logits]:
        """Compute in this thread, or ``None`` when that failed.

        With one thread, infer returns without an error also when it failed, and leaves the outputs
        of the run before (OpenVINO 2025.3, CPUStreamsExecutor's Defer). The logits are therefore
        emptied before, and are still empty when it failed.
        """
        from openvino import Shape

        logits = self._request.get_output_tensor(self._output)
        logits.shape = Shape([0, *logits.shape[1:]])
        self._request.infer(inputs, share_inputs=True, share_outputs=True)
        if self._request.get_output_tensor(self._output).size > 0:
            return self._logits()
        # the plugin keeps the failed run for the next graph that is given its executor: as long as
        # this one lives, none is. It happens once to an engine: from now on it computes the way
        # that reports errors
        self._in_caller = False
        _quarantine.append((self._compiled, self._request))
        self._compile()
        return None

    def _logits(self) -> Logits:
        return np.array(self._request.get_output_tensor(self._output).data, dtype=np.float32)

    def close(self) -> None:
        """Drop the request and the graph."""
        self._request = self._compiled = None


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


def _check_precision(bundle: Bundle, precision: str, where: str) -> None:
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


def _reason(error: Exception) -> str:
    """The last line of OpenVINO's message; the places in its source stand above it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
