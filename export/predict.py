# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Score the pairs of a file with a static graph, and measure its speed.

Run as ``python -m export.predict --model_dir serving_models/pairwise --input_file pairs.tsv``.
The flags are those of upstream's ``deploy/python/predict.py``; ``--model_dir`` is a bundle or what
``export_model`` wrote. Paddle Inference runs it; where it holds only graphs that Paddle does not
read (``.onnx``, the ``.xml`` of an int8 bundle), OpenVINO does.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Optional

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import numpy as np
from numpy.typing import NDArray

from contract.bundle.embeddings import check_tables
from contract.bundle.golden import RunFeed
from contract.bundle.graphs import paddle_reader
from contract.bundle.split import refusal_of
from contract.cuts import Cuts, counted, cuts_of
from contract.errors import BundleError, SetUpError
from contract.text.tokenizer_threads import set_tokenizer_threads
from export.bundle.model_dir import ScoringGraph, is_pairwise, open_model_dir
from export.command import run_command
from export.engines.openvino_inference import run_graph
from export.engines.paddle_inference import (
    DEVICES,
    PRECISIONS,
    GraphPredictor,
    InferenceOptions,
    available_options,
)
from train.option_types import boolean, positive_int
from train.options import add_tokenizer_threads

Pairs = Sequence[tuple[str, str]]

_LOG_FILE = "predict_benchmark.json"


class Predictor:
    """A static graph ready to score pairs.

    Attributes:
        cuts: what was cut of the pairs so far.
    """

    def __init__(self, graph: ScoringGraph, options: InferenceOptions) -> None:
        """Load the graph with options that were checked for this machine.

        Raises:
            BundleError: it does not load, or has no place for the tokenizer's ids.
        """
        check_tables(graph.graph, graph.encoder)
        self._graph = graph
        self.cuts = Cuts()
        self._run = engine_of(graph, options)

    def score(self, pairs: Pairs) -> NDArray[np.float64]:
        """Scores ``[N]`` in [0, 1] of one batch of (query, title), in input order.

        Raises:
            BundleError: the graph returns something that is no score.
        """
        encoder = self._graph.encoder
        rows = encoder.encode_pairs(pairs)
        self.cuts += cuts_of(rows)
        feed = encoder.pad(rows)
        scores = self._graph.score(self._run(feed))
        if not ((scores >= 0) & (scores <= 1)).all():
            raise BundleError(
                f"returns {scores.min()} to {scores.max()}, but scores lie in [0, 1]; "
                "export the checkpoint with export_model",
                field=str(self._graph.graph.model),
            )
        return scores


def engine_of(graph: ScoringGraph, options: InferenceOptions) -> RunFeed:
    """From feeds to the output that is scored.

    Raises:
        SetUpError: OpenVINO has to run the graph, and an option asks for what only Paddle does; or
            the graph cannot be computed in that precision.
        BundleError: the graph does not load.
    """
    reason = refusal_of(graph.split, options.precision)
    if reason is not None:
        raise SetUpError(reason, field="precision")
    model, params = graph.graph.model, graph.graph.params
    if graph.graph.format in paddle_reader().formats and params is not None:
        predictor = GraphPredictor(model, params, options)
        return lambda feed: predictor(feed)[graph.output]
    if options.precision != "fp32" or options.enable_mkldnn or options.use_tensorrt:
        raise SetUpError(
            f"OpenVINO runs {model.name}, in the precision that it has; leave --precision, "
            "--enable_mkldnn and --use_tensorrt out",
            field="model_dir",
        )
    return run_graph(model, graph.output, options.cpu_threads)


def score_in_batches(
    predictor: Predictor, pairs: Pairs, batch_size: int
) -> tuple[NDArray[np.float64], list[float]]:
    """Scores of all pairs in input order, and the seconds each batch took."""
    scores: list[NDArray[np.float64]] = []
    seconds: list[float] = []
    for start in range(0, len(pairs), batch_size):
        began = time.perf_counter()
        scores.append(predictor.score(pairs[start : start + batch_size]))
        seconds.append(time.perf_counter() - began)
    return np.concatenate(scores), seconds


def format_line(query: str, title: str, score: float, pairwise: bool) -> str:
    """One line in upstream's form, where the pair-wise score stands in brackets.

    The score has all digits of a float64: those of a saturated ranker differ in the last ones only.
    """
    shown = f"[{score}]" if pairwise else str(score)
    return f"Data: { ({'query': query, 'title': title}) } \t prob: {shown}"


