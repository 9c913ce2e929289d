# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The evidence layer: phrases found in tables, overlap as BM25 has it, and what a graph keeps."""

from __future__ import annotations

from typing import Any

import numpy as np
import paddle
import pytest

from contract.errors import SetUpError
from train.model.evidence.dictionary import (
    Dictionary,
    choose_phrases,
    fit_vectors,
    principal,
    rarities,
)
from train.model.evidence.layer import Evidence, evidence_of
from train.model.evidence.overlap import Overlap, Text
from train.model.evidence.phrase_codes import phrase_codes
from train.model.evidence.phrases import remainder
from train.model.evidence.settings import LARGEST_CODE, EvidenceSettings
from train.training.optimizer import Rates, make_optimizer

VOCAB = 60
SETTINGS = EvidenceSettings(8, (97, 53, 31), 16, (0, 1, 2, 3, 4))


def rows(*pairs: tuple[list[int], list[int]], length: int = 0) -> tuple[Any, Any]:
    """Ids and token types of pairs, padded to the longest or to ``length``."""
    parts = [([1, *q, 2, *t, 2], [0] * (len(q) + 2) + [1] * (len(t) + 1)) for q, t in pairs]
    longest = max(length, *(len(ids) for ids, _ in parts))
    filled = [[row + [0] * (longest - len(row)) for row in part] for part in parts]
    both = np.array(filled, np.int64)
    return paddle.to_tensor(both[:, 0]), paddle.to_tensor(both[:, 1])


def some_texts(count: int = 80) -> list[Any]:
    draw = np.random.default_rng(5)
    return [draw.integers(5, VOCAB, draw.integers(1, 12)) for _ in range(count)]


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    texts = some_texts()
    return choose_phrases(texts + texts, [np.array([7, 8, 9])], SETTINGS, VOCAB)


def filled(dictionary: Dictionary, vectors: Any) -> Evidence:
    layer = Evidence(SETTINGS, VOCAB)
    layer.fill(vectors[:VOCAB], dictionary.tables(vectors), rarities(some_texts(), dictionary))
    layer.eval()
    return layer


@pytest.fixture
def layer(dictionary: Dictionary) -> Evidence:
    vectors = np.random.default_rng(1).normal(size=(dictionary.size, SETTINGS.phrase_size))
    vectors[:5] = 0
    return filled(dictionary, vectors.astype(np.float32))


def test_codes_of_phrases_fit_31_bits_and_tell_bigrams_apart() -> None:
    largest = np.full(6, 46339)
    for order in (2, 3, 4):
        assert phrase_codes(largest, order, 46340).max() <= LARGEST_CODE
    every = {int(phrase_codes(np.array([a, b]), 2, VOCAB)[0]) for a in range(60) for b in range(60)}
    assert len(every) == 60 * 60
    assert len(phrase_codes(np.array([9, 8]), 3, VOCAB)) == 0


@pytest.mark.parametrize("divisor", [1, 3, 509, 16_381, 65_521, 268_435, 2**22])
def test_remainders_of_all_codes_are_exact(divisor: int) -> None:
    draw = np.random.default_rng(divisor)
    codes = np.concatenate([draw.integers(0, LARGEST_CODE, 5000), LARGEST_CODE - np.arange(5000)])
    assert (remainder(paddle.to_tensor(codes), divisor).numpy() == codes % divisor).all()


def test_a_text_s_vector_in_the_graph_is_that_of_its_counts(
    dictionary: Dictionary, layer: Evidence
) -> None:
    texts = [text for text in some_texts() if len(text) > 2]
    vectors = np.zeros((dictionary.size, SETTINGS.phrase_size), np.float32)
    vectors[:VOCAB] = layer.phrases.tokens.vectors.weight.numpy()
    for order, columns in dictionary.columns.items():
        table = getattr(layer.phrases, f"table_{order}").vectors.weight.numpy()
        vectors[columns[columns >= 0]] = table[columns >= 0]
    wanted = dictionary.counts(texts) @ vectors
    for text, vector in zip(texts, wanted):
        ids = paddle.to_tensor([[1, *text.tolist(), 2]])
        mask = paddle.to_tensor([[0, *[1] * len(text), 0]])
        found = layer.phrases(ids, mask).sum(axis=1)[0].numpy()
        np.testing.assert_allclose(found / np.sqrt(len(text)), vector, rtol=1e-4, atol=1e-5)


