# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Convert a program of Paddle 3 (``.json``) to an ``.onnx``, which OpenVINO can read.

paddle2onnx does it in a process of its own, because on some programs it dies by a signal.
``python -m export.graphs.onnx_graph`` is that process. The scores are not checked here: the golden
pairs prove an ``.onnx`` like every other graph of a bundle.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from contract.bundle.graphs import JSON, paddle_reader
from contract.errors import BundleError

# has LayerNormalization as one operator
_OPSET = 17
_REPOSITORY = Path(__file__).resolve().parents[2]


def can_convert() -> bool:
    """Whether this environment has paddle2onnx and a Paddle that reads a ``.json``."""
    return JSON in paddle_reader().formats and find_spec("paddle2onnx") is not None


def convert(model: Path, params: Path, target: Path) -> None:
    """Write ``target``, with the weights in it.

    Raises:
        BundleError: paddle2onnx cannot convert the program.
    """
    files = [str(path.resolve()) for path in (model, params, target)]
    result = subprocess.run(
        [sys.executable, "-m", "export.graphs.onnx_graph", *files],
        cwd=_REPOSITORY,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if result.returncode or not target.is_file():
        ended = f"it ended with {result.returncode}: {_reason(result.stdout)}"
        raise BundleError(
            f"paddle2onnx cannot convert it ({ended}); name an .onnx in --with_graph, or leave "
            "it out by --onnx False",
            field=str(model),
        )


def _reason(output: str) -> str:
    """The line that says most; tracebacks and Paddle's warnings stand around it."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if "ERROR" in line or "Error" in line]
    return (telling or lines or ["no output"])[-1][:200]


def _main(model: str, params: str, target: str) -> None:
    import onnx
    import paddle2onnx

    # its default, polygraphy, installs packages from the network by itself
    content = paddle2onnx.export(model, params, opset_version=_OPSET, optimize_tool="none")
    graph = onnx.load_model_from_string(content)
    _make_scalars_by_squeeze(graph)
    onnx.checker.check_model(graph)
    onnx.save(graph, target)


def _make_scalars_by_squeeze(model: Any) -> None:
    """Replace ``Reshape`` to the shape ``[]``: OpenVINO 2025.3 sees an axis in it."""
    empty = {
        output
        for node in model.graph.node
        if node.op_type == "Constant"
        for attribute in node.attribute
        if attribute.name == "value" and list(attribute.t.dims) == [0]
        for output in node.output
    }
    for node in model.graph.node:
        if node.op_type == "Reshape" and node.input[1] in empty:
            node.op_type = "Squeeze"
            del node.input[1:]
            del node.attribute[:]


if __name__ == "__main__":
    _main(*sys.argv[1:])
