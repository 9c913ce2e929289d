# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Rows of different length: what is sent, and that outputs return to where their titles were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from clients.tensor.rows import feeds_of, in_input_order
from contract.bundle import Bundle
from contract.encoding import PairEncoder, Row
from contract.wire.caller_errors import UnreadableAnswer

TITLES = ["长一些的题目", "短", "也很长的一个题目", "中等", "二"]


@pytest.fixture(scope="module")
def bundle(models: Path) -> Bundle:
    return Bundle.open(models / "pairwise")


@pytest.fixture(scope="module")
def encoder(bundle: Bundle) -> PairEncoder:
    return bundle.encoder()


@pytest.fixture
def rows(encoder: PairEncoder) -> list[Row]:
    return encoder.encode("问", TITLES)


def test_nothing_is_padded_and_rows_of_one_length_share_a_tensor(
    bundle: Bundle, encoder: PairEncoder, rows: list[Row]
) -> None:
    feeds, order = feeds_of(encoder, bundle.manifest.feeds, rows, padded=False)
    lengths = [len(row.input_ids) for row in rows]
    for alias, part in (("input_ids", 0), ("token_type_ids", 1)):
        arrays = [feed.array for feed in feeds if feed.spec.alias == alias]
        assert sum(array.size for array in arrays) == sum(lengths)
        assert [array.shape[1] for array in arrays] == sorted(set(lengths))
        sent = [row.tolist() for array in arrays for row in array]
        assert sent == [rows[i][part].tolist() for i in order]
    assert max(array.shape[0] for array in arrays) == 2


def test_padded_rows_are_one_tensor_in_input_order(
    bundle: Bundle, encoder: PairEncoder, rows: list[Row]
) -> None:
    feeds, order = feeds_of(encoder, bundle.manifest.feeds, rows, padded=True)
    assert order == [0, 1, 2, 3, 4]
    assert [feed.spec.alias for feed in feeds] == ["input_ids", "token_type_ids"]
    assert {feed.array.shape for feed in feeds} == {(5, max(len(row.input_ids) for row in rows))}


@pytest.mark.parametrize("padded", [True, False])
def test_outputs_return_to_their_titles(
    bundle: Bundle, encoder: PairEncoder, rows: list[Row], padded: bool
) -> None:
    _, order = feeds_of(encoder, bundle.manifest.feeds, rows, padded)
    outputs = {"a": np.array([[float(i)] for i in order]), "b": np.array(order)}
    back = in_input_order(outputs, order)
    assert back["a"].tolist() == [[0.0], [1.0], [2.0], [3.0], [4.0]]
    assert back["b"].tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("array", [np.zeros((3, 1)), np.zeros(())])
def test_an_output_of_another_length_is_unreadable(array: np.ndarray) -> None:
    with pytest.raises(UnreadableAnswer, match=r"logits: shape .* for 2 titles"):
        in_input_order({"logits": array}, [1, 0])