def test_a_phrase_that_is_not_in_the_table_finds_nothing(layer: Evidence) -> None:
    codes = set(layer.phrases.codes_2.numpy().tolist())
    pair = next((a, b) for a in range(5, 60) for b in range(5, 60) if a * VOCAB + b not in codes)
    ids = paddle.to_tensor([list(pair)])
    single = layer.phrases.tokens(ids).numpy()
    found = layer.phrases(ids, paddle.ones_like(ids)).numpy()
    np.testing.assert_array_equal(found, single)


def test_a_word_of_the_list_is_in_the_table_though_no_text_has_it() -> None:
    chosen = choose_phrases([np.array([5, 6])], [np.array([7, 8, 9])], SETTINGS, VOCAB)
    assert phrase_codes(np.array([7, 8, 9]), 3, VOCAB)[0] in chosen.codes[3]
    assert (chosen.codes[2] == -1).all(), "a pair that one text has once is too rare"


def test_the_most_frequent_phrase_wins_its_row() -> None:
    settings = EvidenceSettings(8, (1, 0, 0), 16, (0, 1, 2, 3, 4))
    often, seldom = np.array([9, 10]), np.array([5, 6])
    chosen = choose_phrases([seldom, seldom, often, often, often], [], settings, VOCAB)
    assert chosen.codes[2].tolist() == [9 * VOCAB + 10]


@pytest.mark.parametrize("kind", [0, 1])
def test_overlap_has_bm25_of_tokens_and_of_pairs(kind: int) -> None:
    overlap = Overlap(SETTINGS, VOCAB)
    query, title = [7, 8, 9, 7], [8, 9, 7, 8, 11, 12]
    ids, types = rows((query, title))
    texts = [Text(ids, paddle.to_tensor(x)) for x in masks(ids, types)]
    figures = overlap(*texts, paddle.full([97], -1, "int64")).numpy()[0]
    terms = [list(zip(text, text[1:])) if kind else list(text) for text in (query, title)]
    rarity = 7.0 if kind else 1.0
    norm = 1.2 * (0.25 + 0.75 * len(terms[1]) / 30.0)
    wanted = sum(
        rarity * terms[1].count(term) * 2.2 / (terms[1].count(term) + norm) for term in terms[0]
    )
    assert figures[4 * kind + 1] == pytest.approx(0.05 * wanted, rel=1e-5)
    assert figures[4 * kind] == pytest.approx(wanted / (rarity * len(terms[0])), rel=1e-5)
    part = sum(term in terms[1] for term in terms[0]) / len(terms[0])
    assert figures[4 * kind + 2] == pytest.approx(part, rel=1e-5)
    part = sum(term in terms[0] for term in terms[1]) / len(terms[1])
    assert figures[4 * kind + 3] == pytest.approx(part, rel=1e-5)


def masks(ids: Any, types: Any) -> list[Any]:
    text = (ids.numpy() > 4).astype(np.float32)
    return [text * (1 - types.numpy()), text * types.numpy()]


def test_padding_and_companions_do_not_change_a_pair_s_evidence(layer: Evidence) -> None:
    pairs = [([7, 8, 9], [8, 9, 10, 11]), ([5], [6]), ([20, 21, 22, 23], [23, 20])]
    together = layer(*rows(*pairs, length=24)).numpy()
    for pair, value in zip(pairs, together):
        np.testing.assert_allclose(layer(*rows(pair)).numpy()[0], value, atol=1e-5)


