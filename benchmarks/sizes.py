# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What bundles of several sizes are worth, and how fast they are: quality against pairs a second.

Run as ``python -m benchmarks.sizes --bundle LABEL=DIR [--bundle LABEL=DIR ...] --lists FILE ...``.
Each bundle is opened with OpenVINO in its own precision and ranks the lists, whose mean NDCG@10 is
its quality; then all rank one workload in turns. It prints a table, and draws it with ``--plot``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np

from benchmarks import machine
from benchmarks.direct_ranker import DirectRanker
from benchmarks.engines import INT8, OPENVINO, open_runs
from benchmarks.rounds import Round, System, Turns, run_rounds
from benchmarks.workload import RankCall, Workload, load_workload
from contract.bundle import Bundle
from contract.bundle.graphs import OPENVINO as OPENVINO_READER
from contract.bundle.graphs import OPENVINO_INT8
from contract.errors import RankingError, SetUpError
from train.data.dataset import IntArray, LabelledPairs, read_labelled_pairs
from train.evaluation.metrics import NDCG, QueryLists, Scores
from train.evaluation.report import bm25_of

_ROUNDS = 5
# biases, and constants of shapes, are no size to speak of
_SMALL_TENSOR = 64
_WEIGHTS = ("f32", "f16", "bf16", "i8", "u8")


class Size(NamedTuple):
    """One bundle's figures.

    Attributes:
        label: for table and plot.
        precision: of the bundle.
        version: of the bundle.
        weights: numbers in its graph, those of tables among them.
        megabytes: of its graph's files.
        ndcg: NDCG@10 of each file of lists.
    """

    label: str
    precision: str
    version: str
    weights: int
    megabytes: float
    ndcg: tuple[float, ...]

    @property
    def quality(self) -> float:
        """Mean over the files."""
        return float(np.mean(self.ndcg))


def ndcg_of(pairs: LabelledPairs, scores: Scores) -> float:
    """NDCG@10 over the lists of a file."""
    return float(QueryLists(pairs.lists, pairs.labels).measure(scores)[NDCG].mean())


def scores_of(ranker: DirectRanker, pairs: LabelledPairs) -> Scores:
    """Scores of the rows of a file, its lists ranked as calls."""
    lists = [np.flatnonzero(pairs.lists == number) for number in np.unique(pairs.lists)]
    calls = [
        RankCall(pairs.texts[pairs.queries[rows[0]]], tuple(_titles(pairs, rows))) for rows in lists
    ]
    found, _ = ranker.sorted_by_length(calls)
    scores = np.empty(len(pairs.labels), dtype=np.float64)
    scores[np.concatenate(lists)] = found
    return scores


def _titles(pairs: LabelledPairs, rows: IntArray) -> list[str]:
    return [pairs.texts[pairs.titles[row]] for row in rows]


def size_of(label: str, ranker: DirectRanker, files: Mapping[str, LabelledPairs]) -> Size:
    """Rank all lists with an open bundle, and see how large it is.

    Raises:
        BundleError: the bundle has no graph for OpenVINO.
    """
    bundle = ranker.bundle
    precision = bundle.manifest.precision
    graph = bundle.graph(OPENVINO_INT8 if precision == INT8 else OPENVINO_READER)
    parts = [graph.model, *([graph.params] if graph.params else [])]
    ndcg = tuple(ndcg_of(pairs, scores_of(ranker, pairs)) for pairs in files.values())
    megabytes = sum(part.stat().st_size for part in parts) / 1e6
    version = bundle.manifest.version
    return Size(label, precision, version, _weights(graph.model), megabytes, ndcg)


def _weights(graph: Path) -> int:
    import openvino

    constants = [
        op.output(0)
        for op in openvino.Core().read_model(str(graph)).get_ordered_ops()
        if op.get_type_name() == "Constant"
    ]
    counts = [
        int(np.prod(list(port.get_shape())))
        for port in constants
        if port.get_element_type().get_type_name() in _WEIGHTS
    ]
    return sum(count for count in counts if count > _SMALL_TENSOR)


def pass_of(ranker: DirectRanker) -> System:
    """Ranks a workload once, tokenizing included."""

    def system(workload: Workload) -> Round:
        start = time.perf_counter()
        flat, times = ranker.sorted_by_length(workload.calls)
        seconds = time.perf_counter() - start
        rest = iter(flat)
        scores = [[next(rest) for _ in call.documents] for call in workload.calls]
        return Round(seconds, scores, times.compute_s)

    return system


