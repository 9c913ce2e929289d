# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Run a ranker over encoded rows: its logits, or their margins, in the order of the rows."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray

from contract.cuts import counted
from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS, PairEncoder
from contract.scoring import SCORE_FUNCTIONS
from train.data.batches import sorted_batches
from train.data.dataset import EncodedPairs

FloatArray = NDArray[np.float32]


def logits(model: Any, encoder: PairEncoder, pairs: EncodedPairs, batch_size: int) -> FloatArray:
    """Run the model over every pair without dropout; its mode is put back afterwards.

    Pairs of the same tokens are computed once, and have one logit to the last bit.

    Returns:
        ``[len(pairs), width]`` float32.
    """
    was_training = model.training
    model.eval()
    firsts, place_of = pairs.distinct
    parts, order = [], []
    with paddle.no_grad():
        for batch in sorted_batches(pairs.lengths[firsts], batch_size):
            feed = encoder.pad(pairs.rows(firsts[batch]))
            output = model(
                paddle.to_tensor(feed[INPUT_IDS]), paddle.to_tensor(feed[TOKEN_TYPE_IDS])
            )
            parts.append(output.astype("float32").numpy())
            order.append(batch)
    if was_training:
        model.train()
    result: FloatArray = np.concatenate(parts)
    result[np.concatenate(order)] = result.copy()
    return result[place_of]


def show_cuts(pairs: EncodedPairs) -> None:
    """Say on stderr what was cut of the rows, if anything."""
    line = counted(pairs.cuts, len(pairs))
    if line:
        print(f"{line}; scores are of what is left", file=sys.stderr)


def margins(
    model: Any,
    encoder: PairEncoder,
    pairs: EncodedPairs,
    batch_size: int,
    score_function: str,
) -> NDArray[np.float64]:
    """What a service orders by, ``[len(pairs)]`` float64.

    Raises:
        InferenceFailed: a logit is NaN or infinite.
    """
    return SCORE_FUNCTIONS[score_function].margins(logits(model, encoder, pairs, batch_size))
