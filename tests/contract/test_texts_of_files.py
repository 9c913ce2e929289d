# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Texts of whole files are tokenized once each, and their pairs have the rows of any pair."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from contract.cuts import cuts_of, cuts_of_counts
from contract.encoding import PairEncoder, Row
from contract.text.normalization import Normalizer
from contract.text.rules import TRUNCATIONS, TextRules, kept_of_queries, kept_of_query
from contract.text.vocabulary import save_tokenizer
from contract.text.wordpiece import BACKENDS, RememberedWords, load_wordpiece
from tests.contract.backends import require_backend
from tests.contract.nasty_texts import nasty_texts
from tests.contract.test_cutting import TOKENS, VOCABULARY

TEXTS = list(nasty_texts(seed=11, count=160))


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Each backend that is there; the others skip."""
    require_backend(request.param)
    return request.param


def same(one: Row, other: Row) -> bool:
    arrays = zip(one[:2], other[:2])
    return one[2:] == other[2:] and all(a.tolist() == b.tolist() for a, b in arrays)


@pytest.mark.parametrize("rule", TRUNCATIONS)
@pytest.mark.parametrize("length", [5, 12, 128])
def test_rows_of_known_tokens_are_those_of_texts(
    tmp_path: Path, backend: str, rule: str, length: int
) -> None:
    save_tokenizer(TOKENS, tmp_path, lower_case=True)
    encoder = PairEncoder.load(tmp_path, length, TextRules(rule), backend=backend)
    draw = random.Random(length)
    pairs = [(draw.choice(TEXTS), draw.choice(TEXTS)) for _ in range(200)]
    tokens = dict(zip(TEXTS, encoder.first_tokens(TEXTS)))
    rows = [encoder.row(tokens[query], tokens[title]) for query, title in pairs]
    assert all(same(*two) for two in zip(rows, encoder.encode_pairs(pairs)))
    counts = [
        (r.query_tokens, r.query_kept, r.title_tokens, len(r.input_ids) - r.query_kept - 3)
        for r in rows
    ]
    assert cuts_of_counts(*np.array(counts).T) == cuts_of(rows)
    assert cuts_of(rows).queries > 5


def test_remembered_words_have_the_ids_of_the_backend(backend: str) -> None:
    normalize, wordpiece = Normalizer(lower_case=False), load_wordpiece(backend, VOCABULARY)
    texts = [normalize(text) for text in (*TEXTS, "", " ", "a  b ", "a" * 300)]
    remembered = RememberedWords(wordpiece)
    for part in (texts[:40], texts[40:], texts):
        assert remembered(part) == wordpiece(part)


def test_many_words_are_not_all_remembered(backend: str) -> None:
    asked: list[str] = []
    wordpiece = load_wordpiece(backend, VOCABULARY)

    class Counting:
        name = "counting"

        def __call__(self, texts: list[str]) -> list[list[int]]:
            asked.extend(texts)
            return wordpiece(texts)

    remembered = RememberedWords(Counting(), most=50)
    words = [f"{i}中" for i in range(80)]
    for _ in range(2):
        assert remembered([" ".join(words)]) == wordpiece([" ".join(words)])
    assert len(asked) == 160
    remembered(["a b", "a b"])
    remembered(["b a"])
    assert len(asked) == 162


@pytest.mark.parametrize("rule", TRUNCATIONS)
def test_what_is_kept_of_many_queries_is_what_is_kept_of_each(rule: str) -> None:
    query, title = (numbers.ravel() for numbers in np.mgrid[0:14, 0:14])
    for room in range(2, 13):
        kept = kept_of_queries(query, title, room, rule).tolist()
        assert kept == [kept_of_query(int(q), int(t), room, rule) for q, t in zip(query, title)]


def test_a_fingerprint_tells_files_rules_and_lengths_apart(tmp_path: Path) -> None:
    save_tokenizer(TOKENS, tmp_path / "a", lower_case=True)
    save_tokenizer(TOKENS, tmp_path / "b", lower_case=False)
    save_tokenizer([*TOKENS, "新"], tmp_path / "c", lower_case=True)
    encoders = [PairEncoder.load(tmp_path / "a", 40, TextRules(*rules)) for rules in RULES] + [
        PairEncoder.load(tmp_path / name, 40) for name in "bc"
    ]
    encoders.append(PairEncoder.load(tmp_path / "a", 41))
    assert len({encoder.fingerprint for encoder in encoders}) == len(encoders)
    again = PairEncoder.load(tmp_path / "a", 40, TextRules(*RULES[0]))
    assert again.fingerprint == encoders[0].fingerprint


RULES = [("longest_first", "none"), ("longest_first", "nfkc")]
