# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Adopt a graph that ``export_model`` did not write: find what a bundle needs beside it.

The facts are what the user says of the graph. The golden pairs are scored by the graph itself, in
the framework that wrote it, so that they hold every other graph, engine and version to that.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Optional

import numpy as np

from contract.bundle.files import GOLDEN_FILE, TOKENIZER_DIR
from contract.bundle.golden import RunFeed, write_golden
from contract.bundle.graphs import GraphFiles, paddle_reader
from contract.bundle.upstream import UPSTREAM_SCORE_FUNCTIONS
from contract.encoding import (
    INPUT_IDS,
    TOKEN_TYPE_IDS,
    VOCAB_FILE,
    PairEncoder,
)
from contract.errors import BundleError, SetUpError
from contract.rankers import PAIRWISE, RANKERS
from contract.scoring import SCORE_FUNCTIONS
from contract.tensors import TensorSpec
from contract.text.rules import NORMALIZATIONS, TRUNCATIONS, UPSTREAM_RULES
from export.bundle.facts import ExportFacts
from export.bundle.source_facts import described_path, package_versions
from export.engines.openvino_inference import run_graph
from export.engines.paddle_inference import GraphPredictor
from export.proof.golden_lists import golden_lists
from export.proof.parity import score_lists
from train.model.tokenizer_files import copy_tokenizer
from train.option_types import positive_int

_NEEDED = ("ranker", "max_seq_length")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options that say of a graph what ``export.json`` would."""
    add = parser.add_argument_group("for --bundle, where --dirname has no export.json").add_argument
    add("--ranker", choices=RANKERS, help="which ranker the graph is")
    add("--max_seq_length", type=positive_int, help="longest row in tokens, as in training")
    add("--tokenizer", type=Path, help=f"directory with {VOCAB_FILE} (default: in --dirname)")
    add(
        "--score_function",
        choices=sorted(SCORE_FUNCTIONS),
        help="how logits become a score (default: identity for a pairwise graph, which ends in a "
        "sigmoid, and softmax_positive for a cross-encoder)",
    )
    add(
        "--truncation",
        choices=TRUNCATIONS,
        default=UPSTREAM_RULES.truncation,
        help="how pairs were cut in training (default: %(default)s, as PaddleNLP cuts)",
    )
    add(
        "--normalization",
        choices=NORMALIZATIONS,
        default=UPSTREAM_RULES.normalization,
        help="how texts were normalized in training (default: %(default)s, as PaddleNLP's)",
    )
    add("--logits", help="the output that is scored (default: the first)")
    add(
        "--golden_file",
        type=Path,
        help="TSV of query<TAB>title lists for golden pairs (default: built-in lists)",
    )


def adopt(
    options: argparse.Namespace,
    graph: GraphFiles,
    feeds: tuple[TensorSpec, ...],
    fetches: tuple[TensorSpec, ...],
    folder: Path,
) -> ExportFacts:
    """Write the tokenizer and the golden pairs into ``folder``.

    A ``golden.jsonl`` in ``--dirname`` is taken as it is: its scores may be those of another
    framework, which the graph then has to repeat.

    Raises:
        SetUpError: the user did not say enough, or no graph of a ranker.
        BundleError: the graph does not load.
    """
    dirname = Path(options.dirname)
    missing = [f"--{name}" for name in _NEEDED if getattr(options, name) is None]
    if missing:
        raise SetUpError(
            f"{dirname} has no export.json, which a bundle needs; run export_model again, give "
            f"{' and '.join(missing)} for the graph, or leave --bundle out",
            field="bundle",
        )
    facts = _facts(options, graph, fetches)
    _check_tensors(facts, feeds, fetches, graph.model)
    _copy_tokenizer(options.tokenizer, dirname, folder / TOKENIZER_DIR)
    if (dirname / GOLDEN_FILE).is_file():
        shutil.copyfile(dirname / GOLDEN_FILE, folder / GOLDEN_FILE)
    else:
        _score_golden(options, facts, graph, folder)
    return facts


def _facts(
    options: argparse.Namespace, graph: GraphFiles, fetches: tuple[TensorSpec, ...]
) -> ExportFacts:
    return ExportFacts(
        ranker=options.ranker,
        score_function=options.score_function or UPSTREAM_SCORE_FUNCTIONS[options.ranker],
        logits=options.logits or fetches[0].name,
        max_seq_length=options.max_seq_length,
        model_filename=graph.model.name,
        params_filename=graph.params.name if graph.params else "",
        outputs=tuple(spec.name for spec in fetches),
        source={"adopted_from": described_path(str(graph.model)), **package_versions()},
        truncation=options.truncation,
        normalization=options.normalization,
    )


def _check_tensors(
    facts: ExportFacts,
    feeds: tuple[TensorSpec, ...],
    fetches: tuple[TensorSpec, ...],
    model: Path,
) -> None:
    """Before anything is run: the bundle would be refused for the same, and say less."""
    if {spec.name for spec in feeds} != {INPUT_IDS, TOKEN_TYPE_IDS}:
        raise SetUpError(
            f"a ranker takes {INPUT_IDS} and {TOKEN_TYPE_IDS}, but {model.name} takes "
            f"{', '.join(spec.name for spec in feeds)}",
            field="model_filename",
        )
    width = SCORE_FUNCTIONS[facts.score_function].width
    found = [spec for spec in fetches if spec.name == facts.logits]
    if not found or found[0].shape != (width,):
        shapes = ", ".join(f"{spec.name} {['N', *spec.shape]}" for spec in fetches)
        raise SetUpError(
            f"{facts.score_function} takes an output of shape [N, {width}], but {model.name} "
            f"returns {shapes}",
            field="logits" if not found else "score_function",
        )


def _copy_tokenizer(named: Optional[Path], dirname: Path, target: Path) -> None:
    places = [named] if named is not None else [dirname / TOKENIZER_DIR, dirname]
    for place in places:
        if (place / VOCAB_FILE).is_file():
            copy_tokenizer(place, target)
            return
    raise SetUpError(
        f"there is no {VOCAB_FILE} in {places[0]}; name its directory", field="tokenizer"
    )


def _score_golden(
    options: argparse.Namespace, facts: ExportFacts, graph: GraphFiles, folder: Path
) -> None:
    encoder = PairEncoder.load(folder / TOKENIZER_DIR, facts.max_seq_length, facts.text_rules)
    score = SCORE_FUNCTIONS[facts.score_function]
    lists = golden_lists(options.golden_file)
    pairs = score_lists(_run(graph, facts.logits), encoder, score, lists)
    scores = np.array([pair.score for pair in pairs])
    if not ((scores >= 0) & (scores <= 1)).all():
        raise SetUpError(
            f"{facts.score_function} of {facts.logits} gives {scores.min():.3g} to "
            f"{scores.max():.3g}, but scores lie in [0, 1]; use "
            f"{'sigmoid' if facts.ranker == PAIRWISE else 'softmax_positive'} for logits",
            field="score_function",
        )
    write_golden(pairs, folder / GOLDEN_FILE)


def _run(graph: GraphFiles, logits: str) -> RunFeed:
    """The graph in the framework that wrote it, an ``.onnx`` in OpenVINO."""
    if graph.params is None:
        return run_graph(graph.model, logits)
    if graph.format not in paddle_reader().formats:
        raise BundleError(
            f"is a program of Paddle 3, which {paddle_reader().name} cannot read; run this in the "
            "modern set (Python 3.12)",
            field=str(graph.model),
        )
    predictor = GraphPredictor(graph.model, graph.params)
    return lambda feed: predictor(feed)[logits]
