# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Run a graph in OpenVINO, over rows of tokens of any length."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Callable, Union

import numpy as np
from numpy.typing import NDArray

from contract.errors import SetUpError
from train.data.batches import sorted_batches
from train.teachers.teacher import FloatArray, Runtime

# from inputs to outputs, by name
Run = Callable[[dict[str, NDArray[Any]]], dict[str, FloatArray]]


def compile_graph(graph: Union[Path, Any], runtime: Runtime, where: str) -> Run:
    """A graph made ready for this CPU, in fp32 or in the int8 that it holds.

    Args:
        graph: a file (``.pdmodel``, ``.onnx``, ``.xml``) or an ``openvino.Model``.
        runtime: how many threads.
        where: names the graph in errors.

    Returns:
        A function from inputs to outputs. Inputs that the graph has no place for are left out.

    Raises:
        SetUpError: OpenVINO is not installed, or cannot read the graph.
    """
    try:
        import openvino
    except ImportError as error:
        raise SetUpError(
            "OpenVINO is not installed here; run it in .venv or .venv-card", field=where
        ) from error
    settings = {
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "THROUGHPUT",
        "NUM_STREAMS": 1,
        "INFERENCE_NUM_THREADS": runtime.threads,
    }
    source = str(graph) if isinstance(graph, Path) else graph
    try:
        compiled = openvino.Core().compile_model(source, "CPU", settings)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise SetUpError(f"OpenVINO cannot load it ({reason})", field=where) from error
    request = compiled.create_infer_request()
    inputs = {port.get_any_name() for port in compiled.inputs}
    outputs = [(port.get_names(), port) for port in compiled.outputs]

    def run(feed: dict[str, NDArray[Any]]) -> dict[str, FloatArray]:
        answer = request.infer({name: value for name, value in feed.items() if name in inputs})
        return {
            name: np.array(answer[port], dtype=np.float32)
            for names, port in outputs
            for name in names
        }

    return run


def in_batches(
    lengths: Sequence[int], batch_size: int, compute: Callable[[NDArray[np.int64]], FloatArray]
) -> FloatArray:
    """Compute rows with others of like length, and put the results in the order of the rows.

    Args:
        lengths: of the rows, in tokens; at least one.
        batch_size: rows at once.
        compute: from numbers of rows ``[n]`` to results ``[n, width]``.
    """
    batches = sorted_batches(np.asarray(lengths), batch_size)
    parts = np.concatenate([compute(batch) for batch in batches])
    result = np.empty_like(parts)
    result[np.concatenate(batches)] = parts
    return result


def finite(values: FloatArray, where: str) -> FloatArray:
    """The values.

    Raises:
        SetUpError: one is NaN or infinite.
    """
    bad = int(np.count_nonzero(~np.isfinite(values)))
    if bad:
        raise SetUpError(
            f"gives NaN or infinity {bad} times in {values.size} values; its weights are damaged, "
            "or it reads other rows than these",
            field=where,
        )
    return values
