# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""How long a split ranker takes for a request whose documents it has met before.

Run as ``python -m benchmarks.split_ranker --model_name_or_path MODEL --joint_layers 1 2 3``, in the
environment that trains. MODEL may be a configuration without weights: speed does not depend on
them. Each way scores the same request in turns, all in OpenVINO: the whole graph; the scorer after
the query was encoded, with documents encoded before (warm); and with all encoded anew (cold).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any, Callable, Optional

import numpy as np
from numpy.typing import NDArray

from benchmarks import machine
from benchmarks.split_requests import Request, Tokens, draw_request
from contract.bundle import split as names
from contract.bundle.graphs import GraphSpec
from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS
from contract.errors import BundleError, SetUpError
from export.engines.tensors import RunTensors, Tensors
from train.option_types import positive_int
from train.options import run_command

Way = Callable[[], NDArray[np.float32]]

_TOLERANCE = 1e-4
# [CLS], [SEP] behind the query and [SEP] behind the document
_SPECIALS = 3


def whole_way(run: RunTensors, request: Request) -> Way:
    """The whole graph over all rows."""
    return lambda: run(request.rows)[names.LOGITS]


def split_ways(encode: RunTensors, score: RunTensors, request: Request) -> dict[str, Way]:
    """The request with its documents encoded before, and with all encoded anew."""
    kept = encode(request.documents)

    def scored(documents: Tensors) -> NDArray[np.float32]:
        query, count = encode(request.query), len(request.documents[INPUT_IDS])
        feed = {
            names.QUERY_IDS: request.query[INPUT_IDS].repeat(count, axis=0),
            names.DOCUMENT_IDS: request.documents[INPUT_IDS],
            names.QUERY_STATES: query[names.STATES].repeat(count, axis=0),
            names.DOCUMENT_STATES: documents[names.STATES],
        }
        if names.PHRASES in query:
            feed[names.QUERY_PHRASES] = query[names.PHRASES].repeat(count, axis=0)
            feed[names.DOCUMENT_PHRASES] = documents[names.PHRASES]
        return score(feed)[names.LOGITS]

    return {"warm": lambda: scored(kept), "cold": lambda: scored(encode(request.documents))}


def open_ways(options: argparse.Namespace, request: Request, folder: Path) -> dict[str, Way]:
    """All ways by their names; the first is the model before it was split.

    Raises:
        BundleError: the two graphs score otherwise than the whole one.
    """
    ways: dict[str, Way] = {}
    for joint in (None, *options.joint_layers):
        name = "all layers joint" if joint is None else f"joint layers {joint}"
        runs = _exported(options, joint, folder / name.replace(" ", "_"))
        whole = whole_way(runs[0], request)
        ways[f"{name}, whole graph"] = whole
        for kind, way in split_ways(runs[1], runs[2], request).items() if joint else ():
            worst = float(np.abs(way() - whole()).max())
            if not worst < _TOLERANCE:
                raise BundleError(f"differs by {worst:.1e} from the whole graph", field=name)
            ways[f"{name}, {kind}"] = way
    return ways


def _exported(options: argparse.Namespace, joint: Optional[int], folder: Path) -> list[RunTensors]:
    """The whole graph in OpenVINO, and of a split ranker the encoder and the scorer."""
    from export.engines.openvino_inference import run_outputs

    folder.mkdir()
    whole, split = export_graphs(options, joint, folder)
    found = [run_outputs(folder / whole.path, (names.LOGITS,), options.threads)]
    if split is not None:
        for spec, outputs in zip(split.graphs, (split.encoder_outputs, (names.LOGITS,))):
            found.append(run_outputs(folder / spec.path, outputs, options.threads))
    return found


def export_graphs(
    options: argparse.Namespace, joint: Optional[int], folder: Path
) -> tuple[GraphSpec, Optional[names.Split]]:
    """Write the graphs of a model to ``folder``.

    Args:
        options: ``model_name_or_path`` and ``tokenizer`` of the parser here.
        joint: layers that see both texts; ``None``: all.
        folder: there already.

    Returns:
        The whole graph, and of a split ranker its two others.
    """
    from paddle.static import InputSpec

    from export.graphs.split_graphs import save_split
    from export.graphs.static_graph import narrow_last_layer, save_static, written_format

    model = _model(options, joint)
    specs = [InputSpec([None, None], "int64", name) for name in (INPUT_IDS, TOKEN_TYPE_IDS)]
    save_static(model, specs, folder / "whole", [names.LOGITS])
    kind = written_format()
    narrow_last_layer(folder / f"whole.{kind}")
    whole = GraphSpec(kind, f"whole.{kind}", "whole.pdiparams")
    return whole, save_split(model, folder, True)