def table(
    sizes: Sequence[Size], rates: Mapping[str, float], names: Sequence[str], bm25: Sequence[float]
) -> str:
    """All figures as Markdown."""
    lines = [
        f"| bundle | precision | weights | graph | pairs/s | mean | {' | '.join(names)} |",
        "|---" * (6 + len(names)) + "|",
        f"| BM25 | | | | | {np.mean(bm25):.3f} | {_cells(bm25)} |",
    ]
    lines += [
        f"| {size.label} | {size.precision} | {size.weights / 1e6:.1f}M | {size.megabytes:.1f} MB "
        f"| {rates[size.label]:.0f} | {size.quality:.3f} | {_cells(size.ndcg)} |"
        for size in sizes
    ]
    return "\n".join(lines)


def _cells(values: Sequence[float]) -> str:
    return " | ".join(f"{value:.3f}" for value in values)


def draw(
    sizes: Sequence[Size], rates: Mapping[str, float], bm25: float, path: Path, about: str
) -> None:
    """Write a plot of quality against pairs/s as SVG."""
    import matplotlib

    matplotlib.use("svg")
    # the same file from the same figures, with texts as texts
    matplotlib.rcParams.update({"svg.hashsalt": "sizes", "svg.fonttype": "none"})
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 5.5))
    middle = (min(rates.values()) + max(rates.values())) / 2
    for size in sizes:
        int8, fast = size.precision == INT8, rates[size.label] > middle
        colour = "#bc6c25" if int8 else "#2a6f97"
        axes.plot(rates[size.label], size.quality, "s" if int8 else "o", color=colour)
        axes.annotate(
            f"{size.label}, {size.weights / 1e6:.1f}M",
            (rates[size.label], size.quality),
            xytext=(-7 if fast else 7, -3 if int8 else 3),
            textcoords="offset points",
            ha="right" if fast else "left",
            va="top" if int8 else "bottom",
            fontsize=8,
            color=colour,
        )
    axes.axhline(bm25, linestyle="--", linewidth=1, color="#444444")
    axes.annotate("BM25", (0.01, bm25), xycoords=("axes fraction", "data"), fontsize=8, va="bottom")
    axes.set_xlabel(f"pairs/s, one thread, tokenizing included; {about}")
    axes.set_ylabel(f"{NDCG}, mean over the kinds of lists")
    axes.margins(x=0.15, y=0.12)
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    pyplot.close(figure)


def _labelled(text: str) -> tuple[str, Path]:
    label, separator, path = text.partition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"{text!r} is not LABEL=DIR")
    return label, Path(path)


def options() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.sizes",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--bundle", type=_labelled, action="append", required=True, metavar="LABEL=DIR")
    add("--lists", type=Path, nargs="+", required=True, help="TSV: query, title, label")
    add("--workload", type=Path, help='JSON: [{"query": text, "docs": [text, ...]}, ...]')
    add("--rounds", type=int, default=_ROUNDS, help=f"passes of each bundle [{_ROUNDS}]")
    add("--plot", type=Path, help="an .svg to write")
    return parser


def main() -> int:
    """Measure, print and draw."""
    given = options().parse_args()
    known = machine.facts()
    print(f"{machine.line(known)}; openvino {known['packages'].get('openvino')}, one thread")
    try:
        if len(dict(given.bundle)) < len(given.bundle):
            raise SetUpError("two bundles have one label", field="bundle")
        files = {path.stem: read_labelled_pairs(path) for path in given.lists}
        workload = load_workload(given.workload)
        rankers = {label: _opened(path) for label, path in given.bundle}
        sizes = [size_of(label, ranker, files) for label, ranker in rankers.items()]
        turns = {
            label: Turns(pass_of(ranker), workload, given.rounds)
            for label, ranker in rankers.items()
        }
    except RankingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    rates = {label: median(found.pairs_per_s()) for label, found in run_rounds(turns).items()}
    bm25 = [ndcg_of(pairs, bm25_of(pairs)) for pairs in files.values()]
    print(f"workload {workload.name}, {workload.pairs} pairs; medians of {given.rounds} turns")
    print(", ".join(f"{size.label}: {size.version}" for size in sizes))
    print(table(sizes, rates, list(files), bm25))
    if given.plot:
        draw(sizes, rates, float(np.mean(bm25)), given.plot, f"{known['cpu']}, {known['commit']}")
    return 0


def _opened(path: Path) -> DirectRanker:
    bundle = Bundle.open(path)
    return DirectRanker(bundle, open_runs(OPENVINO, bundle, bundle.manifest.precision, 1))


if __name__ == "__main__":
    sys.exit(main())
