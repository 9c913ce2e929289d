# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Opens engines by their own public APIs, without the service's code around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Callable

import numpy as np
from numpy.typing import NDArray

from contract.bundle import Bundle
from contract.bundle.golden import Feed, RunFeed
from contract.environment.cpu import has_bf16
from contract.errors import BundleError, SetUpError

PADDLE, OPENVINO = "paddle", "openvino"
FP32, BF16, INT8 = "fp32", "bf16", "int8"

# every pair of rows and length that comes along keeps its compiled kernels
_OPENVINO_SHAPES = 5000


def open_runs(engine: str, bundle: Bundle, precision: str, threads: int) -> Sequence[RunFeed]:
    """Load a bundle's graph for so many threads in all.

    Returns:
        One callable for each thread that computes: ``{name: [N, L]}`` to logits ``[N, width]``.

    Raises:
        SetUpError: the machine or the bundle cannot give that precision.
    """
    if precision == BF16 and not has_bf16():
        raise SetUpError("this CPU has no bf16", field="precision")
    if (precision == INT8) != (bundle.manifest.precision == INT8):
        raise SetUpError(
            f"{precision} cannot be had from a bundle in {bundle.manifest.precision}",
            field=str(bundle.root),
        )
    return _OPENERS[engine](bundle, precision, threads)


def _paddle(bundle: Bundle, precision: str, threads: int) -> Sequence[RunFeed]:
    from export.engines.paddle_inference import GraphPredictor, InferenceOptions, logits_of

    options = InferenceOptions(precision=precision, cpu_threads=threads)
    model, params = _only(bundle.server_dir, ".pdmodel"), _only(bundle.server_dir, ".pdiparams")
    predictor = GraphPredictor(model, params, options)
    return [logits_of(predictor, bundle.manifest.fetches, bundle.manifest.logits)]


def _openvino(bundle: Bundle, precision: str, threads: int) -> Sequence[RunFeed]:
    import openvino

    suffix = ".xml" if precision == INT8 else ".pdmodel"
    # see pipeline.engines.openvino_graph: two first arrays at once would wait for each other
    openvino.Tensor(np.zeros((1, 1), dtype=np.int64), shared_memory=True)
    core = openvino.Core()
    hint = "bf16" if precision == BF16 else "f32"
    compiled = core.compile_model(
        core.read_model(str(_only(bundle.server_dir, suffix))),
        "CPU",
        {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": threads,
            "INFERENCE_PRECISION_HINT": hint,
            "CPU_RUNTIME_CACHE_CAPACITY": _OPENVINO_SHAPES,
        },
    )
    names = [spec.name for spec in bundle.manifest.fetches if spec.alias == bundle.manifest.logits]
    output = compiled.output(names[0])
    inputs = {spec.alias: spec.name for spec in bundle.manifest.feeds}
    return [_infer(compiled.create_infer_request(), inputs, output) for _ in range(threads)]


def _infer(request: Any, inputs: Mapping[str, str], output: Any) -> RunFeed:
    def run(feed: Feed) -> NDArray[np.float32]:
        done = request.infer({inputs[alias]: rows for alias, rows in feed.items()})
        logits: NDArray[np.float32] = np.array(done[output], dtype=np.float32)
        return logits

    return run


_OPENERS: Mapping[str, Callable[[Bundle, str, int], Sequence[RunFeed]]] = {
    PADDLE: _paddle,
    OPENVINO: _openvino,
}


def _only(directory: Path, suffix: str) -> Path:
    found = sorted(directory.glob(f"*{suffix}"))
    if len(found) != 1:
        raise BundleError(
            f"has {len(found)} {suffix} files; export the bundle again", field=str(directory)
        )
    return found[0]
