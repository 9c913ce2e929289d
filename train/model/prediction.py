# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Score a file of pairs with a checkpoint, and print the result."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Optional

from contract.errors import SetUpError
from contract.scoring import SCORE_FUNCTIONS
from train.data.dataset import encode, read_unlabelled_pairs
from train.model.device import set_device
from train.model.inference import margins, show_cuts
from train.model.ranker import load_ranker


class Scored(NamedTuple):
    """One pair, its score, and the margin of its logits, which orders pairs."""

    query: str
    title: str
    score: float
    margin: float


def predict(options: argparse.Namespace, ranker: str, input_file: str) -> list[Scored]:
    """Score every pair of a file, in its order.

    Raises:
        SetUpError: the checkpoint is that of another ranker, or cannot be loaded.
    """
    pairs = read_unlabelled_pairs(input_file, options.max_bad_rows)
    set_device(options.device, options.cpu_threads)
    loaded = load_ranker(
        options.params_path, options.model_name_or_path, max_seq_length=options.max_seq_length
    )
    if loaded.ranker != ranker:
        raise SetUpError(
            f"{options.params_path} is a {loaded.ranker} checkpoint, but this command needs "
            f"{ranker}",
            field="params_path",
        )
    encoded = encode(loaded.encoder, pairs.texts, pairs.queries, pairs.titles)
    values = margins(
        loaded.model, loaded.encoder, encoded, options.batch_size, loaded.score_function
    )
    show_cuts(encoded)
    scores = SCORE_FUNCTIONS[loaded.score_function].of_margins(values)
    return [
        Scored(pairs.texts[q], pairs.texts[t], score, margin)
        for q, t, score, margin in zip(
            pairs.queries, pairs.titles, scores.tolist(), values.tolist()
        )
    ]


def show(results: Sequence[dict[str, Any]], output_file: Optional[Path]) -> None:
    """Print one dictionary a line, and write them as JSON lines where a file is named.

    Raises:
        SetUpError: the file cannot be written.
    """
    for result in results:
        print(result)
    if output_file is None:
        return
    lines = "".join(f"{json.dumps(result, ensure_ascii=False)}\n" for result in results)
    try:
        output_file.write_text(lines, encoding="utf-8")
    except OSError as error:
        raise SetUpError(f"cannot be written ({error.strerror})", field=str(output_file)) from error