def test_texts_without_known_tokens_have_finite_evidence(layer: Evidence) -> None:
    assert np.isfinite(layer(*rows(([], []), ([4], [4]), ([7], []))).numpy()).all()


def test_every_parameter_is_trained(layer: Evidence) -> None:
    layer.train()
    layer.output.weight.set_value(paddle.ones_like(layer.output.weight))
    layer(*rows(([7, 8, 9, 10], [8, 9, 10, 11]), ([5, 6], [6, 5, 6]))).sum().backward()
    still = [
        name
        for name, parameter in layer.named_parameters()
        if parameter.grad is None or not np.abs(parameter.grad.numpy()).any()
    ]
    assert [name for name in still if "table_" not in name and "pair_rarity" not in name] == []


def test_tables_learn_more_slowly_than_what_every_pair_moves(layer: Evidence) -> None:
    layer.train()
    optimizer, _ = make_optimizer(layer, Rates(1e-3, 0.0, 0.0), total_steps=10)
    tokens, cosine = layer.phrases.tokens.vectors.weight, layer.query_map.weight
    before = [value.numpy().copy() for value in (tokens, cosine)]
    layer(*rows(([7, 8, 9, 10], [8, 9, 10, 11]))).sum().backward()
    optimizer.step()
    moved = [np.abs(now.numpy() - old).max() for now, old in zip((tokens, cosine), before)]
    assert moved[0] == pytest.approx(0.15 * moved[1], rel=0.05)


def test_packed_tables_move_evidence_little_and_are_the_same_when_packed_again(
    layer: Evidence,
) -> None:
    feed = rows(([7, 8, 9], [8, 9, 10, 11]), ([20, 21], [21, 20, 30]))
    before = layer(*feed).numpy()
    layer.pack()
    packed = layer(*feed).numpy()
    assert 0 < np.abs(packed - before).max() < 0.1
    layer.pack()
    np.testing.assert_array_equal(layer(*feed).numpy(), packed)


def test_ridge_regression_finds_the_closed_solution(dictionary: Dictionary) -> None:
    texts = some_texts(300)
    counts = dictionary.counts(texts)
    draw = np.random.default_rng(2)
    targets = draw.normal(size=(len(texts), 3)).astype(np.float32)
    weights = draw.uniform(0.2, 1.0, len(texts)).astype(np.float32)
    found = fit_vectors(counts, targets, weights, ridge=1.0, rounds=200)
    dense = counts.toarray().astype(np.float64)
    wanted = np.linalg.solve(
        dense.T @ (weights[:, None] * dense) + np.eye(dictionary.size),
        dense.T @ (weights[:, None] * targets),
    )
    np.testing.assert_allclose(found, wanted, atol=2e-3)


def test_principal_axes_keep_what_varies_most() -> None:
    draw = np.random.default_rng(3)
    values = (draw.normal(size=(500, 2)) @ draw.normal(size=(2, 6))).astype(np.float32) + 4.0
    mean, axes = principal(values, 2)
    kept = (values - mean) @ axes @ axes.T + mean
    np.testing.assert_allclose(kept, values, atol=1e-3)


def test_settings_of_a_configuration() -> None:
    class Config:
        vocab_size = VOCAB
        evidence = SETTINGS.to_json()

    assert EvidenceSettings.of_config(Config) == SETTINGS
    assert evidence_of(Config) is not None
    Config.vocab_size = 50_000
    with pytest.raises(SetUpError, match="at most 46340 tokens"):
        EvidenceSettings.of_config(Config)
    for rows in ([0, 1, 1], [5_000_000, 1, 1]):
        with pytest.raises(SetUpError, match="phrase_rows"):
            EvidenceSettings.of_json({**SETTINGS.to_json(), "phrase_rows": rows})
    for wrong in ({}, {"phrase_rows": [1, 1, 1]}):
        with pytest.raises(SetUpError, match="evidence"):
            EvidenceSettings.of_json(wrong)
