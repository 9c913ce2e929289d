# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The rooms of the project: which may import which, and what goes against it.

Reads the syntax tree only, imports inside functions and for types alone too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from tests.source_scan import imported_modules

# what lies in a package, modules and packages alike, from the lowest up: each may import what
# stands before it, and nothing that stands after
ROOMS: dict[str, tuple[str, ...]] = {
    "contract": (
        "errors",
        "columns",
        "bm25",
        "list_metrics",
        "protobuf_classes",
        "rankers",
        "tensors",
        "environment",
        "experiments",
        "scoring",
        "calibration",
        "text",
        "encoding",
        "cuts",
        "bundle",
        "wire",
    ),
    "train": (
        "bm25",
        "option_types",
        "loss_options",
        "data",
        "model",
        "inputs",
        "loop_options",
        "options",
        "teacher_options",
        "mining_options",
        "vocabulary",
        "teachers",
        "mining",
        "evaluation",
        "model_card",
        "recipes",
        "predict_ce",
        "predict_pairwise",
        "evaluate",
        "mine",
        "teach",
        "evidence",
        "training",
        "train_ce",
        "train_pairwise",
        "searching",
        "search",
    ),
    "export": (
        "command",
        "graphs",
        "engines",
        "proof",
        "bundle",
        "quantization",
        "export_model",
        "export_to_serving",
        "optimize",
        "predict",
        "quantize",
        "calibrate",
        "publish",
        "seal",
        "to_huggingface",
    ),
    "clients": (
        "transport",
        "ranker",
        "tensor",
        "formats",
        "command",
        "http_client",
        "rpc_client",
        "tensor_http_client",
        "tensor_rpc_client",
        "__main__",
    ),
    "experiments": (
        "settings",
        "statistics",
        "lists",
        "readers",
        "records",
        "power",
        "simulation",
        "traffic",
        "cascades",
        "analysis",
        "replay",
        "scored_lists",
        "sensitivity",
        "simulate",
        "presentation",
        "cascade",
        "report",
    ),
    "pipeline": (
        "settings",
        "request",
        "process",
        "states",
        "engines",
        "telemetry",
        "routing",
        "batching",
        "dag",
        "records",
        "door",
        "edges",
        "supervisor",
        "open_edges",
        "encode_corpus",
        "web_service",
    ),
    "pipeline.edges": ("answer", "paddle_wire", "feedback", "tls", "http", "rpc"),
    "pipeline.edges.rpc": ("intake", "credentials", "metadata", "server", "edge"),
    "pipeline.edges.http": (
        "headers",
        "json_body",
        "models",
        "layers",
        "errors",
        "described_route",
        "runner",
        "openapi",
        "routes",
        "app",
        "server",
    ),
}
# packages that a room must do without
WITHOUT: dict[str, tuple[str, ...]] = {
    # what ranks is behind a protocol: the edge starts without Paddle
    "pipeline.edges.http": ("paddle", "paddle_serving_server", "pipeline.dag", "pipeline.batching"),
    "pipeline.door": ("paddle", "paddle_serving_server", "pipeline.dag"),
    "pipeline.settings": ("numpy", "paddle", "paddle_serving_server"),
}


def wrong_ways(source: str, module: str) -> list[str]:
    """Imports of a module that go up, or to a room that its own must do without.

    Args:
        source: its text.
        module: its dotted name.
    """
    found = []
    for line, imported in imported_modules(ast.parse(source)):
        for package, rooms in ROOMS.items():
            own, other = _room(module, package), _room(imported, package)
            if own in rooms and other in rooms and rooms.index(other) > rooms.index(own):
                found.append(f"{line}: {package}.{own} may not import {package}.{other}")
        for room, others in WITHOUT.items():
            if _within(module, room) and any(_within(imported, other) for other in others):
                found.append(f"{line}: {room} does without {imported}")
    return found


def unplaced(modules: Iterable[str]) -> list[str]:
    """What lies in a package of ROOMS and has no place there."""
    found = set()
    for module in modules:
        for package, rooms in ROOMS.items():
            room = _room(module, package)
            if room and room not in (*rooms, "__init__"):
                found.add(f"{package}.{room}")
    return sorted(found)


def circles(sources: Mapping[str, str]) -> list[list[str]]:
    """Groups of modules that import each other, directly or by way of others.

    Args:
        sources: text by dotted name.
    """
    arrows = {
        module: {
            target
            for _, name in imported_modules(ast.parse(source))
            if (target := _known(name, sources)) is not None and target != module
        }
        for module, source in sources.items()
    }
    reached = {module: _reached(module, arrows) for module in arrows}
    groups = {
        tuple(sorted(other for other in reached[module] if module in reached[other]))
        for module in arrows
        if module in reached[module]
    }
    return [list(group) for group in sorted(groups)]


def _reached(module: str, arrows: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = list(arrows[module])
    while waiting:
        target = waiting.pop()
        if target not in reached:
            reached.add(target)
            waiting.extend(arrows[target])
    return reached


def _known(name: str, sources: Mapping[str, str]) -> str | None:
    """The module that an imported name is, or is in."""
    return next((n for n in (name, name.rpartition(".")[0]) if n in sources), None)


def _room(module: str, package: str) -> str:
    """The part of a module's name just below a package; empty outside it."""
    prefix = f"{package}."
    return module[len(prefix) :].split(".")[0] if module.startswith(prefix) else ""


def _within(module: str, package: str) -> bool:
    return f"{module}.".startswith(f"{package}.")
