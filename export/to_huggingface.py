# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Write a ranker in Hugging Face's format: a checkpoint or a bundle comes in.

Run as ``python -m export.to_huggingface --params_path checkpoints/ce/best --output hf/ce``.
transformers, sentence-transformers' CrossEncoder and text-embeddings-inference load the directory.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from contract.text.rules import NFKC, TITLE_FIRST
from export.command import run_command
from train.model.checkpoint import check_named

_MODEL_TYPES = ("bert", "ernie", "xlm-roberta", "roberta")


def run(options: argparse.Namespace) -> None:
    """Load, write, and say what was written and what those packages do otherwise."""
    check_named(options.params_path)
    from train.model.huggingface.export import write_huggingface
    from train.model.ranker import load_ranker

    ranker = load_ranker(options.params_path, options.model_name_or_path)
    chosen, count = write_huggingface(
        ranker, options.output, options.model_type, options.num_labels
    )
    print(f"{options.output}: {chosen}, {count} parameters, num_labels {options.num_labels}")
    rules = ranker.encoder.rules
    if rules.normalization == NFKC:
        print(
            "radicals such as U+2F04 are characters of their own to Hugging Face's tokenizer; "
            "other look-alikes are normalized as here",
            file=sys.stderr,
        )
    if rules.truncation == TITLE_FIRST:
        print(
            "this ranker cuts title_first: call the tokenizer with truncation='only_second'",
            file=sys.stderr,
        )


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command; the process's exit status."""
    parser = argparse.ArgumentParser(
        prog="to_huggingface", description="Write a ranker in Hugging Face's format."
    )
    add = parser.add_argument
    add("--params_path", required=True, help="a checkpoint, a bundle, or a name that publish takes")
    add("--model_name_or_path", help="backbone of a parameter file without ranker.json")
    add("--output", type=Path, required=True, help="directory to write")
    add(
        "--model_type",
        choices=_MODEL_TYPES,
        help="Hugging Face's class (default: that which the weights came from, or else bert)",
    )
    add(
        "--num_labels",
        type=int,
        choices=(1, 2),
        default=1,
        help="logits of a pair; TEI takes 1 only (default: 1)",
    )
    return run_command(run, parser, arguments)


if __name__ == "__main__":
    sys.exit(main())
