# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A graph that OpenVINO's CPU plugin has compiled, and its one infer request.

It has one stream, and computes in the thread that calls it when it has one thread only
(docs/decisions/engines.md has what that gains).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Optional

import numpy as np
from numpy.typing import NDArray

from contract.environment.cpu import describe_cpu
from contract.errors import BundleError, InferenceFailed
from contract.tensors import TensorSpec
from pipeline.engines.cache import EngineCache
from pipeline.engines.engine import Feed, Logits
from pipeline.engines.feeds import arrays_of

_LOGGER = logging.getLogger(__name__)

# entries of each graph's cache of kernels; a shape takes up to three, and 0.2 to 0.4 MB
_KERNELS_KEPT = 300
_HINTS = {"fp32": "f32", "int8": "f32", "bf16": "bf16"}

_making_core = threading.Lock()
# one graph after the other: compiling uses all threads, and a failed graph is cloned in there
_compiling = threading.Lock()
# what must not be freed, see CompiledGraph._compute_in_caller
_quarantine: list[Any] = []


class Output(NamedTuple):
    """Which output of a graph is read: by a name if the graph knows one, else by its place.

    Attributes:
        names: that it may have.
        place: among the outputs that the bundle declares.
        declared: how many these are.
    """

    names: frozenset[str]
    place: int
    declared: int


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


def options_of(precision: str, threads: int) -> dict[str, Any]:
    """How a graph is compiled that computes in ``precision`` with so many threads."""
    return {
        "NUM_STREAMS": 1,
        "INFERENCE_NUM_THREADS": threads,
        # pinned, a graph of one thread would not compute in the thread that calls it
        "ENABLE_CPU_PINNING": False,
        "INFERENCE_PRECISION_HINT": _HINTS[precision],
        "CPU_RUNTIME_CACHE_CAPACITY": _KERNELS_KEPT,
    }


class CompiledGraph:
    """One graph; opened, used and closed by one thread."""

    def __init__(
        self,
        graph: Path,
        digest: str,
        inputs: Sequence[str],
        outputs: Sequence[Output],
        options: Mapping[str, Any],
        cache: EngineCache,
    ) -> None:
        """Compile it, or load it compiled.

        Args:
            graph: the file.
            digest: of the files of its bundle.
            inputs: their names, in the order that :meth:`run` takes arrays.
            outputs: in the order that it returns them.
            options: of :func:`options_of`.
            cache: where compiled graphs lie.

        Raises:
            BundleError: it does not load, or has other inputs or outputs.
        """
        self._graph = graph
        self._digest = digest
        self._names = inputs
        self._wanted = outputs
        self._options = dict(options)
        self._cache = cache
        self._in_caller = options["INFERENCE_NUM_THREADS"] == 1
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
        places = {name: i for i, port in enumerate(compiled.inputs) for name in port.names}
        if len(compiled.inputs) != len(self._names) or not set(self._names) <= set(places):
            raise self._other_graph(compiled)
        self._inputs = [places[name] for name in self._names]
        self._outputs = [self._find(compiled, output) for output in self._wanted]
        self._compiled, self._request = compiled, compiled.create_infer_request()

    def _load_compiled(self) -> Any:
        import openvino

        core = _core()
        facts = {
            "files": self._digest,
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

    def _find(self, compiled: Any, output: Output) -> int:
        named = [i for i, port in enumerate(compiled.outputs) if output.names & port.names]
        if len(named) != 1 and len(compiled.outputs) != output.declared:
            raise self._other_graph(compiled)
        return named[0] if len(named) == 1 else output.place

    def _other_graph(self, compiled: Any) -> BundleError:
        inputs = sorted(name for port in compiled.inputs for name in port.names)
        outputs = sorted(name for port in compiled.outputs for name in port.names)
        return BundleError(
            f"the graph takes {inputs} and returns {outputs}, which is not what the bundle "
            "declares; export the bundle again",
            field=str(self._graph),
        )

    def run(self, arrays: Sequence[NDArray[Any]]) -> list[NDArray[np.float32]]:
        """Compute one batch.

        Args:
            arrays: contiguous, of the graph's types, in the order of the inputs' names.

        Returns:
            The outputs asked for, in their order; copies.

        Raises:
            InferenceFailed: this batch could not be computed; the next one can.
        """
        inputs = dict(zip(self._inputs, arrays))
        if self._in_caller:
            found = self._compute_in_caller(inputs)
            if found is not None:
                return found
        try:
            self._request.start_async(inputs, share_inputs=True)
            self._request.wait()
        except RuntimeError as error:
            # some of the graph's nodes have the shapes of this run by now, others those of the run
            # before; it would fail, or worse, with good inputs too
            self._compile()
            raise InferenceFailed(f"OpenVINO failed on a batch ({_reason(error)})") from error
        return self._found()

    def _compute_in_caller(self, inputs: dict[int, Any]) -> Optional[list[NDArray[np.float32]]]:
        """Compute in this thread, or ``None`` when that failed.

        With one thread, infer returns without an error also when it failed, and leaves the outputs
        of the run before (OpenVINO 2025.3, CPUStreamsExecutor's Defer). The outputs are therefore
        emptied before, and are still empty when it failed.
        """
        from openvino import Shape

        outputs = [self._request.get_output_tensor(place) for place in self._outputs]
        for output in outputs:
            output.shape = Shape([0, *output.shape[1:]])
        self._request.infer(inputs, share_inputs=True, share_outputs=True)
        if all(self._request.get_output_tensor(place).size > 0 for place in self._outputs):
            return self._found()
        # the plugin keeps the failed run for the next graph that is given its executor: as long as
        # this one lives, none is. It happens once to an engine: from now on it computes the way
        # that reports errors
        self._in_caller = False
        _quarantine.append((self._compiled, self._request))
        self._compile()
        return None

    def _found(self) -> list[NDArray[np.float32]]:
        tensors = (self._request.get_output_tensor(place) for place in self._outputs)
        return [np.array(tensor.data, dtype=np.float32) for tensor in tensors]

    def close(self) -> None:
        """Drop the request and the graph."""
        self._request = self._compiled = None


class GraphEngine:
    """A compiled graph with logits as its one output; see :class:`pipeline.engines.engine.Engine`.

    It is here, so that a request passes one file of OpenVINO's.
    """

    def __init__(self, graph: CompiledGraph, specs: Sequence[TensorSpec]) -> None:
        """Bind a graph, and what a feed holds for it, in the order of its inputs."""
        self._graph = graph
        self._specs = specs

    def run(self, feed: Feed) -> Logits:
        """Run one batch."""
        (logits,) = self._graph.run(arrays_of(feed, self._specs))
        return logits

    def close(self) -> None:
        """Drop the request and the graph."""
        self._graph.close()


def _reason(error: Exception) -> str:
    """The last line of OpenVINO's message; the places in its source stand above it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
