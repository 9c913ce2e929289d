# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Publish an int8 version of a bundle, unless it ranks worse.

Run as ``python -m export.quantize --bundle serving_models/pairwise --calibration_file lists.tsv
--dev_file graded.tsv --output serving_models/pairwise-int8``.

Both files are tab-separated with the header ``query, title, label``; the calibration's labels are
not used. A loss of NDCG@10 above ``--max_ndcg_drop`` is refused, and nothing is written.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Optional

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import numpy as np

from contract.bundle import Bundle
from contract.bundle.embeddings import check_bundle
from contract.bundle.files import GOLDEN_FILE
from contract.bundle.golden import (
    LOW_PRECISION_TOLERANCE,
    Feed,
    GoldenPair,
    read_golden,
    write_golden,
)
from contract.bundle.graphs import OPENVINO, OPENVINO_INT8, graph_files
from contract.bundle.split import refusal_of
from contract.encoding import PairEncoder
from contract.errors import SetUpError
from export.bundle.model_dir import fp32_graph
from export.bundle.publishing import Published, publish_bundle, republished
from export.bundle.source_facts import described_path
from export.command import run_command
from export.engines.openvino_inference import run_graph
from export.proof.parity import check_parity
from export.proof.proving_engines import logits_output
from export.quantization.int8_graph import (
    DENSE,
    FEED_FORWARD,
    PARTS,
    QuantizeOptions,
    quantize_graph,
    quantizer_versions,
    require_nncf,
    save_graph,
)
from export.quantization.quality import QUALITY_FILE, Quality, check_loss, measure, ranked_lists
from train.data.dataset import encode, read_labelled_pairs
from train.model.checkpoint import sha256
from train.option_types import boolean, fraction, positive_int

_ENGINE = "OpenVINO int8"
_AUTO = "auto"


def calibration_feeds(path: Path, encoder: PairEncoder, count: int, seed: int) -> list[Feed]:
    """Rows of a file as feeds ``[1, L]``, drawn evenly over the lengths.

    Raises:
        DataError: the file is not such a file.
    """
    pairs = read_labelled_pairs(path)
    rows = encode(encoder, pairs.texts, pairs.queries, pairs.titles)
    order = np.argsort(rows.lengths, kind="stable")
    random = np.random.default_rng(seed)
    strata = np.array_split(order, min(count, len(order)))
    drawn = [int(random.choice(stratum)) for stratum in strata]
    return [dict(encoder.pad(rows.rows(np.array([number])))) for number in drawn]


def golden_of(graph: Path, bundle: Bundle) -> list[GoldenPair]:
    """The bundle's golden pairs, scored by another graph, each row alone and unpadded."""
    run, encoder, score = run_graph(graph, logits_output(bundle)), bundle.encoder(), bundle.score
    pairs = read_golden(bundle.root / GOLDEN_FILE)
    rows = encoder.encode_pairs([(pair.query, pair.title) for pair in pairs])
    logits = [run(encoder.pad([row])) for row in rows]
    return [
        replace(
            pair,
            logits=[float(x) for x in values[0]],
            score=float(score.uncalibrated(score.margins(values))[0]),
        )
        for pair, values in zip(pairs, logits)
    ]


def verify_int8(directory: Path) -> None:
    """Open a bundle as a service does and have OpenVINO score its golden pairs.

    Raises:
        BundleError: it does not open, or a score depends on the rows beside it.
    """
    bundle = Bundle.open(directory)
    encoder = bundle.encoder()
    check_bundle(bundle, encoder)
    graph = bundle.graph(OPENVINO_INT8).model
    engines = {_ENGINE: run_graph(graph, logits_output(bundle))}
    golden = read_golden(directory / GOLDEN_FILE)
    for parity in check_parity(golden, encoder, engines, bundle.score, LOW_PRECISION_TOLERANCE):
        print(parity)


def quantize(options: argparse.Namespace) -> Published:
    """Quantize, measure, and publish what lost no more than allowed.

    Raises:
        SetUpError: NNCF is missing, the output exists, a file holds nothing to use, the bundle is
            of a split ranker that rounds its states, or the loss is too large.
        BundleError: the bundle is damaged or is int8 already.
    """
    require_nncf()
    _check_output(options.output)
    bundle = Bundle.open(options.bundle)
    model, _ = fp32_graph(bundle, OPENVINO)
    reason = refusal_of(bundle.manifest.split, "int8")
    if reason is not None:
        raise SetUpError(reason, field=f"bundle {options.bundle}")
    feeds = calibration_feeds(
        options.calibration_file, bundle.encoder(), options.samples, options.seed
    )
    # found before minutes are spent
    pairs = read_labelled_pairs(options.dev_file)
    ranked_lists(pairs.lists, pairs.labels, options.dev_file)
    with tempfile.TemporaryDirectory(prefix="quantize-") as name:
        folder = Path(name)
        graph = folder / f"{model.stem}.xml"
        how, quality = _best(options, bundle, model, feeds, graph)
        source = _source(options, bundle, len(feeds), how)
        quality.write(folder / QUALITY_FILE, source)
        write_golden(golden_of(graph, bundle), folder / GOLDEN_FILE)
        parts = replace(
            republished(bundle, [graph_files(graph)], source),
            precision="int8",
            golden=folder / GOLDEN_FILE,
            report=folder / QUALITY_FILE,
        )
        return publish_bundle(parts, options.output, verify_int8)


