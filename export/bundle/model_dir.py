# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Find out how to score with a directory: its graph, its encoder and its score function.

The directory is a bundle, what ``export_model`` wrote, or what upstream's export wrote.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from contract.bundle import Bundle
from contract.bundle.files import MANIFEST_FILE, SERVER_DIR, TOKENIZER_DIR
from contract.bundle.graphs import (
    OPENVINO,
    OPENVINO_INT8,
    GraphFiles,
    GraphSpec,
    Reader,
    choose,
    graph_files,
    graphs_among,
    paddle_reader,
    readable,
)
from contract.bundle.split import Split
from contract.bundle.upstream import UPSTREAM_SCORE_FUNCTIONS
from contract.encoding import VOCAB_FILE, PairEncoder
from contract.errors import BundleError, SetUpError
from contract.rankers import CROSS_ENCODER, PAIRWISE
from contract.scoring import SCORE_FUNCTIONS, ScoreFunction
from contract.text.rules import UPSTREAM_RULES
from export.bundle.facts import ExportFacts, read_facts
from export.graphs.program import read_tensors
from train.model.tokenizer_files import readable_tokenizer

# upstream's default of predict.py, for a directory that says nothing of its own
_UPSTREAM_MAX_SEQ_LENGTH = 128

# upstream's rankers by the width of their only output
_UPSTREAM_RANKERS = {1: PAIRWISE, 2: CROSS_ENCODER}
# upstream's pair-wise predict.py names this one, whatever its exports left beside it
_UPSTREAM_PAIRWISE = "inference.predict"
_UPSTREAM_OTHERS = ("inference", "inference.get_pooled_embedding")


@dataclass(frozen=True)
class ScoringGraph:
    """A static graph and how to score with it.

    Attributes:
        ranker: ``pairwise`` or ``cross_encoder``.
        graph: one that this environment's Paddle reads, or else OpenVINO.
        output: name of the graph's output that the score function takes.
        score: applied once, to that output.
        encoder: with the length in use.
        split: of a split ranker, else ``None``.
    """

    ranker: str
    graph: GraphFiles
    output: str
    score: ScoreFunction
    encoder: PairEncoder
    split: Optional[Split] = None


def open_model_dir(
    directory: Path, tokenizer: Optional[str] = None, max_seq_length: Optional[int] = None
) -> ScoringGraph:
    """Find out what a directory holds.

    Args:
        directory: a bundle, its ``serving_server``, or an export directory.
        tokenizer: a directory with ``vocab.txt`` or PaddleNLP's name of a model, for a directory
            of upstream's, which holds no vocabulary.
        max_seq_length: a shorter limit than the model's own.

    Raises:
        BundleError: missing or damaged.
        SetUpError: a longer limit than the model's own, or no tokenizer.
    """
    root = Bundle.root_of(directory)
    if (root / MANIFEST_FILE).is_file():
        return _of_bundle(Bundle.open(root), max_seq_length)
    facts = read_facts(directory)
    if facts is not None:
        return _of_export(directory, facts, max_seq_length)
    return _of_upstream(directory, tokenizer, max_seq_length or _UPSTREAM_MAX_SEQ_LENGTH)


def fp32_graph(bundle: Bundle, reader: Reader) -> tuple[Path, Optional[Path]]:
    """The graph that ``reader`` takes of a bundle that was not quantized, and its weights.

    Raises:
        BundleError: the bundle is another's product, or holds no such graph.
    """
    if bundle.manifest.precision != "fp32":
        raise BundleError(
            f"is {bundle.manifest.precision} already; name the fp32 bundle it was made from",
            field=f"bundle {bundle.root}",
        )
    graph = bundle.graph(reader)
    return graph.model, graph.params


def _of_bundle(bundle: Bundle, max_seq_length: Optional[int]) -> ScoringGraph:
    manifest = bundle.manifest
    quantized = manifest.precision == "int8"
    graph = bundle.files_of(_chosen(bundle.graphs, str(bundle.server_dir), quantized=quantized))
    length = _length(max_seq_length, manifest.max_seq_length)
    output = next(spec.name for spec in manifest.fetches if spec.alias == manifest.logits)
    encoder = PairEncoder.load(bundle.tokenizer_dir, length, manifest.text_rules)
    return ScoringGraph(manifest.ranker, graph, output, bundle.score, encoder, manifest.split)


