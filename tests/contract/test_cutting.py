# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Texts are cut before they are tokenized, and the rows are those of tokenizing everything."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Optional

import pytest

from contract.encoding import PairEncoder, Row, save_tokenizer
from contract.text.normalization import Normalizer
from contract.text.rules import LONGEST_FIRST, TITLE_FIRST, TRUNCATIONS, TextRules
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


def plain_cut(
    query: list[int], title: list[int], length: int, rule: str
) -> tuple[list[int], list[int]]:
    """One token after the other, as the rules are told."""
    query, title = list(query), list(title)
    while len(query) + len(title) > length - 3:
        query_is_cut = len(query) > len(title) if rule == LONGEST_FIRST else not title
        (query if query_is_cut else title).pop()
    return query, title


def plain_row(query: list[int], title: list[int], length: int, rule: str) -> PlainRow:
    kept_query, kept_title = plain_cut(query, title, length, rule)
    return PlainRow(
        [CLS, *kept_query, SEP, *kept_title, SEP],
        [0] * (len(kept_query) + 2) + [1] * (len(kept_title) + 1),
        kept_title != title,
    )


def plain_chunks(
    query: list[int], title: list[int], length: int, most: Optional[int], count: int, rule: str
) -> list[PlainRow]:
    """The first row decides what stays of the query; the title goes on beside that."""
    most = length if most is None else most
    kept, first = plain_cut(query, title[:most], length, rule)
    size = len(first)
    parts = [title[i : i + size] for i in range(0, len(title), size)] if first else [[]]
    rows = [plain_row(kept, part, length, rule) for part in parts[:count]]
    if sum(map(len, parts[:count])) < len(title):
        rows[-1] = rows[-1]._replace(truncated=True)
    return rows


def as_plain(rows: Sequence[Row]) -> list[PlainRow]:
    return [PlainRow(r.input_ids.tolist(), r.token_type_ids.tolist(), r.truncated) for r in rows]


@pytest.mark.parametrize("rule", TRUNCATIONS)
@pytest.mark.parametrize("lower_case", [True, False])
def test_rows_are_those_of_tokenizing_everything(
    tmp_path: Path, backend: str, lower_case: bool, rule: str
) -> None:
    save_tokenizer(TOKENS, tmp_path, lower_case)
    normalize, wordpiece = Normalizer(lower_case), load_wordpiece(backend, VOCABULARY)
    texts = list(nasty_texts(seed=2, count=240))
    ids = dict(zip(texts, wordpiece([normalize(text) for text in texts])))
    chance = random.Random(3)
    cut = 0
    for _ in range(200):
        length = chance.choice([5, 6, 12, 40, 128, 700])
        encoder = PairEncoder.load(tmp_path, length, TextRules(rule), backend=backend)
        pairs = [(chance.choice(texts), chance.choice(texts)) for _ in range(4)]
        wanted = [plain_row(ids[query], ids[title], length, rule) for query, title in pairs]
        assert as_plain(encoder.encode_pairs(pairs)) == wanted
        most, count = chance.choice([None, 1, 3, 50, 1000]), chance.choice([1, 2, 7, 64])
        chunks = [plain_chunks(ids[q], ids[t], length, most, count, rule) for q, t in pairs]
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


def rows_by_length(tmp_path: Path, rule: str, length: int) -> Iterator[tuple[int, int, Row]]:
    """One row for each number of tokens of query and title, from none to more than a row takes."""
    save_tokenizer(TOKENS, tmp_path, lower_case=True)
    encoder = PairEncoder.load(tmp_path, length, TextRules(rule))
    counts = range(length + 3)
    pairs = [("中" * query, "。" * title) for query in counts for title in counts]
    for (query, title), row in zip(pairs, encoder.encode_pairs(pairs)):
        yield len(query), len(title), row


@pytest.mark.parametrize("rule", TRUNCATIONS)
@pytest.mark.parametrize("length", [5, 6, 7, 12, 33])
def test_every_length_is_cut_as_token_by_token(tmp_path: Path, rule: str, length: int) -> None:
    for query, title, row in rows_by_length(tmp_path, rule, length):
        kept = plain_cut([0] * query, [0] * title, length, rule)
        zeros = int((row.token_type_ids == 0).sum())
        assert (zeros - 2, len(row.input_ids) - zeros - 1) == tuple(map(len, kept)), (query, title)
        assert (row.query_kept, row.truncated) == (len(kept[0]), len(kept[1]) < title)


@pytest.mark.parametrize("length", [5, 8, 9, 12, 33])
def test_longest_first_is_how_paddlenlp_cuts(tmp_path: Path, length: int) -> None:
    transformers = pytest.importorskip("paddlenlp.transformers")
    save_tokenizer(TOKENS, tmp_path, lower_case=True)
    ernie = transformers.ErnieTokenizer(str(tmp_path / "vocab.txt"))
    for query, title, row in rows_by_length(tmp_path, LONGEST_FIRST, length):
        theirs = ernie(text="中" * query, text_pair="。" * title, max_seq_len=length)
        assert row.input_ids.tolist() == theirs["input_ids"], (query, title)
        assert row.token_type_ids.tolist() == theirs["token_type_ids"], (query, title)


def test_real_pairs_are_cut_as_paddlenlp_cuts_them(shared_data: Path, tmp_path: Path) -> None:
    """Laws as queries and as titles, which are longer than a row."""
    transformers = pytest.importorskip("paddlenlp.transformers")
    shutil.copy(shared_data / "vocab" / "ernie_zh_vocab.txt", tmp_path / "vocab.txt")
    ernie = transformers.ErnieTokenizer(str(tmp_path / "vocab.txt"))
    with (shared_data / "stard.jsonl").open(encoding="utf-8") as lines:
        laws = [json.loads(line)["docs"][0]["text"] for _, line in zip(range(60), lines)]
    pairs = list(zip(laws, laws[1:]))
    for length in (16, 127, 384):
        rows = PairEncoder.load(tmp_path, length).encode_pairs(pairs)
        assert any(row.query_kept < row.query_tokens for row in rows)
        for (query, title), row in zip(pairs, rows):
            theirs = ernie(text=query, text_pair=title, max_seq_len=length)
            assert row.input_ids.tolist() == theirs["input_ids"]
            assert row.token_type_ids.tolist() == theirs["token_type_ids"]


def test_a_long_query_leaves_chunks_of_a_title_that_differ(tmp_path: Path) -> None:
    save_tokenizer(TOKENS, tmp_path, lower_case=True)
    pairs = [("中" * 600, "ab。豈" * 30)]
    encoder = PairEncoder.load(tmp_path, 13, TextRules(LONGEST_FIRST))
    rows = encoder.encode_chunks(pairs, None, 64).rows
    assert [row.query_kept for row in rows] == [5] * 24
    assert not any(row.truncated for row in rows)
    # of a title that needs less than half of the room, the query has the rest
    rows = encoder.encode_chunks(pairs, 3, 64).rows
    assert {(row.query_kept, row.title_tokens) for row in rows} == {(7, 3)}
    # where the query takes the whole row there is nothing to divide, and nothing to compute twice
    encoder = PairEncoder.load(tmp_path, 13, TextRules(TITLE_FIRST))
    rows = encoder.encode_chunks(pairs, None, 64).rows
    assert [(row.query_kept, row.truncated) for row in rows] == [(10, True)]
