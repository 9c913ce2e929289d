# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Prove that the two graphs of a split ranker score as its whole one, in every engine of here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np

from contract.bundle import Bundle
from contract.bundle.golden import GoldenPair, RunFeed
from contract.bundle.graphs import OPENVINO, GraphFiles, paddle_reader, readable
from contract.bundle.split import LOGITS, Split
from contract.encoding import PairEncoder
from contract.errors import BundleError
from export.engines.openvino_inference import run_graph, run_outputs
from export.engines.paddle_inference import GraphPredictor, logits_of
from export.proof.parity import check_parity
from export.proof.proving_engines import logits_output
from export.proof.split_engine import SplitEngine

# how far the two graphs may be from the whole one, in logits and as a part of their spread
_TOLERANCE = 1e-5
# every golden query is scored with so many titles at most
_MOST_TITLES = 40
_BATCH = 32


class _Both(NamedTuple):
    """One engine with the whole graph, and with the two."""

    whole: RunFeed
    split: SplitEngine


def check_split(bundle: Bundle, golden: Sequence[GoldenPair]) -> Iterator[str]:
    """Score golden pairs by the two graphs, and more pairs by them and by the whole graph.

    Yields:
        A line for each proof; none for a bundle that is not split.

    Raises:
        BundleError: logits differ, or no engine of this environment reads the graphs.
    """
    split = bundle.manifest.split
    if split is None:
        return
    encoder = bundle.encoder()
    engines = _engines(bundle, split, encoder)
    if not engines:
        raise BundleError(
            "no engine that is here reads the graphs, so that nothing can prove their scores; "
            "export where Paddle 2 or OpenVINO is",
            field=str(bundle.root / split.encoder.path),
        )
    for name, both in engines.items():
        ways: Mapping[str, RunFeed] = {
            f"{name} on two graphs": both.split.together,
            f"{name} on two graphs, texts encoded before": both.split.from_store,
        }
        yield from map(str, check_parity(golden, encoder, ways, bundle.score))
        yield _compared(name, both, golden, encoder)


def _engines(bundle: Bundle, split: Split, encoder: PairEncoder) -> dict[str, _Both]:
    found = {}
    files = [bundle.files_of(graph) for graph in split.graphs]
    if readable(split.graphs, paddle_reader()):
        manifest = bundle.manifest
        encode, score, whole = map(_predictor, (*files, bundle.graph(paddle_reader())))
        found["Paddle Inference"] = _Both(
            logits_of(whole, manifest.fetches, manifest.logits),
            SplitEngine(encode, score, encoder.pad_id, split.state_type),
        )
    if readable(split.graphs, OPENVINO) and find_spec("openvino") is not None:
        outputs = (split.encoder_outputs, (LOGITS,))
        runs = [run_outputs(graph.model, names) for graph, names in zip(files, outputs)]
        found["OpenVINO"] = _Both(
            run_graph(bundle.graph(OPENVINO).model, logits_output(bundle)),
            SplitEngine(runs[0], runs[1], encoder.pad_id, split.state_type),
        )
    return found


def _predictor(graph: GraphFiles) -> GraphPredictor:
    if graph.params is None:
        raise BundleError("has no .pdiparams", field=str(graph.model))
    return GraphPredictor(graph.model, graph.params)


def compared_titles(golden: Sequence[GoldenPair]) -> list[str]:
    """So many golden titles at most, drawn evenly over all of them."""
    titles = list(dict.fromkeys(pair.title for pair in golden))
    return titles[:: max(1, -(-len(titles) // _MOST_TITLES))]


def _compared(name: str, both: _Both, golden: Sequence[GoldenPair], encoder: PairEncoder) -> str:
    """Every golden query beside titles of many queries, by the two graphs and by the whole one."""
    titles = compared_titles(golden)
    queries = list(dict.fromkeys(pair.query for pair in golden))
    rows = encoder.encode_pairs([(query, title) for query in queries for title in titles])
    batches = [encoder.pad(rows[at : at + _BATCH]) for at in range(0, len(rows), _BATCH)]
    whole = np.concatenate([both.whole(feed) for feed in batches])
    allowed = _TOLERANCE * max(1.0, float(np.ptp(whole)))
    worst = 0.0
    for way in (both.split.together, both.split.from_store):
        found = np.concatenate([way(feed) for feed in batches])
        worst = max(worst, float(np.abs(found - whole).max()))
    # a difference that is no number is none that is small
    if not worst <= allowed:
        raise BundleError(
            f"{name}: two graphs differ from the whole one by {worst:.1e} in a logit, more than "
            f"{allowed:.1e}; nothing is published",
            field="split",
        )
    return f"{name}: {len(rows)} pairs, two graphs and the whole one differ by at most {worst:.1e}"