def _of_export(directory: Path, facts: ExportFacts, max_seq_length: Optional[int]) -> ScoringGraph:
    length = _length(max_seq_length, facts.max_seq_length)
    return ScoringGraph(
        facts.ranker,
        graph_files(directory / facts.model_filename, directory / facts.params_filename),
        facts.logits,
        SCORE_FUNCTIONS[facts.score_function],
        PairEncoder.load(directory / TOKENIZER_DIR, length, facts.text_rules),
        facts.split,
    )


def _of_upstream(directory: Path, tokenizer: Optional[str], max_seq_length: int) -> ScoringGraph:
    folder = directory / SERVER_DIR if (directory / SERVER_DIR).is_dir() else directory
    graphs = _as_upstream(graphs_among(path.name for path in folder.iterdir()), folder)
    spec = _chosen(graphs, str(folder))
    graph = graph_files(folder / spec.path, folder / spec.params if spec.params else None)
    _, fetches = read_tensors(graph.model)
    width = fetches[0].shape[-1] if fetches[0].shape else 0
    if width not in _UPSTREAM_RANKERS:
        raise BundleError(
            f"its first output has shape [N, {', '.join(map(str, fetches[0].shape))}], "
            "but a ranker's has [N, 1] or [N, 2]",
            field=str(graph.model),
        )
    ranker = _UPSTREAM_RANKERS[width]
    score = SCORE_FUNCTIONS[UPSTREAM_SCORE_FUNCTIONS[ranker]]
    encoder = PairEncoder.load(_tokenizer_dir(folder, tokenizer), max_seq_length, UPSTREAM_RULES)
    return ScoringGraph(ranker, graph, fetches[0].name, score, encoder)


def _as_upstream(graphs: Sequence[GraphSpec], folder: Path) -> Sequence[GraphSpec]:
    """Leaves out what upstream passes over beside its pair-wise graph, and says so."""
    stems = {graph: Path(graph.path).stem for graph in graphs}
    taken = [graph.path for graph in graphs if stems[graph] == _UPSTREAM_PAIRWISE]
    others = [graph.path for graph in graphs if stems[graph] in _UPSTREAM_OTHERS]
    if not taken or not others:
        return graphs
    print(
        f"{folder}: takes {', '.join(taken)}, as upstream does, and not {', '.join(others)}",
        file=sys.stderr,
    )
    return [graph for graph in graphs if graph.path not in others]


def _chosen(graphs: Sequence[GraphSpec], where: str, *, quantized: bool = False) -> GraphSpec:
    """What Paddle Inference takes, or else OpenVINO; a quantized graph is OpenVINO's.

    Raises:
        BundleError: neither of them reads a graph that is there.
    """
    paddle, openvino = paddle_reader(), OPENVINO_INT8 if quantized else OPENVINO
    prefers_openvino = quantized or not readable(graphs, paddle)
    takes_openvino = prefers_openvino and readable(graphs, openvino)
    return choose(graphs, openvino if takes_openvino else paddle, where)


def _tokenizer_dir(directory: Path, tokenizer: Optional[str]) -> Path:
    if tokenizer is None:
        for candidate in (directory / TOKENIZER_DIR, directory.parent / TOKENIZER_DIR, directory):
            if (candidate / VOCAB_FILE).is_file():
                return readable_tokenizer(candidate)
        raise SetUpError(
            f"{directory} has no vocabulary; name a directory with {VOCAB_FILE}, or a model",
            field="model_name_or_path",
        )
    if Path(tokenizer).is_dir():
        return readable_tokenizer(Path(tokenizer))
    from train.model.backbone import find_backbone

    return find_backbone(tokenizer, weights=False).tokenizer_dir


def _length(asked: Optional[int], own: int) -> int:
    if asked is not None and asked > own:
        raise SetUpError(
            f"{asked} is more than the {own} of the model; export it again with --max_seq_length",
            field="max_seq_length",
        )
    return asked or own


def is_pairwise(graph: ScoringGraph) -> bool:
    """Whether to print scores as upstream's pair-wise command does."""
    return graph.ranker == PAIRWISE
