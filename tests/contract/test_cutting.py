# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Texts are cut before they are tokenized, and the rows are those of tokenizing everything."""

from __future__ import annotations

import functools
import json
import random
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Callable, NamedTuple, Optional

import pytest

from contract.encoding import PairEncoder, Row, save_tokenizer
from contract.errors import RequestTooLarge
from contract.text.normalization import Normalizer
from contract.text.rules import LONGEST_FIRST, TITLE_FIRST, TRUNCATIONS, TextRules
from contract.text.tokens import CHARACTERS_PER_TOKEN
from contract.text.wordpiece import BACKENDS, WordPiece, load_wordpiece
from tests.contract.backends import require_backend
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
    """Each backend that is there; the others skip."""
    require_backend(request.param)
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


def plain_chunks_of(
    query: PlainTokens, title: PlainTokens, length: int, most: Optional[int], count: int, rule: str
) -> list[PlainRow]:
    rows = plain_chunks(query.ids, title.ids, length, most, count, rule)
    return [*rows[:-1], rows[-1]._replace(truncated=rows[-1].truncated or title.more)]


class PlainTokens(NamedTuple):
    """All tokens of as much of a text as may be looked at, and whether that cuts it.

    A text of which no token was found counts as one without any.
    """

    ids: list[int]
    more: bool


def plain_tokens(text: str, most: int, tokenize: Callable[[str], list[int]]) -> PlainTokens:
    bound = max(1024, CHARACTERS_PER_TOKEN * most)
    ids = tokenize(text[:bound])
    return PlainTokens(ids[:most], len(text) > bound and 0 < len(ids) < most)


@pytest.mark.parametrize("rule", TRUNCATIONS)
@pytest.mark.parametrize("lower_case", [True, False])
def test_rows_are_those_of_tokenizing_everything(
    tmp_path: Path, backend: str, lower_case: bool, rule: str
) -> None:
    """Everything that may be looked at, which is all of most texts."""
    save_tokenizer(TOKENS, tmp_path, lower_case)
    normalize, wordpiece = Normalizer(lower_case), load_wordpiece(backend, VOCABULARY)
    texts = list(nasty_texts(seed=2, count=240))
    chance = random.Random(3)
    cut = bounded = 0

    @functools.cache
    def tokenize(text: str) -> list[int]:
        return wordpiece([normalize(text)])[0]

    for _ in range(200):
        length = chance.choice([5, 6, 12, 40, 128, 700])
        encoder = PairEncoder.load(tmp_path, length, TextRules(rule), backend=backend)
        pairs = [(chance.choice(texts), chance.choice(texts)) for _ in range(4)]
        plain = [[plain_tokens(text, length - 2, tokenize) for text in pair] for pair in pairs]
        wanted = [plain_chunks_of(q, t, length, None, 1, rule)[0] for q, t in plain]
        assert as_plain(encoder.encode_pairs(pairs)) == wanted
        most, count = chance.choice([None, 1, 3, 50, 1000]), chance.choice([1, 2, 7, 64])
        for (query, title), (query_tokens, _) in zip(pairs, plain):
            size = length - 3 if most is None else min(length - 3, most)
            kept, _ = plain_cut(query_tokens.ids, [0] * size, length, rule)
            size = min(size, length - 3 - len(kept))
            # in one row a title is read as far as it would be alone
            asked = length - 2 if (most, count) == (None, 1) else count * size + 1
            title_tokens = plain_tokens(title, asked, tokenize)
            rows = encoder.encode_chunks([(query, title)], most, count).rows
            expected = plain_chunks_of(query_tokens, title_tokens, length, most, count, rule)
            assert as_plain(rows) == expected
        cut += sum(row.truncated for row in wanted)
        bounded += sum(title.more for _, title in plain)
    assert 100 < cut < 700, "both must occur often"
    assert bounded < 0.3 * cut


@pytest.mark.parametrize("tail", ["", " ", "\u200b", "\u0301", "\x00"], ids=ascii)
@pytest.mark.parametrize(
    ("char", "count", "tokens"), [("中", 1, 4), ("b", 700, 4), ("\u200b", 700, 3)]
)
def test_a_tail_without_tokens_cuts_nothing(
    tmp_path: Path, backend: str, char: str, count: int, tokens: int, tail: str
) -> None:
    save_tokenizer(TOKENS, tmp_path, lower_case=True)
    encoder = PairEncoder.load(tmp_path, tokens + 4, backend=backend)
    title = f"{char * count} 中中中" + tail * 300
    fits, cut = encoder.encode("a", [title, f"{title}中"])
    assert (fits.truncated, cut.truncated) == (False, True)
    assert fits.input_ids.tolist() == cut.input_ids.tolist()


@pytest.mark.parametrize("char", [" ", "\u200b", "b", "\u0301"], ids=ascii)
def test_what_lies_behind_the_bound_counts_as_cut(tmp_path: Path, backend: str, char: str) -> None:
    """Documented in decisions/text-normalization.md: 16 characters for a token, but 1,024."""
    save_tokenizer(TOKENS, tmp_path, lower_case=True)
    encoder = PairEncoder.load(tmp_path, 203, backend=backend)
    bound = 16 * 201
    near, far = (f"中{char * (bound - less)}中中" for less in (4, 2))
    rows = encoder.encode("a", [near, far])
    assert [row.truncated for row in rows] == [False, True]
    assert [row.title_tokens for row in rows] == [int(char == "b") + n for n in (3, 3)]
    (row,) = encoder.encode(far, ["a"])
    assert (row.query_kept, row.query_tokens) == (2 + (char == "b"), 3 + (char == "b"))


