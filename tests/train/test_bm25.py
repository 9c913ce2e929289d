# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""BM25 against its formula, by hand and by brute force."""

import math

import numpy as np
import pytest

from train.bm25 import BM25, bm25_scores, bm25_terms

DOCUMENTS = ["哺乳期能吃西瓜吗", "西瓜的功效与作用", "Windows 10 系统安装", "感冒了怎么办", ""]


def test_terms_are_words_characters_and_adjacent_bigrams():
    assert bm25_terms("CT检查, 10天") == ["ct", "检", "查", "检查", "10", "天"]


def test_a_bigram_does_not_cross_punctuation():
    assert "瓜西" not in bm25_terms("瓜，西")
    assert "瓜西" in bm25_terms("瓜西")


def test_one_term_score_is_the_formula():
    index = BM25(["a a b", "c", "d"], k1=1.5, b=0.5)
    idf = math.log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    norm = 1.5 * (0.5 + 0.5 * 3 / (5 / 3))
    assert index.scores("a")[0] == pytest.approx(idf * 2 * 2.5 / (2 + norm))
    assert index.scores("a")[1:].tolist() == [0.0, 0.0]


def test_a_repeated_query_term_counts_twice():
    index = BM25(["a b", "c"])
    assert index.scores("a a")[0] == pytest.approx(2 * index.scores("a")[0])


def test_the_named_part_of_the_collection_is_scored_in_the_order_given():
    index = BM25(DOCUMENTS)
    whole = index.scores("西瓜")
    np.testing.assert_array_equal(index.scores("西瓜", [2, 1]), whole[[2, 1]])


def test_texts_score_the_same_inside_and_outside_the_collection():
    index = BM25(DOCUMENTS)
    query = "哺乳期吃西瓜 windows"
    np.testing.assert_allclose(bm25_scores(query, DOCUMENTS, index), index.scores(query))


def test_top_is_sorted_breaks_ties_by_index_and_leaves_strangers_out():
    index = BM25(["x y", "x y", "x", "z", "x y"])
    assert index.top("y", 2) == [0, 1]
    assert index.top("y", 10) == [0, 1, 4]
    assert index.top("w", 3) == []
    assert index.top("x", 0) == []


def test_top_agrees_with_a_full_sort():
    rng = np.random.default_rng(0)
    letters = list("abcdefgh")
    documents = [" ".join(rng.choice(letters, size=rng.integers(1, 9))) for _ in range(200)]
    index = BM25(documents)
    scores = index.scores("a b c")
    expected = [i for i in np.argsort(-scores, kind="stable") if scores[i] > 0][:15]
    assert index.top("a b c", 15) == expected


def test_an_empty_collection_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        BM25([])
