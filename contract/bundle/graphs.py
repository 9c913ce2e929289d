# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Knows which engine reads which of a bundle's graphs.

A bundle may hold the same weights as several graphs, because no engine reads them all:

    format   written by                     read by
    pdmodel  Paddle 2                       OpenVINO, Paddle 2, Paddle 3
    json     Paddle 3                       Paddle 3
    onnx     paddle2onnx, other frameworks  OpenVINO
    xml      OpenVINO, NNCF (int8)          OpenVINO
    __model__  Paddle 1, and Paddle Serving's older exports, with __params__  Paddle 2, Paddle 3
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, Optional

from contract.environment.cpu import prepare_math_library
from contract.errors import BundleError

PDMODEL, JSON, ONNX, XML = "pdmodel", "json", "onnx", "xml"
# a file's whole name, which has no ending
OLD_MODEL, OLD_PARAMS = "__model__", "__params__"
FORMATS = (PDMODEL, JSON, ONNX, XML, OLD_MODEL)

# the file of the weights beside a graph; an .onnx holds its own
PARAMS_SUFFIXES = {PDMODEL: ".pdiparams", JSON: ".pdiparams", XML: ".bin"}

_PADDLE_PACKAGES = ("paddlepaddle", "paddlepaddle-gpu", "paddlepaddle-xpu")
_FIRST_WITH_JSON = 3


@dataclass(frozen=True)
class GraphSpec:
    """One graph, as the manifest lists it.

    Attributes:
        format: one of :data:`FORMATS`.
        path: of the graph, relative to the bundle.
        params: of its weights, relative to the bundle; empty where the graph holds them.
    """

    format: str
    path: str
    params: str = ""


class GraphFiles(NamedTuple):
    """One graph on disk; ``params`` is ``None`` where the graph holds its weights."""

    format: str
    model: Path
    params: Optional[Path]


@dataclass(frozen=True)
class Reader:
    """An engine of this environment and what it reads.

    Attributes:
        name: in messages, ``OpenVINO`` or ``Paddle 2.6.2``.
        formats: the one it likes best first; none where the engine is not installed.
    """

    name: str
    formats: tuple[str, ...]


OPENVINO = Reader("OpenVINO", (PDMODEL, ONNX, XML))
# the .pdmodel beside a quantized graph is what it was made from
OPENVINO_INT8 = Reader("OpenVINO", (XML, PDMODEL, ONNX))


@cache
def paddle_version() -> str:
    """The version of the Paddle of this environment, ``""`` where there is none.

    The installed package tells it, because importing Paddle takes seconds and hundreds of MB.
    """
    for name in _PADDLE_PACKAGES:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    if find_spec("paddle") is None:
        return ""
    prepare_math_library()
    import paddle

    return str(paddle.__version__)


def paddle_reader(version: Optional[str] = None) -> Reader:
    """What Paddle Inference reads, of this environment or of another ``version``.

    A ``.json`` must never reach Paddle 2, which ends its process by a segmentation fault on it.
    """
    version = paddle_version() if version is None else version
    if not version:
        return Reader("Paddle", ())
    reads_json = int(version.split(".")[0]) >= _FIRST_WITH_JSON
    # LocalPredictor takes the old files where it finds them, whatever lies beside
    formats = (OLD_MODEL, PDMODEL, JSON) if reads_json else (OLD_MODEL, PDMODEL)
    return Reader(f"Paddle {version}", formats)


def format_of(path: Path) -> str:
    """The format that a file's name says, ``""`` for none of :data:`FORMATS`."""
    return _format_of(path.name, path.suffix)


def _format_of(name: str, suffix: str) -> str:
    if name == OLD_MODEL:
        return OLD_MODEL
    return suffix[1:] if suffix[1:] in FORMATS else ""


def graph_files(model: Path, params: Optional[Path] = None) -> GraphFiles:
    """A graph by its file; ``params`` is the file of its own name unless another is given."""
    kind = format_of(model)
    if kind == OLD_MODEL:
        return GraphFiles(kind, model, params or model.with_name(OLD_PARAMS))
    suffix = PARAMS_SUFFIXES.get(kind)
    return GraphFiles(kind, model, (params or model.with_suffix(suffix)) if suffix else None)