def summarise(seconds: Sequence[float], rows: int) -> dict[str, float]:
    """Latency of a batch in ms, and pairs a second, tokenizing included."""
    milliseconds = np.asarray(seconds) * 1e3
    return {
        "batches": float(len(seconds)),
        "latency_mean_ms": float(milliseconds.mean()),
        "latency_p50_ms": float(np.percentile(milliseconds, 50)),
        "latency_p95_ms": float(np.percentile(milliseconds, 95)),
        "latency_max_ms": float(milliseconds.max()),
        "pairs_per_second": rows / float(np.sum(seconds)),
    }


def _benchmark(
    predictor: Predictor, pairs: Pairs, options: argparse.Namespace, used: InferenceOptions
) -> None:
    """Measure a second pass; the first one paid for memory and for kernels."""
    _, seconds = score_in_batches(predictor, pairs, options.batch_size)
    figures = summarise(seconds, len(pairs))
    print(
        f"benchmark: {len(pairs)} pairs in batches of {options.batch_size} on {used.device} "
        f"{used.precision}, {used.cpu_threads} threads: "
        f"{figures['latency_mean_ms']:.2f} ms a batch (p50 {figures['latency_p50_ms']:.2f}, "
        f"p95 {figures['latency_p95_ms']:.2f}, max {figures['latency_max_ms']:.2f}), "
        f"{figures['pairs_per_second']:.1f} pairs/s"
    )
    folder = Path(options.save_log_path)
    record = {
        "options": asdict(used),
        "pairs": len(pairs),
        "model_dir": options.model_dir,
        **figures,
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(record, indent=2, sort_keys=True)
        (folder / _LOG_FILE).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise SetUpError(f"cannot write there ({error})", field="save_log_path") from error


def run(options: argparse.Namespace) -> None:
    """Score the file and print."""
    from train.data.dataset import read_unlabelled_pairs

    set_tokenizer_threads(options.tokenizer_threads)
    read = read_unlabelled_pairs(options.input_file)
    pairs = [(read.texts[q], read.texts[t]) for q, t in zip(read.queries, read.titles)]
    graph = open_model_dir(
        Path(options.model_dir), options.model_name_or_path, options.max_seq_length
    )
    asked = InferenceOptions(
        device=options.device,
        precision=options.precision,
        cpu_threads=options.cpu_threads,
        enable_mkldnn=options.enable_mkldnn,
        use_tensorrt=options.use_tensorrt,
        max_batch_size=options.batch_size,
        max_seq_length=graph.encoder.max_seq_length,
    )
    used = available_options(asked)
    predictor = Predictor(graph, used)
    scores, _ = score_in_batches(predictor, pairs, options.batch_size)
    if cut := counted(predictor.cuts, len(pairs)):
        print(f"{cut}; scores are of what is left", file=sys.stderr)
    for (query, title), score in zip(pairs, scores.tolist()):
        print(format_line(query, title, score, is_pairwise(graph)))
    if options.benchmark:
        _benchmark(predictor, pairs, options, used)


def make_parser() -> argparse.ArgumentParser:
    """Options with upstream's names."""
    parser = argparse.ArgumentParser(prog="predict", description="Score pairs with a static graph.")
    add = parser.add_argument
    add("--model_dir", required=True, help="a bundle, or what export_model wrote")
    add(
        "--input_file",
        required=True,
        help="TSV of query<TAB>title, with that header or without; a third column is ignored",
    )
    add(
        "--model_name_or_path",
        help="tokenizer for a directory that has none: PaddleNLP's name, or a directory",
    )
    add(
        "--max_seq_length",
        type=positive_int,
        help="longest row in tokens (default: the model's own, or 128 if it states none)",
    )
    add("--batch_size", type=positive_int, default=32, help="rows at once (default: 32)")
    add(
        "--device",
        choices=DEVICES,
        default="gpu",
        help="cpu is taken where there is none (default: gpu)",
    )
    flag: dict[str, Any] = {"type": boolean, "nargs": "?", "const": True, "default": False}
    add("--use_tensorrt", **flag, help="compile the graph with TensorRT, on a GPU")
    add("--precision", choices=PRECISIONS, default="fp32", help="default: fp32")
    add("--cpu_threads", type=positive_int, default=10, help="on the cpu (default: 10)")
    add_tokenizer_threads(parser)
    add("--enable_mkldnn", **flag, help="use oneDNN's kernels on the cpu")
    add("--benchmark", **flag, help="score twice and print the second pass's speed")
    add(
        "--save_log_path",
        default="./log_output/",
        help=f"directory for --benchmark's {_LOG_FILE} (default: %(default)s)",
    )
    return parser


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command; the process's exit status."""
    return run_command(run, make_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
