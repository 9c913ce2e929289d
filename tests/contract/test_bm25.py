# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""BM25 of one list scores as the index does, whatever the texts hold."""

from __future__ import annotations

import random

import numpy as np
import pytest

from contract import bm25
from contract.bm25 import list_scores
from train.bm25 import BM25

LETTERS = "感冒了应该吃什么药灵颗粒İΣςß〇，。_ \n\t"
PIECES = [*LETTERS, "ct", "CT", "10", "a1", "x", "ＣＴ", "\ud800", "𠮷"]


def texts(seed: int, count: int) -> list[str]:
    draw = random.Random(seed)
    return ["".join(draw.choices(PIECES, k=draw.randrange(0, 40))) for _ in range(count)]


@pytest.mark.parametrize("seed", range(40))
def test_a_list_is_scored_as_a_collection_of_the_same_texts(seed: int) -> None:
    documents = texts(seed, 1 + seed)
    query = texts(1000 + seed, 1)[0]
    expected = BM25(documents).scores(query)
    assert list_scores(query, documents).scores == pytest.approx(expected, abs=2e-9)


def test_no_score_reaches_the_most() -> None:
    documents = ["感冒" * 500, "感冒", "", "药"]
    scores, most = list_scores("感冒吃药", documents)
    assert 0.0 == scores[2] < scores.max() < most


def test_a_query_without_terms_scores_nothing() -> None:
    scores, most = list_scores("，。", ["感冒", ""])
    assert scores.tolist() == [0.0, 0.0]
    assert most == 0.0


def test_a_long_query_is_no_more_work_than_its_documents() -> None:
    # 20,000 terms of the query; a pass over the texts for each would take minutes
    query = "".join(chr(0x4E00 + i) for i in range(10_000))
    documents = [query[i : i + 300] for i in range(0, 9000, 30)]
    found = list_scores(query, documents).scores
    assert np.count_nonzero(found) == len(documents)


def test_scores_are_no_integers_where_no_term_is_found() -> None:
    assert list_scores("感冒", ["药", ""]).scores.dtype == np.float64


def test_a_long_list_is_read_in_parts_and_scored_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    documents, query = texts(7, 30), texts(8, 1)[0]
    whole = list_scores(query, documents)
    monkeypatch.setattr(bm25, "_PART_CHARACTERS", 50)
    looks = []
    parted = list_scores(query, documents, lambda: looks.append(None))
    assert len(looks) > 5
    assert parted.scores.tolist() == whole.scores.tolist()
    assert parted.most == whole.most


def test_what_is_raised_between_parts_ends_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bm25, "_PART_CHARACTERS", 1)
    looks = iter([None])
    with pytest.raises(StopIteration):
        list_scores("q", ["a", "b"], lambda: next(looks))


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one document"):
        list_scores("感冒", [])