def graphs_among(names: Iterable[str]) -> tuple[GraphSpec, ...]:
    """The graphs among the files of a bundle whose manifest does not list them.

    A ``.json`` is one where there are parameters beside it. Parameters have the graph's own name,
    or are the only ones in its directory, as ``LocalPredictor`` takes them.
    """
    paths = {PurePosixPath(name) for name in names}
    found = []
    for path in sorted(paths):
        kind = _format_of(path.name, path.suffix)
        if not kind:
            continue
        if kind == OLD_MODEL:
            params = str(path.with_name(OLD_PARAMS)) if path.with_name(OLD_PARAMS) in paths else ""
        else:
            params = _params_beside(path, PARAMS_SUFFIXES.get(kind, ""), paths)
        if params or kind not in (JSON, OLD_MODEL):
            found.append(GraphSpec(kind, str(path), params))
    return tuple(found)


def _params_beside(path: PurePosixPath, suffix: str, paths: set[PurePosixPath]) -> str:
    if not suffix:
        return ""
    if path.with_suffix(suffix) in paths:
        return str(path.with_suffix(suffix))
    there = [p for p in paths if p.suffix == suffix and p.parent == path.parent]
    return str(there[0]) if len(there) == 1 else ""


def parse_graphs(fields: Sequence[Any]) -> tuple[GraphSpec, ...]:
    """The manifest's list.

    Raises:
        ValueError: an unknown format.
        TypeError: not such a list.
    """
    graphs = tuple(GraphSpec(**field) for field in fields)
    unknown = [graph.format for graph in graphs if graph.format not in FORMATS]
    if unknown:
        raise ValueError(f"graphs: {unknown[0]!r} is not one of {', '.join(FORMATS)}")
    return graphs


def choose(graphs: Sequence[GraphSpec], reader: Reader, where: str) -> GraphSpec:
    """The graph that an engine takes.

    Args:
        graphs: of one bundle.
        reader: the engine.
        where: the directory, for errors.

    Raises:
        BundleError: it reads none of them, or there are two of the format it would take.
    """
    for kind in reader.formats:
        found = [graph for graph in graphs if graph.format == kind]
        if len(found) > 1:
            names = ", ".join(_name(graph) for graph in found)
            raise BundleError(
                f"holds {len(found)} graphs ({names}) where one .{kind} is needed; leave the one "
                "to serve, or export the bundle again",
                field=where,
            )
        if found:
            return found[0]
    raise BundleError(_why_unreadable(graphs, reader), field=where)


def readable(graphs: Sequence[GraphSpec], reader: Reader) -> bool:
    """Whether :func:`choose` finds a format the engine reads."""
    return any(graph.format in reader.formats for graph in graphs)


def _why_unreadable(graphs: Sequence[GraphSpec], reader: Reader) -> str:
    """What the engine lacks and what to do about it, without the name of the directory."""
    if not graphs:
        return (
            "holds no graph (.pdmodel, .onnx, .xml, .json with its .pdiparams, or __model__ with "
            "__params__); export the bundle again"
        )
    if not reader.formats:
        return f"{reader.name} is not installed here; set engine to openvino"
    others = [graph for graph in graphs if graph.format != JSON]
    programs = [graph for graph in graphs if graph.format == JSON]
    if not programs:
        names = ", ".join(_name(graph) for graph in others)
        if reader.name == OPENVINO.name:
            return f"holds a graph for Paddle only ({names}); set engine to paddle"
        return f"holds a graph for OpenVINO only ({names}); set engine to openvino or auto"
    held = f"holds a program of Paddle 3 ({_name(programs[0])}), which {reader.name} cannot read"
    if reader.name == OPENVINO.name:
        return (
            f"{held}; set engine to paddle where Paddle 3 is installed (the modern set, Python "
            "3.12), or export the bundle again where paddle2onnx is, which adds an .onnx"
        )
    if any(graph.format in OPENVINO.formats for graph in others):
        return f"{held}; set engine to openvino, or use the modern set (Python 3.12)"
    return (
        f"{held}; use the modern set (Python 3.12), or export the bundle again there with "
        "paddle2onnx, which adds an .onnx for engine openvino"
    )


def _name(graph: GraphSpec) -> str:
    return PurePosixPath(graph.path).name
