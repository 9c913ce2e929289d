# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Score a file of pairs with a checkpoint, and print the result."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple, Optional

import numpy as np
from numpy.typing import NDArray

from contract.errors import SetUpError
from contract.scoring import SCORE_FUNCTIONS
from train.data.dataset import UnlabelledPairs, encode, read_unlabelled_pairs
from train.model.device import set_device
from train.model.inference import margins, show_cuts
from train.model.ranker import load_ranker


class ScoredPairs(NamedTuple):
    """The pairs of a file, their scores, and the margins of their logits, which order them."""

    pairs: UnlabelledPairs
    scores: NDArray[np.float64]
    margins: NDArray[np.float64]

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.scores)

    def line(self, index: int, query: str, title: str) -> dict[str, Any]:
        """What is printed of a pair, with these names for its texts."""
        pairs = self.pairs
        return {
            query: pairs.texts[int(pairs.queries[index])],
            title: pairs.texts[int(pairs.titles[index])],
            "pred_prob": float(self.scores[index]),
        }


def predict(options: argparse.Namespace, ranker: str, input_file: str) -> ScoredPairs:
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
    return ScoredPairs(pairs, SCORE_FUNCTIONS[loaded.score_function].of_margins(values), values)


def show(results: Iterable[dict[str, Any]], output_file: Optional[Path]) -> None:
    """Print one dictionary a line, and write them as JSON lines where a file is named.

    Raises:
        SetUpError: the file cannot be written.
    """
    try:
        with output_file.open("w", encoding="utf-8") if output_file else nullcontext() as file:
            for result in results:
                print(result)
                if file is not None:
                    file.write(f"{json.dumps(result, ensure_ascii=False)}\n")
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        place = output_file or "standard output"
        raise SetUpError(f"cannot be written ({error.strerror})", field=str(place)) from error
