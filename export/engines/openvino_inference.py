# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Run a graph in OpenVINO on this CPU, in fp32 or in the int8 that it holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contract.bundle.golden import Feed, RunFeed
from contract.errors import BundleError
from export.engines.tensors import RunTensors, Tensors
from export.graphs.quiet import quiet_stderr


def run_graph(path: Path, output: str, threads: int = 0) -> RunFeed:
    """A graph compiled for this CPU, cut down to one output.

    Args:
        path: ``.pdmodel``, ``.onnx`` or ``.xml``.
        output: the name of the output.
        threads: of the engine; 0 is all processors.

    Raises:
        BundleError: OpenVINO cannot read it.
    """
    run_all = run_outputs(path, (output,), threads)

    def run(feed: Feed) -> NDArray[np.float32]:
        return run_all(feed)[output]

    return run


def run_outputs(path: Path, outputs: Sequence[str], threads: int = 0) -> RunTensors:
    """The same with several outputs, by their names.

    Raises:
        BundleError: OpenVINO cannot read it.
    """
    import openvino

    settings = {
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads,
    }
    try:
        with quiet_stderr():  # each of its readers says why a damaged file is not its own
            compiled = openvino.Core().compile_model(str(path), "CPU", settings)
        request = compiled.create_infer_request()
        ports = {name: compiled.output(name) for name in outputs}
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise BundleError(f"OpenVINO cannot load it ({reason})", field=str(path)) from error

    def run(feed: Tensors) -> dict[str, NDArray[np.float32]]:
        found = request.infer(dict(feed))
        return {name: np.array(found[port], dtype=np.float32) for name, port in ports.items()}

    return run
