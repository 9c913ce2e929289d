# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Copies fixtures/all_graphs with some of its graphs, or with other weights in one of them.

The fixture is a bundle that holds a .pdmodel, a .json and an .onnx of the same weights
(tests/make_graph_fixture.py).
"""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from contract.bundle import Bundle
from contract.bundle.graphs import JSON, PARAMS_SUFFIXES, PDMODEL, paddle_reader
from tests.bundles import relist
from tests.make_graph_fixture import FIXTURE

NAME = "inference.predict"
# of the last layer's output, as a .pdiparams ends: [16, 1] in fp32
_LAST_WEIGHTS_BYTES = 16 * 4

needs_paddle_3 = pytest.mark.skipif(
    JSON not in paddle_reader().formats, reason="needs Paddle 3, which reads a .json"
)
needs_paddle_2 = pytest.mark.skipif(
    JSON in paddle_reader().formats, reason="needs Paddle 2, which does not read a .json"
)
needs_converter = pytest.mark.skipif(
    JSON not in paddle_reader().formats or find_spec("paddle2onnx") is None,
    reason="needs Paddle 3 with paddle2onnx",
)


def bundle_with(directory: Path, *formats: str) -> Path:
    """Write ``directory/bundle``: the fixture with the graphs of these formats only."""
    root = Path(shutil.copytree(FIXTURE, directory / "bundle"))
    for graph in Bundle.open(root).graphs:
        if graph.format not in formats:
            (root / graph.path).unlink()
            if graph.params:
                (root / graph.params).unlink()
    return relist(root)


def export_with(directory: Path, *formats: str) -> Path:
    """Write ``directory/export`` as a user has it: graphs, their weights, no facts."""
    export = directory / "export"
    export.mkdir()
    bundle = Bundle.open(FIXTURE)
    for spec in bundle.graphs:
        if spec.format in formats:
            graph = bundle.files_of(spec)
            for path in filter(None, (graph.model, graph.params)):
                shutil.copyfile(path, export / path.name)
    return export


def graph_of(bundle: Path, kind: str) -> Path:
    """The file of one format."""
    (found,) = (graph for graph in Bundle.open(bundle, verify=False).graphs if graph.format == kind)
    return bundle / found.path


def change_weights(bundle: Path, kind: str) -> None:
    """Turn the weights of the last layer round in one graph, and have the manifest agree."""
    original = Bundle.open(FIXTURE)
    (program,) = (original.files_of(g) for g in original.graphs if g.format == PDMODEL)
    assert program.params is not None
    weights = program.params.read_bytes()[-_LAST_WEIGHTS_BYTES:]
    turned = (-np.frombuffer(weights, np.float32)).tobytes()
    graph = graph_of(bundle, kind)
    holder = graph.with_suffix(PARAMS_SUFFIXES.get(kind, graph.suffix))
    content = holder.read_bytes()
    assert content.count(weights) == 1
    holder.write_bytes(content.replace(weights, turned))
    relist(bundle)
