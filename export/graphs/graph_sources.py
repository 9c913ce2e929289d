# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Find the graphs that a user names for one bundle, and give them the same names of tensors.

An ``.onnx`` for OpenVINO is added to them where only Paddle 3 could read the others.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from contract.bundle.graphs import (
    JSON,
    ONNX,
    OPENVINO,
    PDMODEL,
    XML,
    GraphFiles,
    format_of,
    graph_files,
    paddle_reader,
)
from contract.errors import SetUpError
from export.graphs.onnx_graph import can_convert, convert
from export.graphs.program import Tensors, name_outputs, read_tensors


def named_graph(model: Path, params: Optional[Path], flag: str) -> GraphFiles:
    """A graph and its weights, by the files that a flag names.

    Raises:
        SetUpError: no graph by its name, or a file is not there.
    """
    if format_of(model) in ("", XML):
        raise SetUpError(f"{model} is not a .pdmodel, .json or .onnx", field=flag)
    graph = graph_files(model, params)
    for path in filter(None, (graph.model, graph.params)):
        if not path.is_file():
            raise SetUpError(f"there is no {path.name} in {path.parent}", field=flag)
    return graph


def named_alike(
    graphs: Sequence[GraphFiles], tensors: Tensors, folder: Path
) -> tuple[GraphFiles, ...]:
    """Graphs whose inputs and outputs have the names that the bundle will declare.

    Outputs of a Paddle graph that are called otherwise are renamed in a copy below ``folder``: two
    exports of one model differ in them. The first graph is the one that ``tensors`` are of.

    Raises:
        SetUpError: a graph takes or returns something else.
        BundleError: a file is no graph.
    """
    names = [[spec.name for spec in specs] for specs in tensors]
    found = [graphs[0]]
    for number, graph in enumerate(graphs[1:]):
        inputs, outputs = ([s.name for s in specs] for specs in read_tensors(graph.model))
        fits = sorted(inputs) == sorted(names[0]) and len(outputs) == len(names[1])
        if fits and outputs != names[1] and graph.format in (JSON, PDMODEL):
            graph = _renamed(graph, names[1], folder / str(number))
        elif not fits or outputs != names[1]:
            raise SetUpError(
                f"{graph.model.name} takes {inputs} and returns {outputs}, "
                f"but {graphs[0].model.name} takes {names[0]} and returns {names[1]}; give graphs "
                "of the same model",
                field="with_graph",
            )
        found.append(graph)
    return tuple(found)


def _renamed(graph: GraphFiles, outputs: Sequence[str], folder: Path) -> GraphFiles:
    folder.mkdir(parents=True)
    model = folder / graph.model.name
    shutil.copyfile(graph.model, model)
    name_outputs(model, outputs)
    return GraphFiles(graph.format, model, graph.params)


def check_one_of_each(graphs: Sequence[GraphFiles]) -> None:
    """Refuse two graphs of one format, of which an engine would take either.

    Raises:
        SetUpError: there are.
    """
    formats = [graph.format for graph in graphs]
    if len(set(formats)) != len(formats):
        names = ", ".join(str(graph.model) for graph in graphs)
        raise SetUpError(
            f"a bundle has one graph of each format, but these share one: {names}",
            field="with_graph",
        )


def with_onnx(
    graphs: Sequence[GraphFiles], folder: Path, wanted: Optional[bool] = None
) -> tuple[GraphFiles, ...]:
    """The graphs and, made from the ``.json``, an ``.onnx`` for OpenVINO.

    Args:
        graphs: of one bundle.
        folder: to write into.
        wanted: ``None`` makes one where OpenVINO reads no other and paddle2onnx is here, and says
            so on stderr where it is not.

    Raises:
        SetUpError: it is wanted and cannot be made.
        BundleError: the program cannot be converted.
    """
    check_one_of_each(graphs)
    programs = [graph for graph in graphs if graph.format == JSON]
    others = [graph for graph in graphs if graph.format in OPENVINO.formats]
    if wanted is False or (wanted is None and (others or not programs)):
        return tuple(graphs)
    if not programs or any(graph.format == ONNX for graph in graphs):
        raise SetUpError(
            "an .onnx is made only from a .json, and where no .onnx is given", field="onnx"
        )
    if not can_convert():
        _say_or_refuse(wanted)
        return tuple(graphs)
    (program,) = programs
    if program.params is None:
        return tuple(graphs)
    target = folder / f"{program.model.stem}.onnx"
    folder.mkdir(parents=True, exist_ok=True)
    convert(program.model, program.params, target)
    return (*graphs, graph_files(target))


def _say_or_refuse(wanted: Optional[bool]) -> None:
    """Paddle 3 alone can serve a ``.json``, but more slowly, and not from the C++ service."""
    missing = "paddle2onnx" if JSON in paddle_reader().formats else "Paddle 3 with paddle2onnx"
    if wanted:
        raise SetUpError(f"needs {missing}, which is not installed here", field="onnx")
    print(
        f"no .onnx is made: {missing} is not installed here; OpenVINO will not run this model",
        file=sys.stderr,
    )
