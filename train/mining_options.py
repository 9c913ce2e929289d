# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Options of ``train.mine``, and what follows from those that were left out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Optional

from contract.errors import SetUpError
from train.option_types import fraction, positive_int

NONE = "none"
_BM25, _RANDOM = 4, 2
# of a source that was named without a count
_NAMED = 4
_SHARE = 0.95
_MOVED = "train.recipes.mine"
_SPEC = "checkpoint:DIR, bundle:DIR, hf-cross-encoder:DIR, hf-bi-encoder:DIR, e5, command:LINE"


def ranks(text: str) -> tuple[int, int]:
    """``FROM:TO``, both from 1 and included."""
    first, _, last = text.partition(":")
    if not (first.isdigit() and last.isdigit() and 1 <= int(first) <= int(last)):
        raise argparse.ArgumentTypeError(f"{text!r} is not FROM:TO, such as 2:50")
    return int(first), int(last)


def count(text: str) -> int:
    """An integer of at least 0."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"must be at least 0, got {value}")
    return value


def add_mining_options(parser: argparse.ArgumentParser) -> None:
    """What to read and write, where negatives come from, and which are dropped."""
    _add_files(parser)
    add = parser.add_argument_group("negatives of each list").add_argument
    add("--bm25", type=count, default=_BM25, help="found by BM25 (default: %(default)s)")
    add("--random", type=count, default=_RANDOM, help="drawn by chance (default: %(default)s)")
    add("--dense", type=count, help=f"found by --encoder (default: {_NAMED} where there is one)")
    add("--encoder", metavar="SPEC", help="a bi-encoder: e5 or hf-bi-encoder:DIR")
    add(
        "--ranked",
        type=count,
        help=f"that --ranker puts first of BM25's (default: {_NAMED} where there is one)",
    )
    add("--ranker", metavar="SPEC", help="a checkpoint, a bundle, or any teacher")
    add(
        "--ranker_depth",
        type=positive_int,
        default=100,
        help="titles of BM25's that the ranker scores for each query (default: %(default)s)",
    )
    add(
        "--ranks",
        type=ranks,
        default=(1, 50),
        metavar="FROM:TO",
        help="which ranks of a source are taken, its list's own titles not counted (default: 1:50)",
    )
    add(
        "--draw",
        choices=("top", "random"),
        default="top",
        help="take the best of these ranks, or draw among them (default: top)",
    )
    _add_judge(parser)


def _add_files(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--input", type=Path, help="rows of query, title, label: TSV, .jsonl, .parquet")
    add(
        "--corpus",
        type=Path,
        help="further titles: a .txt with one a line, or a TSV, .jsonl, .parquet with the column "
        "title",
    )
    add("--output_dir", type=Path, help="where pairs.tsv and triples.tsv go")
    add("--data_dir", help=argparse.SUPPRESS)
    add("--dev", type=fraction, default=0.0, help="part of the queries for dev.tsv (default: 0)")
    add(
        "--held_out",
        type=fraction,
        default=0.0,
        help="part of the queries for heldout.tsv (default: 0)",
    )
    add(
        "--triples_per_title",
        type=positive_int,
        default=8,
        help="most triples of a relevant title (default: %(default)s)",
    )
    add("--seed", type=int, default=1000, help="of all draws (default: 1000)")
    add(
        "--max_bad_rows",
        type=count,
        default=0,
        help="malformed rows that may be skipped (default: 0)",
    )


def _add_judge(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("titles that are too good to be negatives").add_argument
    add(
        "--judge",
        metavar="SPEC",
        help=f"teacher that tells them: {_SPEC}; or none (default: --ranker, or else --encoder)",
    )
    add(
        "--share_of_positive",
        type=fraction,
        help="drop what it finds more relevant than this share of the list's least relevant "
        f"positive (default: {_SHARE}, unless --margin is named)",
    )
    add(
        "--margin",
        type=fraction,
        help="drop what it finds more relevant than that positive less this margin",
    )


def resolve(options: argparse.Namespace) -> None:
    """Fill in what follows from other options.

    Raises:
        SetUpError: options contradict each other, or one that another needs is missing.
    """
    if options.data_dir is not None:
        raise SetUpError(
            f"the files of the small bundles are made by python -m {_MOVED} --data_dir DIR "
            "--output_dir DIR; this command takes --input",
            field="data_dir",
        )
    for name in ("input", "output_dir"):
        if getattr(options, name) is None:
            raise SetUpError(f"is needed: --{name}", field=name)
    if options.dev + options.held_out >= 1:
        raise SetUpError("and --held_out leave no query to train on", field="dev")
    for number, model in (("dense", "encoder"), ("ranked", "ranker")):
        if getattr(options, number) is None:
            setattr(options, number, _NAMED if getattr(options, model) else 0)
        elif getattr(options, number) and not getattr(options, model):
            raise SetUpError(f"needs --{model} SPEC", field=number)
    options.ranker = _ranker_spec(options.ranker)
    _resolve_judge(options)


def _ranker_spec(text: Optional[str]) -> Optional[str]:
    """A directory of ours may be named as it is."""
    if text is None or ":" in text or not Path(text).exists():
        return text
    kind = "bundle" if (Path(text) / "manifest.json").is_file() else "checkpoint"
    return f"{kind}:{text}"


def _resolve_judge(options: argparse.Namespace) -> None:
    if options.judge is None:
        options.judge = options.ranker or options.encoder
    elif options.judge == NONE:
        options.judge = None
    limits = (options.share_of_positive, options.margin)
    if options.judge is None and limits != (None, None):
        raise SetUpError(
            "needs a teacher that judges: --judge SPEC",
            field="margin" if options.margin is not None else "share_of_positive",
        )
    if limits == (None, None):
        options.share_of_positive = _SHARE
