# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Works out the most pairs a second that this machine could compute with a bundle.

``python -m benchmarks.roofline --bundle DIR`` prints JSON. It runs in a process of its own, so that
no other library's threads are about.

The roofline of a precision is its rate of a large matrix product, in floating-point (or integer)
operations a second, over the operations of a mean pair. A row of L tokens through ``layers``
layers of hidden size h and feed-forward size f costs

    dense      2 L (4 h h + 2 h f) layers     query, key, value, output; both of the feed-forward
    attention  2 (2 L L h) layers             scores and their product with the values
    head       2 h h + 2 h width              pooler and head, of one position

counting a multiplication and an addition as two, without padding, embeddings, norms, activations
or an evidence layer. The last layer counts whole, although only its first position is needed: what
an engine saves there shows as more than its share.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Callable

import numpy as np

from contract.bundle import Bundle
from contract.environment.cpu import has_bf16, prepare_math_library
from export.graphs.program import read_program, tensor_of

# rows, inner and columns of the products: a square one, and the feed-forward's of many tokens
_SHAPES = ((2048, 2048, 2048), (4096, 768, 3072))
_SECONDS = 1.5
_PEAK_RUNS = 3


@dataclass(frozen=True)
class Sizes:
    """What the cost of a row depends on.

    Attributes:
        layers: of the encoder.
        hidden: width of a token's state.
        feed_forward: inner width of the feed-forward part.
        width: logits of a row.
    """

    layers: int
    hidden: int
    feed_forward: int
    width: int

    def operations(self, lengths: Iterable[int]) -> float:
        """Of rows of so many tokens each; the formula stands in the module's docstring."""
        h, f = self.hidden, self.feed_forward
        total = 0.0
        for length in lengths:
            dense = 2 * length * (4 * h * h + 2 * h * f)
            attention = 2 * 2 * length * length * h
            total += self.layers * (dense + attention) + 2 * h * h + 2 * h * self.width
        return total


def read_sizes(bundle: Bundle) -> Sizes:
    """From the shapes of the graph's parameters."""
    (path,) = bundle.server_dir.glob("*.pdmodel")
    block = read_program(path).blocks[0]
    dense = [
        list(tensor_of(variable).dims)
        for variable in block.vars
        if variable.persistable and variable.name.startswith("linear_") and ".w_" in variable.name
    ]
    widening = [shape for shape in dense if shape[1] > shape[0]]
    hidden, feed_forward = widening[0]
    return Sizes(len(widening), hidden, feed_forward, bundle.score.width)


def measure(threads: int) -> dict[str, float]:
    """GFLOP/s (GOP/s for int8) by precision: the best of libraries and shapes."""
    best: dict[str, float] = {}
    makers: dict[str, list[Callable[[int, int, int], Callable[[], Any]]]] = {
        "fp32": [_numpy, _paddle, partial(_openvino, "f32", threads)],
        "int8": [partial(_openvino, "int8", threads)],
    }
    if has_bf16():
        makers["bf16"] = [partial(_openvino, "bf16", threads)]
    for precision, ways in makers.items():
        best[precision] = max(_rate(make, shape) for make in ways for shape in _SHAPES)
    return best


def _rate(make: Callable[..., Callable[[], Any]], shape: tuple[int, int, int]) -> float:
    """Of the fastest run: the machine's limit, not its mood."""
    product = make(*shape)
    for _ in range(_PEAK_RUNS):
        product()
    fastest, end = float("inf"), time.perf_counter() + _SECONDS
    while time.perf_counter() < end:
        start = time.perf_counter()
        product()
        fastest = min(fastest, time.perf_counter() - start)
    rows, inner, columns = shape
    return 2 * rows * inner * columns / fastest / 1e9


def _matrices(rows: int, inner: int, columns: int) -> tuple[Any, Any]:
    random = np.random.default_rng(0)
    first = random.standard_normal((rows, inner), dtype=np.float32)
    return first, random.standard_normal((inner, columns), dtype=np.float32)


def _numpy(rows: int, inner: int, columns: int) -> Callable[[], Any]:
    first, second = _matrices(rows, inner, columns)
    out = np.empty((rows, columns), dtype=np.float32)
    return lambda: np.matmul(first, second, out=out)


def _paddle(rows: int, inner: int, columns: int) -> Callable[[], Any]:
    import paddle

    first, second = (paddle.to_tensor(m) for m in _matrices(rows, inner, columns))
    return lambda: paddle.matmul(first, second)


def _openvino(kind: str, threads: int, rows: int, inner: int, columns: int) -> Callable[[], Any]:
    import openvino
    from openvino import opset13 as ops

    first, second = _matrices(rows, inner, columns)
    given = ops.parameter([rows, inner], np.float32)
    left, right = given, ops.constant(second)
    if kind == "int8":
        # the pattern of a quantized model, which the plugin turns into an int8 product
        left = ops.fake_quantize(left, *_range(4.0, 255), levels=256)
        right = ops.fake_quantize(right, *_range(4.0, 254), levels=255)
    product = ops.matmul(left, right, False, False)
    model = openvino.Model([ops.relu(product)], [given])
    hint = "bf16" if kind == "bf16" else "f32"
    options = {
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "INFERENCE_PRECISION_HINT": hint,
    }
    request = openvino.Core().compile_model(model, "CPU", options).create_infer_request()
    request.set_input_tensor(openvino.Tensor(first))
    return lambda: request.infer()


def _range(limit: float, steps: int) -> list[Any]:
    """Input and output range of a quantizer that is symmetric about zero."""
    low = -limit if steps == 254 else -limit * 128 / 127
    return [np.float32(value) for value in (low, limit, low, limit)]


def main() -> int:
    """Print ``{"gflops": {precision: rate}, "sizes": {...}}``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.roofline")
    parser.add_argument("--bundle", type=Path, required=True, help="in fp32")
    options = parser.parse_args()
    prepare_math_library()
    sizes = read_sizes(Bundle.open(options.bundle))
    rates = measure(len(os.sched_getaffinity(0)))
    print(json.dumps({"gflops": rates, "sizes": asdict(sizes)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