class Counting:
    """A backend that also counts what it is given."""

    name = "counting"

    def __init__(self, inner: WordPiece) -> None:
        self._inner = inner
        self.characters = 0
        self.most_at_once = 0

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        count = sum(len(text) for text in texts)
        self.characters += count
        self.most_at_once = max(self.most_at_once, count)
        return self._inner(texts)


class CountingReads(Normalizer):
    """A normalizer that also counts the characters it looks at."""

    looked_at = 0

    def part(self, text: str, start: int, end: int, last: int) -> str:
        self.looked_at += end - start
        return super().part(text, start, end, last)


LOADS = ["中", " ", "a", "\u200b", "Σ", ".", "a ", "Σ' ", "\u0301", "\uac01", "\ufdfa", "\x01"]
LOADS += [f"{'a' * 99} ", f"{'a' * 98}ɑ ", f"{'a' * 101} ", f"a{' ' * 200}", "\u00ad" * 1023 + "Σ"]


@pytest.mark.parametrize("piece", LOADS, ids=[f"{p[:2]!a}x{len(p)}" for p in LOADS])
def test_no_more_is_looked_at_or_tokenized_than_can_matter(backend: str, piece: str) -> None:
    counting = Counting(load_wordpiece(backend, VOCABULARY))
    normalize = CountingReads(lower_case=True)
    encoder = PairEncoder(normalize, counting, VOCABULARY, 128)
    long = piece * (90_000 // len(piece))
    encoder.encode(long, [long + "中", "中" + long])
    bound = 16 * 126
    assert normalize.looked_at <= 3 * bound
    # Arabic's ligature is one character that stands for 18
    assert counting.characters <= 3 * bound * (18 if piece == "\ufdfa" else 3)
    assert counting.most_at_once <= 4096 * (18 if piece == "\ufdfa" else 3) + 101
    counting.characters = normalize.looked_at = 0
    # a query has no more room in chunks than it has in one row
    encoder.encode_chunks([(long, "中")], None, 64)
    assert normalize.looked_at <= bound + 1
    # and of titles no more is read than the caller takes
    titles = [f"中{number}{long}" for number in range(40)]
    counting.characters = 0
    try:
        rows = encoder.encode_chunks([("a", title) for title in titles], None, 64, 5_000).rows
    except RequestTooLarge:
        # of each text some at first, whose tokens are not known before
        assert counting.characters < 3 * (5_000 + 4_096) + 40 * 4_096
    else:
        assert sum(row.title_tokens for row in rows) <= 5_000 + len(titles)


def test_long_words_are_tokenized_as_far_as_they_are_needed(backend: str) -> None:
    """Each of these words has 99 tokens, and is quadratic work."""
    counting = Counting(load_wordpiece(backend, VOCABULARY))
    encoder = PairEncoder(Normalizer(lower_case=True), counting, VOCABULARY, 384)
    rows = encoder.encode("中", [f"{'a' * 99} " * 900 for _ in range(1)])
    assert rows[0].title_tokens == 382
    assert counting.characters < 2 * 382


@pytest.mark.parametrize("text", ["ab" * 40, "a " * 8 + "中" * 200, "a中" * 100], ids=len)
@pytest.mark.parametrize("most", [1, 20, 100])
def test_no_more_tokens_than_are_wanted_count_against_the_limit(
    backend: str, text: str, most: int
) -> None:
    """Neither those that a text has beyond them, nor those of parts that were read too far."""
    encoder = PairEncoder(
        Normalizer(lower_case=True), load_wordpiece(backend, VOCABULARY), VOCABULARY, 128
    )
    pairs = [("a", text), ("a", text + " " * 2000 + "中")]
    rows = encoder.encode_chunks(pairs, most, 1).rows
    tokens = sum(len(row.input_ids) for row in rows)
    assert encoder.encode_chunks(pairs, most, 1, tokens).rows[0].title_tokens >= most - 80


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


@pytest.mark.parametrize("last", ["ɑ", "·", "豈", "e"])
def test_hopeless_words_are_not_tried(tmp_path: Path, backend: str, last: str) -> None:
    """Of no token at all, or of none that goes on: each of these words is one [UNK]."""
    counting = Counting(load_wordpiece(backend, VOCABULARY))
    encoder = PairEncoder(Normalizer(lower_case=True), counting, VOCABULARY, 512)
    text = f"{'a' * 90}{last} " * 60 + "中"
    (row,) = encoder.encode("", [text])
    whole = load_wordpiece(backend, VOCABULARY)([Normalizer(lower_case=True)(text)])[0]
    assert row.input_ids.tolist() == [CLS, SEP, *whole[:509], SEP]
    assert counting.characters < 3_000 or len(whole) > 500
