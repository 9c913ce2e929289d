# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluate a checkpoint of either ranker on graded lists, beside BM25.

Run as ``python -m train.evaluate --test_file FILE --init_from_ckpt CHECKPOINT``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

if __package__ in (None, ""):
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from train.data.faults import LABELLED
from train.options import add_encoding_options, run_command

_INPUTS = {"test_file": (LABELLED,)}


def make_parser() -> argparse.ArgumentParser:
    """Options with upstream's names, and ours beside them."""
    parser = argparse.ArgumentParser(
        prog="evaluate",
        description="Evaluate a checkpoint of either ranker on graded lists, beside BM25.",
    )
    parser.add_argument(
        "--test_file", required=True, help="rows of query, title, label: TSV, .jsonl or .parquet"
    )
    parser.add_argument("--init_from_ckpt", help="checkpoint directory or parameter file")
    parser.add_argument(
        "--model_name_or_path",
        default="ernie-3.0-medium-zh",
        help="backbone of a parameter file that comes alone, or without --init_from_ckpt the model "
        "to evaluate (default: %(default)s)",
    )
    parser.add_argument(
        "--margin",
        type=float,
        default=0.1,
        help="accepted because upstream has it; no metric uses it",
    )
    parser.add_argument(
        "--learning_rate",
        type=float,
        help="accepted because upstream's README has it; nothing is learned",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures here too")
    add_encoding_options(parser, max_seq_length=None)
    return parser


def run(options: argparse.Namespace) -> None:
    """Evaluate with parsed options."""
    import numpy as np

    from contract.scoring import sigmoid
    from train.data.dataset import encode, read_labelled_pairs
    from train.evaluation.cautions import figure
    from train.evaluation.reliability import reliability
    from train.evaluation.report import compare
    from train.model.checkpoint import write_json
    from train.model.device import set_device
    from train.model.inference import margins, show_cuts
    from train.model.layers import config_of
    from train.model.ranker import load_ranker
    from train.model.split.settings import described

    pairs = read_labelled_pairs(options.test_file, options.max_bad_rows)
    set_device(options.device, options.cpu_threads)
    ranker = load_ranker(
        options.init_from_ckpt or options.model_name_or_path,
        options.model_name_or_path,
        max_seq_length=options.max_seq_length,
    )
    encoded = encode(ranker.encoder, pairs.texts, pairs.queries, pairs.titles)
    values = margins(
        ranker.model, ranker.encoder, encoded, options.batch_size, ranker.score_function
    )
    show_cuts(encoded)
    report = compare(pairs, values, options.seed)
    print(f"eval_dev auc:{figure(report.auc, '.3')}")
    for caution in report.cautions:
        print(f"eval_dev warning: {caution}")
    print(report.table())
    if options.json:
        about = {
            "ranker": ranker.ranker,
            "checkpoint_sha256": ranker.checkpoint_sha256,
            "max_seq_length": ranker.max_seq_length,
            **ranker.encoder.rules._asdict(),
            "layers": described(config_of(ranker.model)),
            "test_file": Path(options.test_file).name,
            "seed": options.seed,
            "reliability": reliability(sigmoid(values), np.asarray(pairs.labels) > 0),
        }
        write_json(options.json, {**about, **report.as_json()})


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Command line entry."""
    return run_command(run, make_parser(), arguments, _INPUTS)


if __name__ == "__main__":
    sys.exit(main())
