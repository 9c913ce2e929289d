# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Both sides of the benchmark of training read the same rows, and must learn the same of them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("paddlenlp", reason="comes with what trains")

from benchmarks.peers.training_steps import batches_of, padded
from benchmarks.training import (
    CHECKPOINT_DIR,
    OURS,
    ROWS_FILE,
    TOKENS_FILE,
    Shape,
    Turn,
    line_of,
    prepare,
    turn,
)
from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS, PairEncoder
from contract.errors import SetUpError
from train.data.dataset import encode, read_labelled_pairs

TINY = {
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}


def test_both_sides_have_the_same_rows_and_ours_takes_its_steps(tmp_path: Path) -> None:
    shape = Shape(TINY, 8000, 4)
    prepare(shape, 5, tmp_path)
    pairs = read_labelled_pairs(str(tmp_path / ROWS_FILE))
    encoder = PairEncoder.load(tmp_path / CHECKPOINT_DIR, 64)
    encoded = encode(encoder, pairs.texts, pairs.queries, pairs.titles)
    batches = list(batches_of(np.load(tmp_path / TOKENS_FILE), shape.batch))
    assert len(batches) == 5
    for number, (rows, labels) in enumerate(batches):
        places = np.arange(4) + 4 * number
        feed, theirs = encoder.pad(encoded.rows(places)), padded(rows)
        np.testing.assert_array_equal(theirs["input_ids"], feed[INPUT_IDS])
        np.testing.assert_array_equal(theirs["token_type_ids"], feed[TOKEN_TYPE_IDS])
        np.testing.assert_array_equal(theirs["attention_mask"], feed[INPUT_IDS] != 0)
        np.testing.assert_array_equal(labels, np.asarray(pairs.labels)[places])
    found = turn(sys.executable, OURS, shape, tmp_path, 1)
    assert len(found.losses) == 5
    assert found.wall_ms > 0


def test_a_line_compares_turns_and_refuses_other_losses() -> None:
    ours = [Turn([1.0, 2.0], 30.0, 60.0), Turn([1.0, 2.0], 50.0, 60.0), Turn([1.0, 2.0], 40, 60)]
    peer = [Turn([1.0, 2.0], 10.0, 30.0), Turn([1.0, 2.0], 50.0, 30.0), Turn([1.0, 2.0], 20, 30)]
    assert (
        line_of("small", ours, peer) == "| small | 64 | 40 | 20 | 2.00 | 60 | 30 | 2.00 | 0e+00 |"
    )
    other = [one._replace(losses=[1.0, 2.01]) for one in peer]
    with pytest.raises(SetUpError, match="train apart"):
        line_of("small", ours, other)
    assert line_of("medium", ours, other).endswith("| - |")
