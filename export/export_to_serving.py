# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Make of an exported graph what Paddle Serving loads, or publish it as a bundle.

Run as ``python -m export.export_to_serving --dirname output --bundle serving_models/pairwise``.

The graph is what Paddle 2 (``.pdmodel``) or Paddle 3 (``.json``) wrote, or an ``.onnx``; of a
``.json``, paddle2onnx makes an ``.onnx`` for OpenVINO where it is installed. ``--server_path`` and
``--client_path`` write upstream's two directories, also from a directory that upstream's export
wrote. ``--bundle`` publishes in one step what passed the parity check.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from contract.bundle.graphs import FORMATS, GraphFiles, format_of
from contract.errors import SetUpError
from export.bundle.adopted_facts import add_options, adopt
from export.bundle.facts import ExportFacts, read_facts
from export.bundle.publishing import BundleParts, Published, copy_graphs, publish_bundle
from export.bundle.serving_conf import serving_config, with_aliases, write_both_confs
from export.command import run_command
from export.graphs.graph_sources import named_alike, named_graph, with_onnx
from export.graphs.program import Tensors, read_tensors
from train.option_types import boolean

# looked for in this order
_MODEL_FILENAMES = ("inference.pdmodel", "inference.json", "inference.onnx")


def write_serving_dirs(
    graphs: Sequence[GraphFiles], config: Any, server_dir: Path, client_dir: Path
) -> None:
    """Write ``serving_server`` and ``serving_client`` as upstream does; each file in one step.

    Raises:
        SetUpError: the server directory holds another model, of which LocalPredictor would load
            either, or it cannot be written.
    """
    names = {graph.model.name for graph in graphs}
    for path in server_dir.glob("*.*"):
        if format_of(path) in FORMATS and path.name not in names:
            raise SetUpError(
                f"has another model in it, {path.name}; remove it or choose another directory",
                field=f"server_path {server_dir}",
            )
    try:
        for directory in (server_dir, client_dir):
            directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=server_dir) as folder:
            staging = Path(folder)
            write_both_confs(config, staging / "server", staging / "client")
            copy_graphs(graphs, staging / "server")
            for name, target in (("server", server_dir), ("client", client_dir)):
                for path in (staging / name).rglob("*.*"):
                    _move(path, target / path.relative_to(staging / name))
    except OSError as error:
        raise SetUpError(
            f"cannot be written ({error})", field=f"server_path {server_dir}"
        ) from error


def _move(path: Path, target: Path) -> None:
    """The client's directory may lie on another disk, to which nothing can be renamed."""
    target.parent.mkdir(exist_ok=True)
    beside = target.with_name(f".{target.name}.new")
    shutil.copyfile(path, beside)
    Path(beside).replace(target)


def _main_graph(options: argparse.Namespace, facts: Optional[ExportFacts]) -> GraphFiles:
    dirname = Path(options.dirname)
    there = [name for name in _MODEL_FILENAMES if (dirname / name).is_file()]
    default = facts.model_filename if facts else (there or _MODEL_FILENAMES)[0]
    name = options.model_filename or default
    params = options.params_filename or (
        facts.params_filename if facts and name == facts.model_filename else None
    )
    for flag, file in (("model_filename", name), ("params_filename", params)):
        if file and not (dirname / file).is_file():
            found = ", ".join(sorted(p.name for p in dirname.glob("*.*") if _is_part(p)))
            raise SetUpError(
                f"there is no {file} in {dirname}, which has {found or 'no graph'}", field=flag
            )
    return named_graph(dirname / name, dirname / params if params else None, "model_filename")


def _is_part(path: Path) -> bool:
    return format_of(path) in FORMATS or path.suffix == ".pdiparams"


def _tensors(model: Path, options: argparse.Namespace, facts: Optional[ExportFacts]) -> Tensors:
    feeds, fetches = read_tensors(model)
    feeds = with_aliases(feeds, options.feed_alias_names, "feed_alias_names", fewer=False)
    # upstream's commands name one output, `predict`; ours has a second one behind it
    named = options.fetch_alias_names
    return feeds, with_aliases(fetches, named, "fetch_alias_names", fewer=facts is not None)


def _publish(
    options: argparse.Namespace,
    facts: Optional[ExportFacts],
    graphs: tuple[GraphFiles, ...],
    tensors: Tensors,
    folder: Path,
) -> Published:
    feeds, fetches = tensors
    export_dir = Path(options.dirname)
    if facts is None:
        facts = adopt(options, graphs[0], feeds, fetches, folder)
        export_dir = folder
    parts = BundleParts(export_dir, graphs, facts, feeds, fetches, options.model_card)
    return publish_bundle(parts, Path(options.bundle))


def run(options: argparse.Namespace) -> None:
    """Do what the flags say."""
    dirname = Path(options.dirname)
    if not dirname.is_dir():
        raise SetUpError(
            f"there is no directory {dirname}; run export_model first", field="dirname"
        )
    facts = read_facts(dirname)
    graph = _main_graph(options, facts)
    feeds, fetches = _tensors(graph.model, options, facts)
    config = serving_config(feeds, fetches)
    if options.show_proto:
        print(config)
        return
    with tempfile.TemporaryDirectory(prefix="serving-") as name:
        folder = Path(name)
        more = [named_graph(path, None, "with_graph") for path in options.with_graph]
        graphs = named_alike([graph, *more], (feeds, fetches), folder / "renamed")
        graphs = with_onnx(graphs, folder / "onnx", options.onnx)
        if options.bundle is not None:
            print(_publish(options, facts, graphs, (feeds, fetches), folder))
        if options.bundle is None or options.server_path or options.client_path:
            server = Path(options.server_path or "./serving_server")
            client = Path(options.client_path or "./serving_client")
            write_serving_dirs(graphs, config, server, client)
            print(f"{server}, {client}: {', '.join(spec.alias for spec in (*feeds, *fetches))}")


def make_parser() -> argparse.ArgumentParser:
    """Options with upstream's names, and ours beside them."""
    parser = argparse.ArgumentParser(
        prog="export_to_serving", description="Write an exported graph for Paddle Serving."
    )
    add = parser.add_argument
    add("--dirname", default="./output", help="what export_model wrote (default: %(default)s)")
    add(
        "--model_filename",
        help=f"the graph (default: the one of export.json, or {_MODEL_FILENAMES[0]}, ...)",
    )
    add(
        "--params_filename",
        help="its weights (default: those of export.json, or the file of the graph's name)",
    )
    add(
        "--with_graph",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="another graph of the same weights (.pdmodel, .json or .onnx); can be repeated",
    )
    add(
        "--onnx",
        type=boolean,
        help="make an .onnx from the .json (default: where OpenVINO reads no other graph)",
    )
    add(
        "--server_path",
        help="for upstream's server files (default: ./serving_server, unless --bundle is given)",
    )
    add(
        "--client_path",
        help="for upstream's client files (default: ./serving_client, unless --bundle is given)",
    )
    add("--feed_alias_names", help="comma-separated aliases of all inputs (default: their names)")
    add(
        "--fetch_alias_names",
        help="comma-separated aliases of the outputs, from the first on (default: their names)",
    )
    add(
        "--show_proto", type=boolean, default=False, help="print the model config and write nothing"
    )
    add("--bundle", type=Path, help="publish a whole bundle under this directory")
    add("--model_card", type=Path, help="put this file into the bundle as MODEL_CARD.md")
    add_options(parser)
    return parser


def main(arguments: Optional[list[str]] = None) -> int:
    """Run the command; the process's exit status."""
    return run_command(run, make_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
