# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Rows are put into lists by their id, and without ids by their query."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from contract.errors import DataError
from tests.train.conftest import write_rows
from train.data.dataset import read_labelled_pairs
from train.data.list_numbers import in_order_of_first
from train.evaluation.metrics import QueryLists


def test_lists_of_one_query_are_told_apart_by_their_id(tmp_path: Path) -> None:
    """Two users who asked the same: each list has its own best title."""
    rows = [("u1", "a", "x", 1), ("u2", "a", "x", 0), ("u1", "a", "y", 0), ("u2", "a", "y", 1)]
    pairs = read_labelled_pairs(write_rows(tmp_path / "f", ("list_id", *HEADER), *rows))
    assert pairs.lists.tolist() == [0, 1, 0, 1]
    lists = QueryLists(pairs.lists, pairs.labels)
    assert [group.tolist() for group in lists.rows] == [[0, 2], [1, 3]]


HEADER = ("query", "title", "label")


def test_without_ids_rows_of_one_query_are_a_list(tmp_path: Path) -> None:
    rows = [("b", "x", 1), ("a", "x", 0), ("b", "y", 0), ("c", "y", 1), ("a", "z", 1)]
    pairs = read_labelled_pairs(write_rows(tmp_path / "f", HEADER, *rows))
    assert pairs.lists.tolist() == [0, 1, 0, 2, 1]


@pytest.mark.parametrize("name", ["list_id", "qid", "query_id"])
def test_one_id_with_two_queries_names_both_lines(tmp_path: Path, name: str) -> None:
    rows = [("a", "x", 1, 5), ("c", "x", 1, 6), ("a", "y", 0, 5), ("b", "y", 0, 5)]
    path = write_rows(tmp_path / "f", (*HEADER, name), *rows)
    with pytest.raises(DataError, match="lines 2 and 5 are one list only if") as caught:
        read_labelled_pairs(path, max_bad_rows=100)
    assert caught.value.field == f"{path}:5"


def test_two_names_of_the_id_are_refused(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "f", (*HEADER, "qid", "list_id"), ("a", "b", 1, 1, 1))
    with pytest.raises(DataError, match="names list_id 2 times"):
        read_labelled_pairs(path)


def test_an_empty_id_is_malformed(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "f", (*HEADER, "qid"), ("a", "b", 1, 1), ("a", "c", 0, " "))
    with pytest.raises(DataError, match=r"f:3: list_id is empty; 1 malformed"):
        read_labelled_pairs(path)


def test_each_line_of_documents_is_a_list(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    line = json.dumps({"query": "a", "docs": [{"text": "x", "label": 1}]})
    path.write_text(f"{line}\n\n{line}\n")
    assert read_labelled_pairs(path).lists.tolist() == [0, 1]


def test_numbers_count_from_the_first() -> None:
    keys = np.random.default_rng(1).integers(0, 9, 200)
    numbers, firsts = in_order_of_first(keys)
    seen: dict[int, int] = {}
    assert numbers.tolist() == [seen.setdefault(int(key), len(seen)) for key in keys]
    assert [int(keys[place]) for place in firsts] == list(seen)
    assert [int(np.flatnonzero(keys == key)[0]) for key in seen] == firsts.tolist()
