# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Texts are cut before they are tokenized, and the rows are those of tokenizing everything."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Optional

import pytest

from contract.encoding import PairEncoder, Row, save_tokenizer
from contract.text.normalization import Normalizer
from contract.text.wordpiece import BACKENDS, WordPiece, load_wordpiece
from tests.contract.nasty_texts import nasty_texts

CLS, SEP = 1, 2
TOKENS = [
    *("[PAD]", "[CLS]", "[SEP]", "[UNK]"),
    *("中", "\U00020000", "豈", "\U0001f600", ".", "'", "·", "。"),
    *"abBiσςа\u0436\u0416e\u1100\u1161\u11a8α\u0391\u03a3",
    *(f"##{c}" for c in "abBσςа\u0436\u0416\u1100\u1161\u11a8α\u0391\u03a3"),
]  # fmt: skip
VOCABULARY = {token: index for index, token in enumerate(TOKENS)}


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Each backend that is installed; the others skip."""
    pytest.importorskip(request.param)
    return request.param


class PlainRow(NamedTuple):
    input_ids: list[int]
    token_type_ids: list[int]
    truncated: bool


def plain_row(query: list[int], title: list[int], length: int) -> PlainRow:
    room = length - 3
    kept_query = query[:room]
    kept_title = title[: room - len(kept_query)]
    return PlainRow(
        [CLS, *kept_query, SEP, *kept_title, SEP],
        [0] * (len(kept_query) + 2) + [1] * (len(kept_title) + 1),
        (kept_query, kept_title) != (query, title),
    )


def plain_chunks(
    query: list[int], title: list[int], length: int, most: Optional[int], count: int
) -> list[PlainRow]:
    size = max(1, length - 3 - len(query))
    size = size if most is None else min(size, most)
    parts = [title[i : i + size] for i in range(0, len(title), size)] or [[]]
    rows = [plain_row(query, part, length) for part in parts[:count]]
    if len(parts) > count:
        rows[-1] = rows[-1]._replace(truncated=True)
    return rows


def as_plain(rows: Sequence[Row]) -> list[PlainRow]:
    return [PlainRow(r.input_ids.tolist(), r.token_type_ids.tolist(), r.truncated) for r in rows]


@pytest.mark.parametrize("lower_case", [True, False])
def test_rows_are_those_of_tokenizing_everything(
    tmp_path: Path, backend: str, lower_case: bool
) -> None:
    save_tokenizer(TOKENS, tmp_path, lower_case)
    normalize, wordpiece = Normalizer(lower_case), load_wordpiece(backend, VOCABULARY)
    texts = list(nasty_texts(seed=2, count=240))
    ids = dict(zip(texts, wordpiece([normalize(text) for text in texts])))
    chance = random.Random(3)
    cut = 0
    for _ in range(200):
        length = chance.choice([5, 6, 12, 40, 128, 700])
        encoder = PairEncoder.load(tmp_path, length, backend=backend)
        pairs = [(chance.choice(texts), chance.choice(texts)) for _ in range(4)]
        wanted = [plain_row(ids[query], ids[title], length) for query, title in pairs]
        assert as_plain(encoder.encode_pairs(pairs)) == wanted
        most, count = chance.choice([None, 1, 3, 50, 1000]), chance.choice([1, 2, 7, 64])
        chunks = [plain_chunks(ids[q], ids[t], length, most, count) for q, t in pairs]
        encoded = encoder.encode_chunks(pairs, most, count)
        assert as_plain(encoded.rows) == [row for rows in chunks for row in rows]
        cut += sum(row.truncated for row in wanted)
    assert 100 < cut < 700, "both must occur often"


@pytest.mark.parametrize("tail", ["", " ", "\u200b", "\u0301", "\x00"], ids=ascii)
@pytest.mark.parametrize(
    ("char", "count", "tokens"), [("中", 1, 4), ("b", 90_000, 4), ("\u200b", 90_000, 3)]
)
def test_a_tail_without_tokens_cuts_nothing(
    tmp_path: Path, backend: str, char: str, count: int, tokens: int, tail: str
) -> None:
    save_tokenizer(TOKENS, tmp_path, lower_case=True)
    encoder = PairEncoder.load(tmp_path, tokens + 4, backend=backend)
    title = f"{char * count} 中中中" + tail * 90_000
    fits, cut = encoder.encode("a", [title, f"{title}中"])
    assert (fits.truncated, cut.truncated) == (False, True)
    assert fits.input_ids.tolist() == cut.input_ids.tolist()


class Counting:
    """A backend that also counts what it is given."""

    name = "counting"

    def __init__(self, inner: WordPiece) -> None:
        self._inner = inner
        self.characters = 0

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        self.characters += sum(len(text) for text in texts)
        return self._inner(texts)


@pytest.mark.parametrize("char", ["中", " ", "a", "\u200b", "Σ", ".", "a ", "Σ' ", "\u0301"])
def test_no_more_is_tokenized_than_can_matter(backend: str, char: str) -> None:
    counting = Counting(load_wordpiece(backend, VOCABULARY))
    encoder = PairEncoder(Normalizer(lower_case=True), counting, VOCABULARY, 128)
    long = char * (90_000 // len(char))
    encoder.encode(long, [long + "中", "中" + long])
    assert counting.characters < 3 * 6_000
    counting.characters = 0
    # a query has no more room in chunks than it has in one row
    encoder.encode_chunks([(long, "中")], None, 64)
    assert counting.characters < 6_000