def _best(
    options: argparse.Namespace, bundle: Bundle, model: Path, feeds: Sequence[Feed], graph: Path
) -> tuple[QuantizeOptions, Quality]:
    """Write the graph with the most in int8 that loses no more than allowed.

    Raises:
        SetUpError: the last of them loses more.
    """
    candidates = (DENSE, FEED_FORWARD) if options.parts == _AUTO else (options.parts,)
    for parts in candidates:
        how = QuantizeOptions(
            parts,
            options.smooth_quant_alpha,
            options.fast_bias_correction,
            tuple(options.keep_fp32),
        )
        save_graph(quantize_graph(model, feeds, how), graph)
        quality = measure(model, graph, bundle, options.dev_file, options.seed)
        print(f"int8: {parts}\n{quality}")
        if -quality.difference.mean <= options.max_ndcg_drop:
            break
    check_loss(quality, options.max_ndcg_drop)
    return how, quality


def _check_output(output: Path) -> None:
    if output.exists() or output.is_symlink():
        raise SetUpError("exists; name a new directory", field=f"output {output}")


def _source(
    options: argparse.Namespace, bundle: Bundle, samples: int, how: QuantizeOptions
) -> dict[str, str]:
    """Facts for the manifest and the report."""
    parts = ["python -m export.quantize", f"--bundle {described_path(str(options.bundle))}"]
    for name in ("calibration_file", "dev_file"):
        parts.append(f"--{name} {described_path(str(getattr(options, name)))}")
    for name in ("samples", "seed", "smooth_quant_alpha", "fast_bias_correction"):
        parts.append(f"--{name} {getattr(options, name)}")
    parts.append(f"--parts {how.parts}")
    parts += [f"--keep_fp32 {shlex.quote(pattern)}" for pattern in options.keep_fp32]
    return {
        "quantized": " ".join(parts),
        "quantized_from": bundle.manifest.version,
        "calibration_rows": str(samples),
        "calibration_sha256": sha256(options.calibration_file),
        "dev_sha256": sha256(options.dev_file),
        **quantizer_versions(),
    }


def _alpha(text: str) -> float:
    value = float(text)
    if value != -1 and not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"must be from 0 to 1, or -1, got {text}")
    return value


def make_parser() -> argparse.ArgumentParser:
    """The command's options."""
    defaults = QuantizeOptions()
    parser = argparse.ArgumentParser(
        prog="quantize", description="Publish an int8 version of a bundle, unless it ranks worse."
    )
    add = parser.add_argument
    add(
        "--bundle", type=Path, required=True, help="an fp32 bundle, such as serving_models/pairwise"
    )
    add(
        "--calibration_file",
        type=Path,
        required=True,
        help="TSV with the header query<TAB>title<TAB>label",
    )
    add("--dev_file", type=Path, required=True, help="the same with grades, to measure NDCG@10 on")
    add(
        "--output",
        type=Path,
        required=True,
        help="a new directory, such as serving_models/pairwise-int8",
    )
    add(
        "--max_ndcg_drop",
        type=fraction,
        default=0.005,
        help="largest loss of NDCG@10 (default: %(default)s)",
    )
    add(
        "--samples",
        type=positive_int,
        default=300,
        help="how many calibration rows to draw (default: 300)",
    )
    add("--seed", type=int, default=1000, help="of all draws (default: 1000)")
    add(
        "--parts",
        choices=(_AUTO, *PARTS),
        default=_AUTO,
        help="what becomes int8 (default: auto, dense or, if that loses too much, feed_forward)",
    )
    add(
        "--smooth_quant_alpha",
        type=_alpha,
        default=defaults.smooth_quant_alpha,
        help="part of the activations' range moved into the weights, or -1 (default: %(default)s)",
    )
    add(
        "--fast_bias_correction",
        type=boolean,
        default=defaults.fast_bias_correction,
        help="False is slower and may lose less (default: True)",
    )
    add(
        "--keep_fp32",
        action="append",
        default=[],
        metavar="PATTERN",
        help="regular expression of operator names to leave in fp32; can be repeated",
    )
    return parser


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command; the process's exit status."""
    return run_command(lambda options: print(quantize(options)), make_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