def _model(options: argparse.Namespace, joint: Optional[int]) -> Any:
    from train.model.backbone import find_backbone
    from train.model.layers import build_model, pack_evidence
    from train.model.parameters import load_parameters
    from train.model.split.settings import set_split

    backbone = find_backbone(options.model_name_or_path, options.tokenizer)
    set_split(backbone.config, joint or backbone.config.num_hidden_layers)
    model = build_model("cross_encoder", backbone)
    if backbone.parameters is not None:
        load_parameters(model, backbone.parameters, any_head=True)
    pack_evidence(model)
    model.eval()
    return model


def check_options(options: argparse.Namespace, config: Any) -> None:
    """Refuse numbers that the model, or the request, has no place for.

    Args:
        options: of the command.
        config: of the model.

    Raises:
        SetUpError: by the option's name.
    """
    layers: int = config.num_hidden_layers
    shortest, longest = options.document_tokens
    for joint in options.joint_layers:
        if joint >= layers:
            raise SetUpError(
                f"{joint} is not possible: of the {layers} layers of this model one at least has "
                "to see each text alone; use fewer",
                field="joint_layers",
            )
    if shortest > longest:
        raise SetUpError(
            f"{shortest} {longest}: the first is the fewest, the second the most; swap them",
            field="document_tokens",
        )
    row = options.query_tokens + longest + _SPECIALS
    if row > config.max_position_embeddings:
        raise SetUpError(
            f"{longest} beside {options.query_tokens} of a query make rows of {row} tokens, more "
            f"than the {config.max_position_embeddings} positions of the model; use fewer",
            field="document_tokens",
        )
    if not _SPECIALS < options.vocabulary <= config.vocab_size:
        raise SetUpError(
            f"{options.vocabulary} is not possible with the {config.vocab_size} tokens of this "
            f"model; use {_SPECIALS + 1} to {config.vocab_size}",
            field="vocabulary",
        )


def _request(options: argparse.Namespace) -> Request:
    from train.model.backbone import find_backbone
    from train.model.ranker import make_encoder

    backbone = find_backbone(options.model_name_or_path, options.tokenizer, weights=False)
    check_options(options, backbone.config)
    longest = options.query_tokens + options.document_tokens[1] + _SPECIALS
    tokens = Tokens.of_encoder(make_encoder(backbone, longest), options.vocabulary)
    return draw_request(options.documents, options.query_tokens, options.document_tokens, tokens, 0)


def run(options: argparse.Namespace) -> None:
    """Measure, and print a table."""
    request = _request(options)
    with tempfile.TemporaryDirectory(prefix="split-") as folder:
        ways = open_ways(options, request, Path(folder))
        times: dict[str, list[float]] = {name: [] for name in ways}
        # the first turn makes an engine's kernels, and is not timed
        for way in ways.values():
            way()
        for _ in range(options.rounds):
            for name, way in ways.items():
                start = time.perf_counter()
                way()
                times[name].append(time.perf_counter() - start)
    print(machine.line(machine.facts()))
    print(table({name: 1e3 * median(taken) for name, taken in times.items()}))


def table(milliseconds: dict[str, float]) -> str:
    """Markdown of medians, each beside the first."""
    first = next(iter(milliseconds.values()))
    lines = ["| layers and graphs | ms | times as fast |", "|---|---|---|"]
    lines += [f"| {name} | {ms:.1f} | {first / ms:.2f} |" for name, ms in milliseconds.items()]
    return "\n".join(lines)


def make_parser() -> argparse.ArgumentParser:
    """All options."""
    parser = argparse.ArgumentParser(
        prog="split_ranker", description="Measure a split ranker whose documents are encoded."
    )
    add_request_options(parser)
    add = parser.add_argument
    add("--joint_layers", type=positive_int, nargs="+", default=[1], help="default: 1")
    add("--threads", type=positive_int, default=1, help="of OpenVINO (default: 1)")
    return parser


def add_request_options(parser: argparse.ArgumentParser) -> None:
    """The model, the request and how often it is measured."""
    add = parser.add_argument
    add("--model_name_or_path", required=True, help="a bundle, a checkpoint or a configuration")
    add("--tokenizer", help="directory with vocab.txt, where the model's own has none")
    add("--documents", type=positive_int, default=50, help="of the request (default: 50)")
    add("--query_tokens", type=positive_int, default=12, help="default: 12")
    add("--document_tokens", type=positive_int, nargs=2, default=[60, 100], help="default: 60 100")
    add("--vocabulary", type=positive_int, default=8000, help="tokens to draw (default: 8000)")
    add("--rounds", type=positive_int, default=5, help="turns of all ways (default: 5)")


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Command line entry."""
    return run_command(run, make_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
