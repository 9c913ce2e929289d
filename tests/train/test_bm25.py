# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""BM25 against its formula, by hand and by brute force."""

import math

import numpy as np
import pytest

from contract.bm25 import bm25_terms
from train.bm25 import BM25, bm25_scores
from train.data.dataset import LabelledPairs
from train.evaluation.report import compare

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


def test_top_is_sorted_and_leaves_strangers_out():
    index = BM25(["x y", "y", "x", "z", "x y y y"])
    scores = index.scores("y")
    found = index.top("y", 10)
    assert sorted(found) == [0, 1, 4]
    assert [scores[i] for i in found] == sorted(scores[found], reverse=True)
    assert index.top("y", 2) == found[:2]
    assert index.top("w", 3) == []
    assert index.top("x", 0) == []


def test_equal_scores_are_ordered_by_text_whatever_the_order_of_the_file():
    documents = [f"x {letter}" for letter in "abcdefghijklmnop"]
    best = [documents[i] for i in BM25(documents).top("x", 5)]
    turned = documents[::-1]
    assert [turned[i] for i in BM25(turned).top("x", 5)] == best
    assert best not in (documents[:5], turned[:5])


def test_ties_that_differ_by_the_order_of_addition_are_ties():
    # equally rare terms of equal gains, whose sums differ in the last bit by their order
    words = ["p", "q", "r", "s", "t", "u"]
    rng = np.random.default_rng(1)
    for _ in range(50):
        pads = [" ".join(["z"] * int(rng.integers(1, 40))) for _ in range(3)]
        common = [f"{w} {pad}" for w in words for pad in pads]
        index = BM25([*common, "p p q q q r", "p q q r r r", "s s t t t u", "zz"])
        values = index.scores("p p q r r r r s s t u u u u")
        wanted = index.scores("u u u u t s s r r r r q p p")
        np.testing.assert_array_equal(values, wanted)


def test_top_agrees_with_a_full_sort():
    rng = np.random.default_rng(0)
    letters = list("abcdefgh")
    documents = [" ".join(rng.choice(letters, size=rng.integers(1, 9))) for _ in range(200)]
    index = BM25(documents)
    scores = index.scores("a b c")
    found = index.top("a b c", 15)
    best = np.sort(scores[scores > 0])[::-1]
    np.testing.assert_array_equal(scores[found], best[:15])
    assert len(set(found)) == 15
    assert index.top("a b c", 200)[:15] == found


def test_an_empty_collection_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        BM25([])


def labelled(documents, labels):
    """Rows of one list in a file's order, as a reader gives them."""
    texts = ["x", *documents]
    numbers = np.arange(1, len(texts))
    zeros = np.zeros_like(numbers)
    return LabelledPairs(texts, zeros, numbers, np.array(labels), zeros)


def test_the_baseline_of_a_report_gains_nothing_by_the_order_of_the_file():
    documents = [f"x {letter}" for letter in "abcdefghijkl"]
    found = []
    for best in (0, 5, 11):
        labels = [int(i == best) for i in range(12)]
        report = compare(labelled(documents, labels), np.zeros(12), seed=0)
        found.append({name: metric.bm25.mean for name, metric in report.metrics.items()})
        assert report.bm25_tied_pairs == 1.0
        assert report.bm25_auc == 0.5
    assert found[0] == found[1] == found[2]
    assert found[0]["MRR@10"] == pytest.approx(sum(1 / rank for rank in range(1, 11)) / 12)


def test_the_baseline_of_a_report_is_bm25_where_it_tells_titles_apart():
    documents = ["x x x", "x a b c", "a b"]
    report = compare(labelled(documents, [0, 0, 1]), np.zeros(3), seed=0)
    assert report.metrics["MRR@10"].bm25.mean == pytest.approx(1 / 3)
    assert report.bm25_auc == 0.0
